"""Corrects the line numbers and line counts in docs/tour.md.

    python docs/tour.py

The document names code in two ways, and this program keeps both right:

- `` `SAGAN.train_step` [gan.py:10](../sagan_tf/gan.py#L10) ``: a function, a
  class, a method or an assigned name, and the line where it is defined. After
  a colon may follow some text, `` `SAGAN.train_step: self.draw(` ``: then the
  line is the first one of the definition that contains this text.
- `| [gan.py](../sagan_tf/gan.py) | 10 |`: a file or a folder in a table, and
  the number of lines of its Python code. The row `| together | 10 |` has the
  sum of the rows above it.
"""

import ast
import pathlib
import re

DOCUMENT = pathlib.Path(__file__).with_name("tour.md")

_CODE = re.compile(r"`([^`\n]+)`(\s+)\[([\w/.]+):\d+\]\(([\w/.]+)#L\d+\)")
_COUNT = re.compile(r"(\]\(([\w/.]+)\) \| )[\d,]+( \|)|(\| together \| )[\d,]+")


def line_of(source, name):
    """Returns the line, from 1, where Python code defines a name.

    Args:
        source: Text of a Python file.
        name: Name such as "SAGAN.train_step", or a name, a colon, a space and
            a part of the line that is meant.

    Raises:
        ValueError: If the name is not defined or the line is not found.
    """
    name, _, text = name.partition(": ")
    node = ast.parse(source)
    for part in name.split("."):
        found = [each for each in _children(node) if _defines(each, part)]
        if not found:
            raise ValueError(f"`{name}` is not defined")
        node = found[0]
    if not text:
        return node.lineno
    lines = source.splitlines()[node.lineno - 1 : node.end_lineno]
    for number, line in enumerate(lines, start=node.lineno):
        if text in line:
            return number
    raise ValueError(f"`{name}` has no line with {text!r}")


def _children(node):
    return getattr(node, "body", [])


def _defines(node, name):
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    else:
        return getattr(node, "name", None) == name
    return any(getattr(target, "id", None) == name for target in targets)


def line_count(path):
    """Returns the number of lines of a Python file, or of a folder's."""
    paths = path.glob("*.py") if path.is_dir() else [path]
    return sum(len(p.read_text("utf-8").splitlines()) for p in paths)


def corrected(text, folder=DOCUMENT.parent):
    """Returns a document with correct line numbers and line counts.

    Args:
        text: Markdown, as described at the top of this file.
        folder: Folder that the document's links are relative to.

    Raises:
        ValueError: If a name that the document gives is not in its file.
    """
    total = 0

    def correct_line(match):
        name, space, shown, target = match.groups()
        source = (folder / target).read_text("utf-8")
        try:
            line = line_of(source, name)
        except ValueError as error:
            raise ValueError(f"{target}: {error}") from None
        return f"`{name}`{space}[{shown}:{line}]({target}#L{line})"

    def correct_count(match):
        nonlocal total
        before, target, after, together = match.groups()
        if together:
            return f"{together}{total:,}"
        count = line_count(folder / target)
        total += count
        return f"{before}{count:,}{after}"

    return _COUNT.sub(correct_count, _CODE.sub(correct_line, text))


if __name__ == "__main__":
    DOCUMENT.write_text(
        corrected(DOCUMENT.read_text("utf-8")), encoding="utf-8"
    )
