"""Trains a SAGAN.

    python train.py --config=configs/digits.py --workdir=DIR

Any field of the configuration can be set, --config.batch_size=32; they are
documented in sagan_tf/config.py. The same command again resumes where it
stopped.
"""

import os
import sys

from absl import app, flags
from ml_collections import config_flags

# TensorFlow's C++ log has an alarming, harmless line on an optimization that
# it gives up. Before any import of TensorFlow, also that of a config file.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_CONFIG = config_flags.DEFINE_config_file(
    "config", None, "Configuration file, such as configs/digits.py."
)
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Directory of the run; new, or of the run to resume."
)
_INCEPTION = flags.DEFINE_string(
    "inception",
    None,
    "Local SavedModel of TF-GAN's Inception module, for evaluations in "
    "training; by default it is downloaded where it is needed.",
)
flags.mark_flags_as_required(["config", "workdir"])


def parse_flags(argv):
    """Parses the flags; what is wrong with a config becomes one line."""
    try:
        return flags.FLAGS(argv)
    except flags.Error as error:
        # The last line of what may be ml_collections' traceback.
        reason = str(error).strip().splitlines()[-1].strip()
        sys.exit(f"error: {reason} (--help lists the flags)")
    except BrokenPipeError:
        # Whoever reads --help has seen enough. What is left is written when
        # Python ends, to nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        # A config file is code and can raise anything; an unknown field is a
        # KeyError.
        reason = str(error.args[0] if error.args else repr(error))
        sys.exit(f"error: --config: {' '.join(reason.split())}")


def _config_filename():
    return flags.FLAGS["config"].config_filename


def main(_):
    # Imported here, so that --help need not wait for TensorFlow.
    from sagan_tf import Config, training
    from sagan_tf.commands import common

    with common.one_line_errors():
        config = _CONFIG.value
        if config.__class__.__name__ == "_ErrorConfig":
            raise ValueError(f"--config: there is no file {_config_filename()}")
        if not isinstance(config, Config):
            raise ValueError(
                "--config: get_config() must return a sagan_tf.Config. "
                f"Received: {type(config).__name__}"
            )
        training.train(config, _WORKDIR.value, inception=_INCEPTION.value)


if __name__ == "__main__":
    app.run(main, flags_parser=parse_flags)
