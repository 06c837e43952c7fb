"""What the command-line scripts share."""

import contextlib
import logging as py_logging
import sys

from absl import flags, logging

# Exit codes, as shells have them.
FAILED = 1
INTERRUPTED = 130


@contextlib.contextmanager
def one_line_errors():
    """Ends the process on an error of input with one line, not a traceback.

    The traceback is logged at `--verbosity=1`.
    """
    if flags.FLAGS["verbosity"].using_default_value:
        logging.set_verbosity(logging.INFO)
        # TensorFlow informs through the same logger.
        logging.get_absl_logger().addFilter(
            lambda record: (
                record.levelno > py_logging.INFO
                or "sagan_tf" in record.pathname
            )
        )
    try:
        yield
    except (ValueError, OSError, ImportError) as error:
        logging.debug("What led to the error below:", exc_info=True)
        print(f"error: {error}", file=sys.stderr)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        print("interrupted: the same command resumes", file=sys.stderr)
        sys.exit(INTERRUPTED)
