"""Several evaluations by one protocol, ranked."""

import pathlib

from absl import logging

from sagan_tf.evaluation.tables import WIDTH, labelled
from sagan_tf.utils import files

# Fields that may differ between evaluations that are compared. `preset` only
# names other fields, and `extractor` contains a path.
_NOT_COMPARED = ("step", "seed", "preset", "extractor")
# Panels beside each other, and inches of the picture.
_COLUMNS = 2
_PER_COLUMN, _PER_PANEL, _PER_ROW = 4.2, 0.8, 0.25
_MOST_CHARACTERS = 40


def rank(results, output=None):
    """Ranks evaluations by their Frechet distance.

    Args:
        results: Dictionary from names to dictionaries, as `evaluate_images`
            returns or `records.read_result` reads.
        output: Path of a PNG file for the picture of all metrics, or None.

    Returns:
        A table as a string.

    Raises:
        ValueError: If there is no Frechet distance, or if the protocols
            differ. The message names the differing fields.
    """
    _check_protocols(results)
    first = next(iter(results.values()))["metrics"]
    by = next((name for name in first if name.startswith("frechet_")), None)
    if by is None or any(
        by not in each["metrics"] for each in results.values()
    ):
        raise ValueError(
            "Evaluations that are compared must all have the same Frechet "
            f"distance. Received: {', '.join(results)}"
        )
    ordered = sorted(results, key=lambda name: results[name]["metrics"][by])
    names = [
        name
        for name in first
        if all(name in each["metrics"] for each in results.values())
    ]
    table = _table(results, ordered, names)
    if output is not None:
        try:
            _draw(results, ordered, names, output)
        except OSError:
            # A full disk must not lose hours of work.
            logging.error("Not drawn:\n%s", table)
            raise
    return table


def _check_protocols(results):
    (name, result), *others = results.items()
    expected = result["protocol"]
    for other, found in others:
        found = found["protocol"]
        differing = [
            f"{field}: {expected.get(field)!r} and {found.get(field)!r}"
            for field in dict.fromkeys([*expected, *found])
            if field not in _NOT_COMPARED
            and expected.get(field) != found.get(field)
        ]
        if differing:
            raise ValueError(
                f"{name} and {other} have different protocols, so their "
                f"numbers cannot be compared ({'; '.join(differing)})"
            )


def _table(results, ordered, names):
    """Returns a numbered list of the evaluations, and a column for each."""
    lines = [f"{place}: {name}" for place, name in enumerate(ordered, 1)]
    places = "".join(f"{place:>11}" for place in range(1, len(ordered) + 1))
    lines += ["", f"{'':{WIDTH}}{places}"]
    for name in names:
        values = "".join(
            f"{results[each]['metrics'][name]:>11.4g}" for each in ordered
        )
        lines.append(f"{labelled(name):{WIDTH}}{values}")
    return "\n".join(lines)


def _draw(results, ordered, names, output):
    """Writes a picture: a panel for each metric, a row for each evaluation."""
    from matplotlib.figure import Figure

    rows = range(len(ordered))
    lines = -(-len(names) // _COLUMNS)
    height = _PER_PANEL + _PER_ROW * len(ordered)
    figure = Figure(
        (_PER_COLUMN * _COLUMNS, height * lines + _PER_ROW),
        layout="constrained",
    )
    figure.suptitle(
        "line: 95 % interval; dashed: what real images reach", fontsize=9
    )
    grid = figure.subplots(lines, _COLUMNS, squeeze=False, sharey=True)
    for panel in grid.flat[len(names) :]:
        panel.remove()
    for panel, metric in zip(grid.flat, names, strict=False):
        for row, name in zip(rows, ordered, strict=True):
            value = results[name]["metrics"][metric]
            interval = results[name].get("intervals", {}).get(metric)
            if interval:
                panel.plot(interval, [row, row], color="tab:blue", linewidth=1)
            panel.plot(value, row, "o", color="tab:blue")
        floor = results[ordered[0]].get("floor", {}).get(metric)
        if floor is not None:
            panel.axvline(floor, color="grey", linestyle="--", linewidth=1)
        panel.set_title(labelled(metric), fontsize=9)
        panel.set_yticks(rows, [_short(name) for name in ordered], fontsize=8)
        panel.set_ylim(len(ordered) - 0.5, -0.5)
        panel.tick_params(axis="x", labelsize=8)
    pathlib.Path(output).parent.mkdir(parents=True, exist_ok=True)
    with files.replacing(output) as temporary:
        figure.savefig(temporary, format="png", dpi=120)


def _short(name):
    name = str(name)
    if len(name) <= _MOST_CHARACTERS:
        return name
    return f"...{name[3 - _MOST_CHARACTERS :]}"
