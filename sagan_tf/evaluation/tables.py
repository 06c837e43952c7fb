"""Comparisons of images as text."""

_LOWER = ("frechet", "kernel", "intra_frechet")
WIDTH = 41


def lower_is_better(name):
    """Returns whether smaller values of a metric are better."""
    return name.startswith(_LOWER)


def labelled(name):
    """Returns a metric's name for a table, with an arrow to better values."""
    arrow = "\u2193" if lower_is_better(name) else "\u2191"
    return f"{name.replace('_', ' ')} {arrow}"


def describe_comparison(result):
    """Returns a table of what `evaluate_images` returned, as text."""
    protocol = result["protocol"]
    lines = [
        f"generated: {result['generated']} ({_images(protocol, 'generated')})",
        f"real:      {result['real']} ({_images(protocol, 'real')})",
        f"features:  {protocol['extractor']}"
        + _accuracy(protocol["extractor_accuracy_on_held_out_real_images"]),
        "",
        f"{'':{WIDTH}} {'value':>8}  {'95 % interval':^18} {'floor':>8}",
    ]
    for name, value in result["metrics"].items():
        interval = result["intervals"].get(name)
        between = ""
        if interval:
            between = f"{interval[0]:.4g} .. {interval[1]:.4g}"
        floor = result["floor"].get(name)
        lines.append(
            f"{labelled(name):{WIDTH}} {value:>8.4g}  "
            f"{between:^18} {'' if floor is None else f'{floor:.4g}':>8}"
        )
    if result["floor"]:
        lines += [
            "",
            "floor: {:,} real images beside {:,} other real ones.".format(
                *result["floor_images"]
            ),
            "\u2193: lower is better; \u2191: higher is better.",
        ]
    lines += [f"! {remark}." for remark in result["remarks"]]
    return "\n".join(line.rstrip() for line in lines)


def _images(protocol, kind):
    count = protocol[f"{kind}_images"]
    return f"{count:,} images" if count else "saved statistics"


def _accuracy(accuracy):
    if accuracy is None:
        return ""
    return f", accuracy {accuracy:.3f} on held-out real images"
