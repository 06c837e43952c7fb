"""Where a training step spends its time: by operation, and by part.

    python benchmarks/profile_step.py [--image_size=128] [--plain]

The step and the flags are those of `benchmarks/training_step.py`; `--plain` is
its `port`. Seconds are those of an operation on the thread that ran it, less
those of operations within: waiting for a core counts, and since independent
operations run at the same time, the sum exceeds the duration of the step.

The parts are told from the operations' names. Attention is its convolutions,
their spectral norms and all gradients too; convolutions are all other layers
with a kernel, dense ones too; the average is that of the generator's weights.
"""

import collections
import glob
import re
import tempfile
import time

import pairs
import training_step
from absl import app, flags

_PLAIN = flags.DEFINE_bool("plain", False, "Profile the straightforward port.")
_PRECISION = flags.DEFINE_enum(
    "precision", "float32", ["float32", "mixed_bfloat16"], "Of the step."
)
_STEPS = flags.DEFINE_integer("steps", 3, "Profiled steps.", lower_bound=1)

_SHOWN = 0.9
_OPERATION = re.compile(r"([^:\s]+):(\w+)")
_WRAPPED = re.compile("convolution|dense|embedding|logits|shortcut")
_AVERAGE = ("AddV2", "AssignVariableOp", "Mul", "ReadVariableOp", "Sub")


def _profiled(step):
    """Returns the profile of `--steps` calls, and their seconds."""
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            start = time.perf_counter()
            for _ in range(_STEPS.value):
                step()
            seconds = time.perf_counter() - start
        (path,) = glob.glob(f"{folder}/**/*.xplane.pb", recursive=True)
        with open(path, "rb") as file:
            return xplane_pb2.XSpace.FromString(file.read()), seconds


def _operations(space):
    """Yields (name, type, seconds of its own) of all that ran."""
    for plane in space.planes:
        if not plane.name.startswith("/host:CPU"):
            continue
        for line in plane.lines:
            # Of the executor's own events none is named as operations are.
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
    """Returns the part of the model that an operation belongs to."""
    # Keras and TensorFlow number what has the same name.
    scopes = [re.sub(r"(_\d+)+$", "", scope) for scope in name.split("/")]
    backward = scopes[0] == "gradient_tape"
    network, *scopes = scopes[backward:]
    if "adam" in network:
        return "Adam"
    # Of what runs in `keras.ops.map`, the names have no layer.
    if network == "map" or scopes and scopes[0].startswith("attention"):
        return "attention"
    if network not in ("generator", "discriminator"):
        on_variables = not backward and kind in _AVERAGE
        return "average" if on_variables else "other"
    if "normalization" in scopes[0]:
        return "normalization"
    # The wrapper of spectral normalization has the name of what it wraps. An
    # addition or a ReLU may have been fused into the convolution before it.
    if scopes[0] in scopes[1:2] or "FusedConv2D" in kind:
        return f"convolutions, {network}, {_direction(name, kind, backward)}"
    return "spectral norm" if _WRAPPED.search(scopes[0]) else "other layers"


def _direction(name, kind, backward):
    if not backward:
        return "forward"
    # The second gradient of a product is that of its second factor.
    of_weights = name.endswith("MatMul_1") or re.search(
        "BackpropFilter|BiasAddGrad", kind
    )
    return "weight gradient" if of_weights else "input gradient"


def _print_table(title, rows, shown):
    """Prints [label, seconds] until `shown` of the total is accounted for."""
    counts, seconds = collections.Counter(), collections.Counter()
    for label, own in rows:
        counts[label] += 1 / _STEPS.value
        seconds[label] += own / _STEPS.value
    total = seconds.total()
    print(
        f"\n| {title} | calls | seconds | share | cumulative |\n"
        "|---|---:|---:|---:|---:|"
    )
    done = 0
    for label, own in seconds.most_common():
        done += own
        print(
            f"| {label} | {counts[label]:.0f} | {own:.3f} | "
            f"{100 * own / total:.1f} % | {100 * done / total:.1f} % |"
        )
        if done >= shown * total:
            break


def main(_):
    kind = "port" if _PLAIN.value else "ours"
    step, _ = training_step.make(f"{kind} {_PRECISION.value}")
    step()
    space, seconds = _profiled(step)
    operations = list(_operations(space))
    config = training_step.configuration()
    print(
        f"{pairs.machine()}\n{kind}, {_PRECISION.value}, {config.image_size} "
        f"px, batch {config.batch_size}, base {config.base_channels}; a step: "
        f"{seconds / _STEPS.value:.2f} s, "
        f"{sum(o[2] for o in operations) / _STEPS.value:.2f} s of all threads"
    )
    _print_table("operation", [(o[1], o[2]) for o in operations], _SHOWN)
    _print_table("part", [(_part(*o[:2]), o[2]) for o in operations], 1)


if __name__ == "__main__":
    app.run(main)
