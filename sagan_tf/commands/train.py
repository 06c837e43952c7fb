"""Trains a SAGAN, or continues a run.

    sagan-train --config=digits --workdir=DIR

In a clone of the repository, `python train.py` is the same command. The same
command again continues a run where it stopped. --config takes the name of a
configuration of this package or the path of a file, and a variant after a
colon: digits, imagenet128:feat64, configs/imagenet128.py:feat64.
--config.FIELD=VALUE sets one field.
"""

import os
import pathlib
import runpy
import textwrap

from absl import flags
from ml_collections import config_flags

from sagan_tf.commands import common
from sagan_tf.config import Config

FLAGS = flags.FLAGS
# A symbolic link in the repository, a folder in an installed package.
CONFIGS = pathlib.Path(__file__).parents[1] / "configs"


def define_flags():
    config_flags.DEFINE_config_file(
        "config", None, "Configuration: a name or a path."
    )
    flags.mark_flag_as_required("config")
    FLAGS["config"].parser = _ConfigParser()
    common.define_path(
        "workdir",
        None,
        "Directory of the run: a new one, or that of the run to continue.",
        required=True,
    )
    common.define_inception()


def main():
    from sagan_tf import training

    training.train(FLAGS.config, FLAGS.workdir, inception=FLAGS.inception)


class _ConfigParser(flags.ArgumentParser):
    """Loads a `Config` by name or path.

    A ValueError becomes one line for the user.
    """

    def parse(self, argument):
        name, *variant = argument.split(":", 1)
        path = _find(name)
        try:
            module = runpy.run_path(str(path))
            if "get_config" not in module:
                raise ValueError("the file defines no function `get_config`")
            config = module["get_config"](*variant)
        except Exception as error:
            # A configuration is a program and can raise anything.
            raise ValueError(str(error) or repr(error)) from error
        if not isinstance(config, Config):
            raise ValueError(
                "`get_config` must return a sagan_tf.Config. "
                f"Received: {type(config).__name__}"
            )
        return config


def _find(name):
    """Returns the path of a configuration's file."""
    name = os.path.expanduser(name)
    if name.endswith(".py") or len(pathlib.Path(name).parts) > 1:
        path = pathlib.Path(name)
    else:
        path = CONFIGS / f"{name}.py"
        if not path.is_file():
            names = ", ".join(
                sorted(file.stem for file in CONFIGS.glob("*.py"))
            )
            raise ValueError(
                f"the name must be one of {names} (a path ends in .py)"
            )
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return path


def _fields():
    """Returns the help on each field of `Config`."""
    lines = ["The fields of a configuration, with their defaults:\n"]
    for name, default, text in Config.describe():
        lines.append(f"  --config.{name}={default!r}")
        lines += textwrap.wrap(
            text, 78, initial_indent=" " * 6, subsequent_indent=" " * 6
        )
    return "\n".join(lines)


def run():
    """Runs the command `sagan-train`."""
    common.run_command(main, define_flags, __doc__, epilog=_fields())


if __name__ == "__main__":
    run()
