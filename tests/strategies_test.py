"""Tests of choosing devices. Several machines: distribution_test.py."""

import json

import pytest
import tensorflow as tf

from sagan_tf import strategies


@pytest.mark.parametrize("name", ["auto", "one_device"])
def test_one_device(name, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    strategy = strategies.make(name)
    assert strategy.num_replicas_in_sync == 1
    assert strategies.workers(strategy) == 1
    assert strategies.is_chief(strategy)
    assert strategies.any_worker(strategy, True, False) == (True, False)
    strategies.check_equal(strategy, 3, "differ")


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
    strategies.make("auto")
    assert made
    # A cluster of one is one machine.
    cluster["worker"].pop()
    monkeypatch.setenv(
        "TF_CONFIG", json.dumps({"cluster": cluster, "task": task})
    )
    assert strategies.make("auto") is tf.distribute.get_strategy()


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
        strategies.make(name)


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
def test_cluster_that_cannot_be(monkeypatch, value):
    monkeypatch.setenv("TF_CONFIG", json.dumps(value))
    with pytest.raises(ValueError, match="`task` the `type` and `index`"):
        strategies.make("multi_worker")


def test_no_tpu_here():
    with pytest.raises(ValueError, match="needs a machine with a TPU"):
        strategies.make("tpu")


class _Cluster(tf.distribute.MultiWorkerMirroredStrategy):
    """Of several machines, without talking to them."""

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
    assert strategies.is_chief(strategy) == chief
    assert strategies.workers(strategy) == 2 * len(jobs)


def test_loss_of_a_worker_is_named():
    strategy = _Cluster({"worker": ["a:1", "b:1"]}, "worker", 0)
    with pytest.raises(strategies.WorkerLostError, match="run the same"):
        with strategies.losing_workers(strategy):
            raise tf.errors.UnavailableError(None, None, "gone")
    with pytest.raises(tf.errors.ResourceExhaustedError):
        with strategies.losing_workers(strategy):
            raise tf.errors.ResourceExhaustedError(None, None, "memory")


def test_of_one_machine_an_error_is_what_it_is():
    with pytest.raises(tf.errors.UnavailableError):
        with strategies.losing_workers(tf.distribute.get_strategy()):
            raise tf.errors.UnavailableError(None, None, "gone")
