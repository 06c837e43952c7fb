"""What the commands share: flags, help, TensorFlow's start, errors."""

import contextlib
import logging as py_logging
import os
import pathlib
import re
import sys

from absl import app, flags, logging

from sagan_tf.config import Config

# Exit codes. After FAILED, the same command would fail again; after the other
# two, the same command continues. SIGTERM ends with 143, as in a shell.
FAILED = 1
WORKER_LOST = 75  # EX_TEMPFAIL in sysexits.h
INTERRUPTED = 130

# Exceptions of sagan_tf for input that it cannot use.
_BAD_INPUT = (ValueError, OSError, ImportError, FloatingPointError)
_HELP = {"-?", "-h", "-help", "--help"}


def define_checkpoint():
    """Defines the flags that choose a checkpoint: --step, --best, --averaged.

    Their values are the arguments of `load_generator`; see
    `checkpoint_arguments`.
    """
    flags.DEFINE_integer(
        "step", None, "Step of the checkpoint. Default: the last one."
    )
    flags.DEFINE_bool(
        "best",
        False,
        "Use the checkpoint with the best Frechet distance in training.",
    )
    flags.DEFINE_bool(
        "averaged",
        None,
        "Use the generator's moving average. Default: if the run has one.",
    )


def checkpoint_arguments():
    """Returns the values of `define_checkpoint`'s flags, by name."""
    return {name: flags.FLAGS[name].value for name in _CHECKPOINT_FLAGS}


_CHECKPOINT_FLAGS = ("step", "best", "averaged")


class _PathParser(flags.ArgumentParser):
    """Replaces a leading `~`, which shells leave in `--flag=~/path`.

    Args:
        schemes: Strings such as "https", of addresses that are no paths.
    """

    syntactic_help = "a path"

    def __init__(self, schemes):
        self.schemes = schemes

    def parse(self, argument):
        scheme = re.match("([A-Za-z][A-Za-z0-9+.-]*)://", argument)
        if scheme and scheme[1] not in self.schemes:
            raise ValueError(
                f"it must be a path on this machine, not a {scheme[1]}:// "
                "address: mount the bucket, or copy the files"
            )
        return os.path.expanduser(argument)


def define_path(name, default, text, required=False, schemes=()):
    """Defines a flag whose value is a path.

    Args:
        name, default, text, required: As in absl's flags.
        schemes: Strings such as "https", of addresses that are accepted too.
    """
    flags.DEFINE(
        _PathParser(schemes), name, default, text,
        serializer=flags.ArgumentSerializer(), required=required,
    )  # fmt: skip


def define_inception():
    """Defines --inception."""
    define_path(
        "inception",
        None,
        "Local SavedModel of TF-GAN's Inception module. Default: the module "
        "is downloaded when it is needed.",
        schemes=("https",),
    )


def run_command(main, define_flags, description, epilog="", words=None):
    """Runs a command and ends the process.

    TensorFlow is imported after the flags are parsed, so that `--help` and
    errors in flags take no time.

    Args:
        main: Function that does the work. Its arguments are the words.
        define_flags: Function that defines the command's flags.
        description: String, the text above the flags in `--help`.
        epilog: String, the text below the flags in `--help`.
        words: Function that returns the maximum number of words, which are
            the arguments that are not flags. None: no words.
    """
    known = set(flags.FLAGS)
    define_flags()
    for name in set(flags.FLAGS) - known:
        flag = flags.FLAGS[name]
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)

    def parse(argv):
        if _HELP.intersection(argv[1:]):
            _print_help(description, epilog)
            sys.exit(0)
        _, *found = _parse_flags(argv)
        most = words() if words else 0
        if len(found) > most:
            sys.exit(
                f"error: {found[most]} is not a flag. Flags start with --; a "
                "flag that is on or off is --NAME or --noNAME"
            )
        return found

    def start(found):
        with one_line_errors():
            _import_tensorflow()
            main(*found)

    app.run(start, flags_parser=parse)


def _print_help(description, epilog):
    flag_texts = flags.FLAGS.main_module_help()
    try:
        print(f"{description}\n{flag_texts}\n{epilog}", flush=True)
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough. Python flushes stdout
        # once more when it exits; that goes to /dev/null.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parse_flags(argv):
    """Returns the arguments that are not flags; errors end with one line."""
    try:
        words = flags.FLAGS(argv)
        for name in flags.FLAGS:
            flag = flags.FLAGS[name]
            if flag.present > 1 and not isinstance(flag, flags.MultiFlag):
                raise flags.Error(
                    f"flag --{name} is given {flag.present} times"
                )
        return words
    except flags.Error as error:
        reason = " ".join(str(error).split())
        sys.exit(f"error: {reason} (--help lists the flags)")
    except Exception as error:
        # ml_collections raises KeyErrors and others for a wrong
        # `--config.FIELD`.
        reason = str(error.args[0] if error.args else repr(error))
        sys.exit(f"error: --config: {' '.join(reason.split())}")


@contextlib.contextmanager
def one_line_errors():
    """Ends the process with one line, not a traceback, if the input is bad.

    With `--verbosity=1` the traceback is logged too.
    """
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.INFO)
    # The filter belongs to the handler because TensorFlow's Python loggers
    # use the same handler.
    logging.get_absl_handler().addFilter(_is_worth_reading)
    try:
        yield
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except Exception as error:
        reason, code = _explain(error)
        if reason is None:
            raise
        logging.debug("What led to the error below:", exc_info=True)
        # A file name in the reason may contain line breaks.
        print(f"error: {' '.join(reason.split())}", file=sys.stderr, flush=True)
        if code == WORKER_LOST:
            # `sys.exit` would wait for the lost worker.
            os._exit(code)
        sys.exit(code)


def _explain(error):
    """Returns an error's reason and exit code; None, None if it is a bug."""
    if isinstance(error, _BAD_INPUT):
        return _with_flags(str(error)), FAILED
    import tensorflow as tf

    from sagan_tf import distribution

    if isinstance(error, distribution.WorkerLostError):
        reason = _operation_error(error.__cause__.message).rstrip(":")
        return f"{error} ({reason})", WORKER_LOST
    if isinstance(error, tf.errors.OpError):
        # For example: out of memory, a full disk, data that changed.
        return _operation_error(error.message), FAILED
    return None, None


def _with_flags(text):
    """Replaces the names of Python's arguments in a message by the flags.

    A name is in backticks, and may have a value: `steps` or `labels=False`.
    """
    config = {name for name, _, _ in Config.describe()}

    def flag(found):
        name, value = found.groups()
        if name in flags.FLAGS:
            return f"`--{name}{value}`"
        if "config" in flags.FLAGS and name in config:
            return f"`--config.{name}{value}`"
        return found[0]

    return re.sub(r"`(\w+)((?:=[^`]*)?)`", flag, text)


def _operation_error(message):
    """Returns the line of a TensorFlow error that says what went wrong."""
    # A message about several failed operations lists each one's error: keep
    # only the first.
    message = re.sub(r"\d+ root error\(s\) found\.\s+\(0\) \w+: +", "", message)
    lines = [
        line for line in message.splitlines()
        if line.strip() and not line.startswith(
            (" ", "\t", "<stack", "Graph execution", "Detected at")
        )
    ]  # fmt: skip
    # TensorFlow adds the names of its own functions.
    return re.sub(r"\{\{.*?\}\} | \[Op:.*", "", (lines or [message])[0])


def _import_tensorflow():
    """Imports TensorFlow without the messages of its C++ code.

    They are harmless but alarming. Level 3 hides the messages that come after
    the import. The messages that come during the import ignore the level, so
    stderr is /dev/null meanwhile.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    stderr = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        import tensorflow  # noqa: F401
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


def _is_worth_reading(record):
    """Returns False for records of level INFO that are not from sagan_tf."""
    package = pathlib.Path(__file__).parents[1]
    return (
        record.levelno > py_logging.INFO
        or package in pathlib.Path(record.pathname).parents
    )
