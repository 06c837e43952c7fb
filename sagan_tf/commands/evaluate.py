"""Evaluates a trained SAGAN and records the result in its directory.

    sagan-eval --workdir=DIR [--preset=paper]
    sagan-eval --compare A.json B.json

In a clone of the repository, `python eval.py` is the same command. For one
checkpoint, it measures the Frechet (FID), kernel (KID) and intra-class Frechet
distances, the Inception score, precision, recall, density and coverage. It
writes them, with the protocol of the evaluation, to DIR/eval/ as JSON.
docs/evaluation.md says which preset reproduces whose numbers.
"""

import dataclasses
import os

from absl import flags

from sagan_tf.commands import common
from sagan_tf.evaluation.protocols import PRESETS, Protocol

FLAGS = flags.FLAGS

# For each field of `Protocol`, the name of the flag that replaces it.
_FLAG_NAMES = {
    field.name: {"generated_images": "num_images"}.get(field.name, field.name)
    for field in dataclasses.fields(Protocol)
}
_DEFINE = {
    bool: flags.DEFINE_bool,
    float: flags.DEFINE_float,
    int: flags.DEFINE_integer,
    str: flags.DEFINE_string,
}


def define_flags():
    common.define_path("workdir", None, "Directory of the run.")
    flags.DEFINE_enum(
        "preset",
        None,
        PRESETS,
        "Protocol, whose fields other flags replace. Default: the run's "
        "eval_images and 50,000 real images.",
    )
    _define_protocol()
    flags.DEFINE_integer(
        "seed",
        0,
        "Seed of latents and labels.",
        lower_bound=0,
        upper_bound=2**31 - 1,
    )
    common.define_checkpoint()
    flags.DEFINE_integer(
        "batch_size", 100, "Images per batch on each device.", lower_bound=1
    )
    common.define_inception()
    common.define_path(
        "extractor",
        None,
        "SavedModel or .keras file of another feature extractor.",
    )
    flags.DEFINE_list(
        "extractor_outputs",
        ["features", "logits"],
        "Names of the extractor's two outputs: features, logits.",
    )
    flags.DEFINE_list(
        "extractor_range",
        ["-1", "1"],
        "Values of black and white in the extractor's input, such as 0,255.",
    )
    common.define_path(
        "data_dir",
        None,
        "Directory of the run's data, if the data moved.",
        schemes=("gs", "s3"),
    )
    common.define_path(
        "compare",
        None,
        "JSON file of an evaluation, to compare with a second one whose path "
        "follows. Nothing is evaluated.",
    )

    @flags.multi_flags_validator(
        ["workdir", "compare"],
        message="--workdir must be given (or --compare, with two files)",
    )
    def has_a_task(values):
        return bool(values["workdir"] or values["compare"])


def _define_protocol():
    """Defines the flags that replace fields of the preset's protocol."""
    for field in dataclasses.fields(Protocol):
        flag, text = _FLAG_NAMES[field.name], field.metadata["text"]
        choices = field.metadata["one of"]
        if choices:
            flags.DEFINE_enum(flag, None, choices, text)
        else:
            _DEFINE[type(field.default)](flag, None, text)


def main(*others):
    from sagan_tf import evaluation

    if FLAGS.compare:
        if len(others) != 1:
            raise ValueError(
                "--compare needs two files: --compare A.json B.json"
            )
        print(evaluation.compare(FLAGS.compare, os.path.expanduser(others[0])))
        return
    if len(FLAGS.extractor_outputs) != 2:
        raise ValueError(
            "--extractor_outputs needs two names. "
            f"Received: {','.join(FLAGS.extractor_outputs)}"
        )
    result = evaluation.evaluate(
        FLAGS.workdir,
        inception=FLAGS.inception,
        seed=FLAGS.seed,
        batch_size=FLAGS.batch_size,
        preset=FLAGS.preset,
        extractor=FLAGS.extractor,
        extractor_outputs=tuple(FLAGS.extractor_outputs),
        extractor_range=tuple(FLAGS.extractor_range),
        data_dir=FLAGS.data_dir,
        **common.checkpoint_arguments(),
        **_protocol_fields(),
    )
    print(evaluation.describe(result))
    print(f"Written to {result['path']}")


def _protocol_fields():
    """Returns the values of the flags that replace the protocol's fields."""
    return {
        flag: FLAGS[flag].value
        for flag in _FLAG_NAMES.values()
        if FLAGS[flag].value is not None
    }


def run():
    """Runs the command `sagan-eval`."""
    common.run_command(
        main,
        define_flags,
        __doc__,
        # The second file to compare.
        words=lambda: 1 if FLAGS.compare else 0,
    )


if __name__ == "__main__":
    run()
