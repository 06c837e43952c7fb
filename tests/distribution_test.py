"""Tests of choosing devices, and of what workers agree on."""

import json

import pytest
import tensorflow as tf

from sagan_tf import distribution


@pytest.mark.parametrize("name", ["auto", "one_device"])
def test_one_device(name, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    strategy = distribution.make(name)
    assert strategy.num_replicas_in_sync == 1
    assert distribution.workers(strategy) == 1
    assert distribution.is_chief(strategy)
    assert distribution.any_worker(strategy, True, False) == (True, False)
    distribution.check_equal(strategy, 3, "differ")


def test_auto_takes_the_cluster_of_the_environment(monkeypatch):
    made = []
    monkeypatch.setattr(
        tf.distribute, "MultiWorkerMirroredStrategy", lambda: made.append(1)
    )
    cluster = {"worker": ["a:1", "b:1"]}
    task = {"type": "worker", "index": 0}
    monkeypatch.setenv(
        "TF_CONFIG", json.dumps({"cluster": cluster, "task": task})
    )
    distribution.make("auto")
    assert made
    # A cluster of one worker is one machine.
    cluster["worker"].pop()
    monkeypatch.setenv(
        "TF_CONFIG", json.dumps({"cluster": cluster, "task": task})
    )
    assert distribution.make("auto") is tf.distribute.get_strategy()


@pytest.mark.parametrize("name", ["auto", "multi_worker"])
@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[1]",
        "a:1,b:1",
        '{"cluster": 1}',
        '{"cluster": null}',
        '{"cluster": ["a:1", "b:1"]}',
        '{"cluster": {"worker": "a:1"}}',
    ],
)
def test_malformed_environment(monkeypatch, name, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match="`TF_CONFIG` must be a JSON object"):
        distribution.make(name)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"cluster": {"worker": ["a:1", "b:1"]}},
        {"cluster": {"worker": ["a:1", "b:1"]}, "task": 1},
        {
            "cluster": {"worker": ["a:1", "b:1"]},
            "task": {"type": "worker", "index": 2},
        },
        {
            "cluster": {"worker": ["a:1", "b:1"]},
            "task": {"type": "chief", "index": 0},
        },
        {
            "cluster": {"worker": ["a:1", "b:1"], "ps": ["c:1"]},
            "task": {"type": "ps", "index": 0},
        },
    ],
)
def test_cluster_without_this_worker(monkeypatch, value):
    monkeypatch.setenv("TF_CONFIG", json.dumps(value))
    with pytest.raises(ValueError, match="`task` with the `type` and `index`"):
        distribution.make("multi_worker")


def test_machine_without_a_tpu():
    with pytest.raises(ValueError, match="needs a machine with a TPU"):
        distribution.make("tpu")


class _Cluster(tf.distribute.MultiWorkerMirroredStrategy):
    """A strategy of several machines that never connects to them."""

    def __init__(self, cluster, task_type, task_id):
        spec = tf.train.ClusterSpec(cluster)
        self._resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
            spec, task_type=task_type, task_id=task_id
        )

    @property
    def cluster_resolver(self):
        return self._resolver


@pytest.mark.parametrize(
    ("jobs", "task_type", "task_id", "chief"),
    [
        (["worker"], "worker", 0, True),
        (["worker"], "worker", 1, False),
        (["chief", "worker"], "chief", 0, True),
        (["chief", "worker"], "worker", 0, False),
    ],
)
def test_who_is_chief(jobs, task_type, task_id, chief):
    cluster = {job: ["a:1", "b:1"] for job in jobs}
    strategy = _Cluster(cluster, task_type, task_id)
    assert distribution.is_chief(strategy) == chief
    assert distribution.workers(strategy) == 2 * len(jobs)


def test_loss_of_a_worker_is_named():
    strategy = _Cluster({"worker": ["a:1", "b:1"]}, "worker", 0)
    with (
        pytest.raises(distribution.WorkerLostError, match="run the same"),
        distribution.losing_workers(strategy),
    ):
        raise tf.errors.UnavailableError(None, None, "gone")
    with (
        pytest.raises(tf.errors.ResourceExhaustedError),
        distribution.losing_workers(strategy),
    ):
        raise tf.errors.ResourceExhaustedError(None, None, "memory")


def test_error_on_one_machine_is_not_renamed():
    with (
        pytest.raises(tf.errors.UnavailableError),
        distribution.losing_workers(tf.distribute.get_strategy()),
    ):
        raise tf.errors.UnavailableError(None, None, "gone")
