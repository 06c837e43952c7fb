"""Writes the generator of a run as a SavedModel, for TF Serving.

    sagan-export --workdir=DIR --output=MODELS/sagan

MODELS/sagan/1 is written, or the next free number; MODELS/sagan is what TF
Serving takes as `model_base_path`. docs/serving.md has clients.
"""

from absl import flags

from sagan_tf.commands import common
from sagan_tf.export import from_run

_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Directory of a run.", required=True
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Directory of the model's versions.", required=True
)
_VERSION = flags.DEFINE_integer(
    "version",
    None,
    "Version, a new one; by default the next free.",
    lower_bound=1,
    upper_bound=2**63 - 1,
)
_STEP = flags.DEFINE_integer(
    "step", None, "Step of the checkpoint; by default the last."
)
_BEST = flags.DEFINE_bool(
    "best", False, "Take the checkpoint evaluated best in training."
)
_AVERAGED = flags.DEFINE_bool(
    "averaged", None, "Take the averaged weights; by default if there are any."
)


def main(_):
    with common.one_line_errors():
        path = from_run.export_run(
            _WORKDIR.value,
            _OUTPUT.value,
            version=_VERSION.value,
            step=_STEP.value,
            best=_BEST.value,
            averaged=_AVERAGED.value,
        )
        print(f"Written to {path}")


def run():
    """The console command `sagan-export`."""
    common.run_command(__name__, main)


if __name__ == "__main__":
    run()
