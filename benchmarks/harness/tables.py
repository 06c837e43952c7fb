"""Tables in Markdown."""


def table(columns, rows):
    """Returns the lines of a Markdown table.

    Args:
        columns: List of titles.
        rows: List of lists of cells. A float is written with three digits,
            None as a dash.
    """

    def line(cells):
        return "| " + " | ".join(map(_cell, cells)) + " |"

    return [line(columns), "|" + "---|" * len(columns), *map(line, rows), ""]


def _cell(value):
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def ratio(row):
    """Returns a child's ratio and its quartiles, or None without them."""
    if "ratio" not in row:
        return None
    found = row["ratio"]
    return f"{found['median']:.3g} ({found['low']:.3g} to {found['high']:.3g})"
