"""What a user of `sagan-sample` asks for."""

import dataclasses
import difflib
import math
import pathlib
import re


@dataclasses.dataclass
class Request:
    """What to draw, and where to write it.

    Attributes:
        output: Directory for the files of `draw`, or None: only the report is
            written. Files of the same names are replaced.
        report: Directory for `report.html`, or None.
        draw: Names of what to draw, from `outputs.OUTPUTS`.
        seeds: Seeds of the latent vectors: a string of numbers and ranges
            such as "0-7,9". It becomes a list of integers.
        classes: Classes: a string of numbers, ranges and names of classes,
            such as "0-3,cat". None: all classes, or ten of them, evenly
            spaced.
        truncation: Positive float, as in `draw_inputs`, or None.
        frames: Integer, number of images from a seed or class to the next, in
            interpolations.
        queries: List of strings "x,y", the pixels whose attention is shown,
            or None: four are chosen in each image.
        inception: Path of a local Inception SavedModel, for "nearest".

    Raises:
        ValueError: If an attribute is not as above.
    """

    output: str | None = None
    report: str | None = None
    draw: tuple = ("images",)
    seeds: str = "0-7"
    classes: str | None = None
    truncation: float | None = None
    frames: int = 8
    queries: list | None = None
    inception: str | None = None

    def __post_init__(self):
        if self.truncation is not None and not (0 < self.truncation < math.inf):
            raise ValueError(
                "`truncation` must be positive and finite. "
                f"Received: truncation={self.truncation}"
            )
        if self.output is None and self.report is None:
            raise ValueError(
                "Give `output`, a directory to write to, or `report`"
            )
        for name in ("output", "report"):
            path = pathlib.Path(getattr(self, name) or ".")
            if path.exists() and not path.is_dir():
                raise ValueError(f"`{name}` {path} is not a directory")
        self.seeds = parse_numbers("seeds", self.seeds)


def parse_classes(text, names):
    """Returns the numbers of classes that are given by number or by name.

    Args:
        text: String such as "0-3,cat". What looks like a number is one.
        names: List of the names of all classes; empty if they have none.

    Raises:
        ValueError: If a part is neither numbers nor a name.
    """
    found = []
    for part in text.split(","):
        part = part.strip()
        if part in names and not part.isdecimal():
            found.append(names.index(part))
            continue
        try:
            found += parse_numbers("classes", part)
        except ValueError:
            near = difflib.get_close_matches(part, names) or names[:5]
            known = f" or names, such as {', '.join(near)}" if names else ""
            raise ValueError(
                "`classes` must be numbers and ranges, such as 0-7 or "
                f"3,5,9-12{known}. Received: classes={text}"
            ) from None
    return found


def parse_numbers(name, text):
    """Returns the numbers in a string such as "0-3,7".

    Args:
        name: String, name of the argument, for the error.
        text: String of numbers and ranges.

    Raises:
        ValueError: If the string has another form.
    """
    found = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,18})(?:-(\d{1,18}))?\s*", part)
        first, last = (
            (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        )
        if last < first or last - first >= 1_000_000:
            raise ValueError(
                f"`{name}` must be numbers and ranges, such as 0-7 or 3,5,9-12"
                f". Received: {name}={text}"
            )
        found += range(first, last + 1)
    return found
