"""What a training step costs as one of its settings grows."""

from absl import flags

from . import pairs, record

_POINTS = flags.DEFINE_integer(
    "points", None, "Points of each sweep; all by default."
)

_BASE = {
    "image_size": 64,
    "base_channels": 32,
    "batch_size": 16,
    "attention": 32,
    "accumulation_steps": 1,
}
# What is varied, its values, and what else differs from `_BASE`. Attention at
# 0 px is none. The last sweep has a batch whose activations are most of the
# memory.
_SWEEPS = (
    ("batch_size", (4, 16, 64), {}),
    ("base_channels", (16, 32, 64), {}),
    ("image_size", (32, 64, 128), {"attention": 16}),
    ("attention", (0, 16, 32), {}),
    (
        "accumulation_steps",
        (1, 4, 8),
        {"image_size": 128, "base_channels": 16, "batch_size": 64},
    ),
)


def measure():
    """Measures all points and writes the record."""
    children, sweeps = {}, []
    for varied, values, changes in _SWEEPS:
        points = []
        for value in values[: _POINTS.value]:
            point = {**_BASE, **changes, varied: value}
            name = ", ".join(f"{key}={point[key]}" for key in point)
            if name not in children:
                children[name] = _measure_point(name, point)
            points.append(list(children).index(name))
        sweeps.append({"varied": varied, "points": points})
    record.write("scaling", list(children.values()), sweeps=sweeps)


def _measure_point(name, point):
    arguments = dict(point, num_classes=10)
    attention = arguments.pop("attention")
    arguments["attention_resolutions"] = [attention] * bool(attention)
    case = pairs.Case(name, "training_step", arguments)
    (child,) = pairs.alternate([case], 2)
    row = {**record.measured(child), "point": point}
    record.print_rows("scaling", [row])
    return row
