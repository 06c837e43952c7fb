"""Devices: which strategy, which worker, and what workers agree on."""

import contextlib
import functools
import json
import os

import tensorflow as tf
from absl import logging

from sagan_tf.utils import signals

# What the remaining workers meet when one is gone.
_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
)


class WorkerLostError(RuntimeError):
    """Another worker of the cluster is gone."""


def make(name="auto"):
    """Returns a `tf.distribute.Strategy`.

    The one of several workers must be made before anything else is done with
    TensorFlow.

    Args:
        name: "one_device"; "mirrored": all GPUs of this machine, or its CPU;
            "multi_worker": all workers of the environment variable
            `TF_CONFIG`; "tpu": the TPU of this machine; "auto":
            "multi_worker" where `TF_CONFIG` has several, else "mirrored"
            where there are several GPUs, else "one_device".

    Raises:
        ValueError: If `TF_CONFIG` or the devices are not such.
        WorkerLostError: If the workers do not come together.
    """
    if name == "multi_worker" or name == "auto" and _several_in_environment():
        _check_environment()
        try:
            # TensorFlow takes SIGTERM for itself, and nothing comes of it.
            with signals.handlers_kept():
                return tf.distribute.MultiWorkerMirroredStrategy()
        except _LOST as error:
            raise _lost() from error
    if name == "tpu":
        return _tpu()
    if name == "mirrored":
        return tf.distribute.MirroredStrategy()
    if name == "one_device":
        return tf.distribute.get_strategy()
    return of_this_machine()


def of_this_machine():
    """Returns the strategy of all GPUs here, or of the one device."""
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def is_chief(strategy):
    """Whether this process is the one that writes."""
    if workers(strategy) == 1:
        return True
    resolver = strategy.cluster_resolver
    if resolver.task_type == "chief":
        return True
    has_chief = "chief" in resolver.cluster_spec().jobs
    return not has_chief and resolver.task_id == 0


def workers(strategy):
    """Returns the number of processes that train together."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return 1
    jobs = strategy.cluster_resolver.cluster_spec().as_dict()
    return max(1, sum(len(tasks) for tasks in jobs.values()))


def any_worker(strategy, *flags):
    """Returns for each flag whether it is set on any worker; all must ask."""
    if workers(strategy) == 1:
        return flags
    return [count > 0 for count in _sum(strategy, *flags)]


def check_equal(strategy, value, message):
    """Raises a `ValueError` on all workers unless all have the same integer.

    Args:
        strategy: `tf.distribute.Strategy`.
        value: Integer, below 2^32.
        message: String, of the error.
    """
    if workers(strategy) == 1:
        return
    count = workers(strategy)
    (total,) = _sum(strategy, value)
    if any(any_worker(strategy, total != count * value)):
        raise ValueError(f"{message} Received: {value} on this worker")


@contextlib.contextmanager
def losing_workers(strategy):
    """Names the loss of a worker what it is, within the context.

    Raises:
        WorkerLostError: If one is gone.
    """
    try:
        yield
    except _LOST as error:
        if workers(strategy) == 1:
            raise
        raise _lost() from error


def _lost():
    return WorkerLostError(
        "another worker is gone, so this one stops: run the same command "
        "again on all workers to resume from the last checkpoint"
    )


def _sum(strategy, *values):
    values = tf.constant([int(value) for value in values], tf.int64)
    return _summing(strategy)(values).numpy().tolist()


@functools.cache
def _summing(strategy):
    """Returns a compiled function from integers to their sums over workers."""
    each = strategy.num_replicas_in_sync // workers(strategy)

    @tf.function
    def total(values):
        # Each worker has its own once, however many replicas.
        def of_replica():
            replica = tf.distribute.get_replica_context()
            first = replica.replica_id_in_sync_group % each == 0
            return tf.where(first, values, 0)

        return strategy.reduce(
            tf.distribute.ReduceOp.SUM, strategy.run(of_replica), axis=None
        )

    return total


def _several_in_environment():
    """Whether `TF_CONFIG` has more than one machine that trains."""
    cluster = _environment().get("cluster", {})
    return sum(len(cluster.get(job, ())) for job in ("chief", "worker")) > 1


def _environment():
    text = os.environ.get("TF_CONFIG", "{}")
    try:
        value = json.loads(text)
        jobs = value.get("cluster", {}).values()
        if not all(isinstance(addresses, list) for addresses in jobs):
            raise ValueError
        return value
    except (ValueError, AttributeError):
        raise ValueError(
            "The environment variable `TF_CONFIG` must be a JSON object whose "
            "`cluster` is one too, of lists of addresses. Received: "
            f"TF_CONFIG={text!r}"
        ) from None


def _check_environment():
    """Checks what TensorFlow would fail on late, or wait on for ever."""
    value = _environment()
    cluster, task = value.get("cluster"), value.get("task")
    try:
        cluster[task["type"]][task["index"]]
        valid = task["index"] >= 0 and set(cluster) <= {"chief", "worker"}
    except (TypeError, KeyError, IndexError):
        valid = False
    if not valid:
        raise ValueError(
            "`strategy`='multi_worker' needs the environment variable "
            "`TF_CONFIG` to have a `cluster` of `worker` (and perhaps "
            "`chief`) addresses, and as `task` the `type` and `index` of this "
            f"one. Received: TF_CONFIG={os.environ.get('TF_CONFIG')!r}"
        )


def _tpu():
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect(
            "local"
        )
    except (ValueError, RuntimeError, tf.errors.OpError) as error:
        logging.debug("No TPU:", exc_info=True)
        raise ValueError(
            "`strategy`='tpu' needs a machine with a TPU "
            f"({str(error).splitlines()[0]})"
        ) from None
    return tf.distribute.TPUStrategy(resolver)
