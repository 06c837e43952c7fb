"""What the command-line scripts share."""

import contextlib
import logging as py_logging
import os
import pathlib
import re
import sys

import tensorflow as tf
from absl import app, flags, logging

from sagan_tf import distribution

# Exit codes. After FAILED the same command fails again; after the others it
# goes on. SIGTERM's is 143, as shells have it.
FAILED = 1
WORKER_LOST = 75  # EX_TEMPFAIL of sysexits.h
INTERRUPTED = 130


def run_command(module, main):
    """Runs a console command, whose `--help` is its module's.

    absl takes what `--help` prints from the main module, which is not ours
    where the command is installed.

    Args:
        module: Name of the module that has the flags and the docstring.
        main: Function to run.
    """
    for flag in flags.FLAGS.get_key_flags_for_module(module):
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
    sys.modules["__main__"].__doc__ = sys.modules[module].__doc__
    app.run(main, flags_parser=parse_flags)


def parse_flags(argv):
    """Parses the flags; what is wrong with them becomes one line."""
    try:
        return flags.FLAGS(argv)
    except flags.Error as error:
        reason = " ".join(str(error).split())
        sys.exit(f"error: {reason} (--help lists the flags)")
    except BrokenPipeError:
        # Whoever reads --help has seen enough. What is left is written when
        # Python ends, to nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


@contextlib.contextmanager
def one_line_errors():
    """Ends the process on an error of input with one line, not a traceback.

    The traceback is logged at `--verbosity=1`.
    """
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.INFO)
    # Of the handler: TensorFlow's Python loggers hand theirs to it too.
    logging.get_absl_handler().addFilter(_is_worth_reading)
    try:
        yield
    except (ValueError, OSError, ImportError, FloatingPointError) as error:
        logging.debug("What led to the error below:", exc_info=True)
        _print_error(str(error))
        sys.exit(FAILED)
    except distribution.WorkerLostError as error:
        logging.debug("What led to the error below:", exc_info=True)
        reason = _reason(error.__cause__.message).rstrip(":")
        _print_error(f"{error} ({reason})")
        sys.stderr.flush()
        # Not `sys.exit`, which waits for the workers that are gone.
        os._exit(WORKER_LOST)
    except tf.errors.OpError as error:
        # Out of memory, a full disk, data that changed under way.
        logging.debug("What led to the error below:", exc_info=True)
        _print_error(_reason(error.message))
        sys.exit(FAILED)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _reason(message):
    """Returns the line of TensorFlow's message that says what was wrong."""
    # Of several operations that failed, the first.
    message = re.sub(r"\d+ root error\(s\) found\.\s+\(0\) \w+: +", "", message)
    lines = [
        line for line in message.splitlines()
        if line.strip() and not line.startswith(
            (" ", "\t", "<stack", "Graph execution", "Detected at")
        )
    ]  # fmt: skip
    # Around it are the names of its own functions.
    return re.sub(r"\{\{.*?\}\} | \[Op:.*", "", (lines or [message])[0])


def _print_error(reason):
    # The name of a file can have any character.
    print(f"error: {' '.join(reason.split())}", file=sys.stderr)


def _is_worth_reading(record):
    """Drops what TensorFlow merely informs about, through absl's logger."""
    ours = pathlib.Path(__file__).parent
    return (
        record.levelno > py_logging.INFO
        or ours in pathlib.Path(record.pathname).parents
    )
