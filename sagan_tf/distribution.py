"""Strategies of tf.distribute, and agreement between workers."""

import contextlib
import functools
import json
import os

import keras
import tensorflow as tf
from absl import logging

from sagan_tf.utils import signals

# Exceptions of the remaining workers when a worker is lost.
_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
)


class WorkerLostError(RuntimeError):
    """Another worker of the cluster was lost."""


def make(name="auto"):
    """Returns a `tf.distribute.Strategy`.

    A strategy of several workers must be made before TensorFlow does anything
    else.

    Args:
        name: "one_device"; "mirrored": all GPUs of this machine, or its CPU;
            "multi_worker": all workers in the environment variable
            `TF_CONFIG`; "tpu": the TPU of this machine; "auto":
            "multi_worker" if `TF_CONFIG` has several workers, else "mirrored"
            if there are several GPUs, else "one_device".

    Raises:
        ValueError: If `TF_CONFIG` or the devices do not fit `name`.
        WorkerLostError: If the workers do not connect.
    """
    if name == "multi_worker" or name == "auto" and _several_in_environment():
        _check_environment()
        try:
            # TensorFlow replaces the handler of SIGTERM, and ignores it.
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
    """Returns the strategy of all GPUs of this machine, or of one device."""
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def is_chief(strategy):
    """Returns whether this process is the one that writes files."""
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
    """Returns, for each flag, whether it is set on any worker.

    All workers must call this.
    """
    if workers(strategy) == 1:
        return flags
    return [count > 0 for count in _sum(strategy, *flags)]


def check_equal(strategy, value, message):
    """Raises a `ValueError` on all workers unless their integers are equal.

    Args:
        strategy: `tf.distribute.Strategy`.
        value: Integer below 2^32.
        message: String, the error.
    """
    if workers(strategy) == 1:
        return
    count = workers(strategy)
    (total,) = _sum(strategy, value)
    if any(any_worker(strategy, total != count * value)):
        raise ValueError(f"{message} Received: {value} on this worker")


@contextlib.contextmanager
def losing_workers(strategy):
    """Returns a context that turns errors about a lost worker into one error.

    Raises:
        WorkerLostError: If another worker was lost.
    """
    try:
        yield
    except _LOST as error:
        if workers(strategy) == 1:
            raise
        raise _lost() from error


def _lost():
    return WorkerLostError(
        "another worker was lost, so this worker stops: run the same command "
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
        # The first replica of each worker counts, the others add 0.
        def of_replica():
            replica = tf.distribute.get_replica_context()
            first = replica.replica_id_in_sync_group % each == 0
            return tf.where(first, values, 0)

        return strategy.reduce(
            tf.distribute.ReduceOp.SUM, strategy.run(of_replica), axis=None
        )

    return total


def _several_in_environment():
    """Returns whether `TF_CONFIG` has more than one machine that trains."""
    cluster = _environment().get("cluster", {})
    return sum(len(cluster.get(job, ())) for job in ("chief", "worker")) > 1


def _environment():
    """Returns the content of `TF_CONFIG`."""
    text = os.environ.get("TF_CONFIG", "{}")
    try:
        value = json.loads(text)
        jobs = value.get("cluster", {}).values()
        if not all(isinstance(addresses, list) for addresses in jobs):
            raise ValueError
        return value
    except (ValueError, AttributeError):
        raise ValueError(
            "The environment variable `TF_CONFIG` must be a JSON object, and "
            "its `cluster` an object of lists of addresses. Received: "
            f"TF_CONFIG={text!r}"
        ) from None


def _check_environment():
    """Finds errors that TensorFlow would find late, or wait on for ever."""
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
            "`chief`) addresses, and a `task` with the `type` and `index` of "
            "this worker. Received: "
            f"TF_CONFIG={os.environ.get('TF_CONFIG')!r}"
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


class ReplicaMean(keras.metrics.Mean):
    """A mean of values that are equal on all replicas.

    `keras.metrics.Mean` sums over replicas when its value is read. That is a
    collective operation, so one worker alone could not save the metric.
    """

    def add_variable(self, *arguments, **options):
        options["aggregation"] = "only_first_replica"
        return super().add_variable(*arguments, **options)
