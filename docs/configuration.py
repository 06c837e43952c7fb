"""Prints docs/configuration.md, the table of a configuration's fields.

python docs/configuration.py > docs/configuration.md
"""

from sagan_tf.config import Config


def document():
    """Returns the whole document."""
    lines = [
        "# Configuration",
        "",
        "Written by `make docs` (docs/configuration.py); not by hand.",
        "",
        "A configuration is a `sagan_tf.Config`; a file in `configs/` returns "
        "one. Each field can be set on the command line: "
        "`--config.batch_size=64`.",
        "",
        "| field | default | meaning |",
        "|---|---|---|",
    ]
    for name, default, text in Config.describe():
        lines.append(f"| `{name}` | `{default!r}` | {text} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(document(), end="")
