"""Writes the generator of a run for use elsewhere.

    sagan-export --workdir=DIR --output=MODELS/sagan
    sagan-export --workdir=DIR --output=sagan.onnx --format=onnx

The SavedModel is MODELS/sagan/1, or the next free number. MODELS/sagan is the
`model_base_path` of TF Serving. docs/serving.md has clients.
"""

from absl import flags

from sagan_tf.commands import common

FLAGS = flags.FLAGS


def define_flags():
    common.define_path("workdir", None, "Directory of a run.", required=True)
    common.define_path(
        "output",
        None,
        "Directory of the model's versions, or the file of another --format.",
        required=True,
    )
    flags.DEFINE_integer(
        "version",
        None,
        "Number of a new version. Default: the highest version plus 1.",
        lower_bound=1,
        upper_bound=2**63 - 1,
    )
    common.define_checkpoint()
    flags.DEFINE_enum(
        "format",
        "saved_model",
        ["saved_model", "onnx", "litert"],
        "SavedModel for TF Serving, or one file: .onnx (needs the extra "
        "`onnx`) or .tflite.",
    )
    flags.DEFINE_enum(
        "device",
        "cpu",
        ["cpu", "gpu"],
        "Device that the model will be served on. The model runs on both; "
        "the choice decides how its convolutions are computed.",
    )


def main():
    from sagan_tf import export

    path = export.export_run(
        FLAGS.workdir,
        FLAGS.output,
        version=FLAGS.version,
        device=FLAGS.device,
        format=FLAGS.format,
        **common.checkpoint_arguments(),
    )
    print(f"Written to {path}")


def run():
    """Runs the command `sagan-export`."""
    common.run_command(main, define_flags, __doc__)


if __name__ == "__main__":
    run()
