"""Where a training step spends its time: by operation, and by part."""

import collections
import glob
import re
import tempfile
import time

from . import workloads

_OPERATION = re.compile(r"([^:\s]+):(\w+)")
_WRAPPED = re.compile("convolution|dense|embedding|logits|shortcut")
_AVERAGE = ("AddV2", "AssignVariableOp", "Mul", "ReadVariableOp", "Sub")


def profiled_step(**fields):
    """Makes one training step that TensorFlow's profiler watches.

    The result is a dictionary of `step_seconds`, the duration of the step, and
    of `operations` and `parts`, each a list of [name, calls, seconds] with the
    longest first. These seconds are those of the operation on its thread,
    without the operations that it called. Waiting for a core counts, and
    operations run at the same time, so the sum exceeds the duration of the
    step.

    Args:
        **fields: Arguments of `workloads.variant_step`.
    """
    step, facts = workloads.variant_step(**fields)

    def work():
        space, seconds = _profile(step)
        operations = list(_operations(space))
        return {
            "step_seconds": seconds,
            "operations": _sums((o[1], o[2]) for o in operations),
            "parts": _sums((_part(*o[:2]), o[2]) for o in operations),
        }

    return work, facts


def _profile(step):
    """Returns the profile of one call, and its seconds."""
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            start = time.perf_counter()
            step()
            seconds = time.perf_counter() - start
        (path,) = glob.glob(f"{folder}/**/*.xplane.pb", recursive=True)
        with open(path, "rb") as file:
            return xplane_pb2.XSpace.FromString(file.read()), seconds


def _operations(space):
    """Yields (name, type, seconds of its own) of each operation that ran."""
    for plane in space.planes:
        if not plane.name.startswith("/host:CPU"):
            continue
        for line in plane.lines:
            # The executor's own events have other kinds of names.
            events = []
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                match = _OPERATION.fullmatch(name)
                if match:
                    events.append((event.offset_ps, event.duration_ps, match))
            yield from _own_seconds(events)


def _own_seconds(events):
    events.sort(key=lambda event: (event[0], -event[1]))
    own = [duration for _, duration, _ in events]
    around = []
    for index, (start, duration, _) in enumerate(events):
        while around and sum(events[around[-1]][:2]) <= start:
            around.pop()
        if around:
            own[around[-1]] -= duration
        around.append(index)
    for picoseconds, (_, _, match) in zip(own, events, strict=True):
        yield *match.groups(), picoseconds / 1e12


def _part(name, kind):
    """Returns the part of the model that an operation belongs to.

    Attention includes its own convolutions, their spectral normalization and
    their gradients. "convolutions" are all other layers with a kernel, dense
    layers included.
    """
    # Keras and TensorFlow append a number to a name that is taken.
    scopes = [re.sub(r"(_\d+)+$", "", scope) for scope in name.split("/")]
    backward = scopes[0] == "gradient_tape"
    network, *scopes = scopes[backward:]
    if "adam" in network:
        return "Adam"
    # What runs in `keras.ops.map` has no layer in its name.
    if network == "map" or scopes and scopes[0].startswith("attention"):
        return "attention"
    if network not in ("generator", "discriminator"):
        on_variables = not backward and kind in _AVERAGE
        return "moving average" if on_variables else "other"
    if "normalization" in scopes[0]:
        return "normalization"
    # The wrapper of spectral normalization has the name of what it wraps. An
    # addition or a ReLU may have been fused into the convolution before it.
    if scopes[0] in scopes[1:2] or "FusedConv2D" in kind:
        return f"convolutions, {network}, {_direction(name, kind, backward)}"
    if _WRAPPED.search(scopes[0]):
        return "spectral normalization"
    return "other layers"


def _direction(name, kind, backward):
    if not backward:
        return "forward"
    # The second gradient of a matmul is that of its second factor.
    of_weights = name.endswith("MatMul_1") or re.search(
        "BackpropFilter|BiasAddGrad", kind
    )
    return "weight gradient" if of_weights else "input gradient"


def _sums(rows):
    """Returns [label, calls, seconds] for each label, the longest first."""
    counts, seconds = collections.Counter(), collections.Counter()
    for label, own in rows:
        counts[label] += 1
        seconds[label] += own
    return [
        [label, counts[label], round(own, 6)]
        for label, own in seconds.most_common()
    ]
