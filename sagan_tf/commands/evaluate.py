"""Evaluates a run, or any generated images beside any real ones.

    sagan-eval --workdir=DIR [--preset=paper]
    sagan-eval --generated=A --real=B [--extractor=classifier]
    sagan-eval --compare A B C [--real=D]

In a clone of the repository, `python eval.py` is the same command. It measures
the Frechet (FID), kernel (KID) and intra-class Frechet distances, the Inception
score, precision, recall, density and coverage.

With --workdir it evaluates one checkpoint of a run against the run's data, and
writes the result, with the protocol of the evaluation, to DIR/eval/ as JSON.
docs/evaluation.md says which preset reproduces whose numbers.

With --generated and --real it compares two sets of images. Each is a folder of
pictures, an .npy or .npz file of images, the directory of a run or of an
exported generator, tfds:NAME:SPLIT, or saved statistics (`mu`, `sigma`).

With --compare it ranks results (JSON files), or sets of images beside --real.
"""

import dataclasses
import os

from absl import flags

from sagan_tf.commands import common
from sagan_tf.evaluation.protocols import METRICS, PRESETS, Protocol

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
    _define_extractor()
    common.define_path(
        "data_dir",
        None,
        "Directory of the run's data, if the data moved; with --real, the data "
        "directory of TensorFlow Datasets.",
        schemes=("gs", "s3"),
    )
    _define_sets()
    common.define_path(
        "compare",
        None,
        "The first of several JSON files of evaluations, or of several sets of "
        "images beside --real; the others follow.",
    )

    @flags.multi_flags_validator(
        ["workdir", "generated", "real", "compare"],
        message="--workdir must be given, or --generated and --real, or "
        "--compare",
    )
    def has_a_task(values):
        if values["generated"]:
            return values["real"] and not (
                values["workdir"] or values["compare"]
            )
        return bool(values["workdir"]) != bool(values["compare"])


def _define_extractor():
    """Defines the flags of the feature extractor."""
    common.define_inception()
    common.define_path(
        "extractor",
        None,
        "SavedModel or .keras file of another feature extractor; or, with "
        "--real, 'classifier', which is trained on the labelled real images.",
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


def _define_sets():
    """Defines the flags of two sets of images."""
    common.define_path(
        "generated",
        None,
        "Generated images: a folder of pictures, an .npy or .npz file, the "
        "directory of a run or of an exported generator, tfds:NAME:SPLIT, or "
        "saved statistics.",
    )
    common.define_path("real", None, "Real images, given in the same ways.")
    flags.DEFINE_list(
        "metrics",
        None,
        f"Some of {', '.join(METRICS)}. Default: all that can be computed.",
    )
    flags.DEFINE_integer(
        "image_size",
        None,
        "Size in pixels to which all images are resized. Default: that of the "
        "images, or of the generator.",
        lower_bound=1,
    )
    for name in ("generated", "real"):
        flags.DEFINE_list(
            f"{name}_range",
            None,
            f"Values of black and white in the {name} images, if they are "
            "floats, such as 0,1.",
        )
    common.define_path(
        "output", None, "JSON file for the result; with --compare, a PNG file."
    )


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

    if len(FLAGS.extractor_outputs) != 2:
        raise ValueError(
            "--extractor_outputs needs two names. "
            f"Received: {','.join(FLAGS.extractor_outputs)}"
        )
    _check_flags()
    if FLAGS.compare:
        _rank([FLAGS.compare, *map(os.path.expanduser, others)])
        return
    if FLAGS.generated:
        result = _evaluate_images(FLAGS.generated, FLAGS.output)
        print(evaluation.describe_comparison(result))
        if FLAGS.output:
            print(f"Written to {FLAGS.output}")
        return
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


def _check_flags():
    """Raises a `ValueError` for a flag that has no effect."""
    of_images = ("metrics", "image_size", "generated_range", "real_range")
    drawn = ("num_images", "truncation", "seed", "step", "best", "averaged")
    task = "--workdir"
    if FLAGS.workdir:
        useless = {*of_images, "real", "output"}
    else:
        task = "--generated or --compare"
        useless = {"preset", *_FLAG_NAMES.values()} - set(drawn)
    if FLAGS.compare and not FLAGS.real:
        task = "--compare without --real"
        useless |= {*of_images, *drawn, "extractor", "inception", "data_dir"}
    for name in sorted(useless):
        if FLAGS[name].present:
            raise ValueError(f"--{name} has no effect with {task}")


def _rank(compared):
    """Ranks JSON files, or sets of images beside --real."""
    from sagan_tf import evaluation
    from sagan_tf.workdir import records

    if len(compared) < 2:
        raise ValueError("--compare needs two or more: --compare A B")
    if FLAGS.real:
        results = {path: _evaluate_images(path, None) for path in compared}
    else:
        results = {path: records.read_result(path) for path in compared}
    print(evaluation.rank(results, FLAGS.output))
    if FLAGS.output:
        print(f"Written to {FLAGS.output}")


def _evaluate_images(generated, output):
    from sagan_tf import evaluation

    given = {
        name: FLAGS[name].value
        for name in ("num_images", "truncation")
        if FLAGS[name].value is not None
    }
    return evaluation.evaluate_images(
        generated,
        FLAGS.real,
        metrics=FLAGS.metrics,
        extractor=FLAGS.extractor or "inception",
        inception=FLAGS.inception,
        extractor_outputs=tuple(FLAGS.extractor_outputs),
        extractor_range=tuple(FLAGS.extractor_range),
        seed=FLAGS.seed,
        image_size=FLAGS.image_size,
        generated_range=FLAGS.generated_range,
        real_range=FLAGS.real_range,
        data_dir=FLAGS.data_dir or "",
        batch_size=FLAGS.batch_size,
        output=output,
        **given,
        **common.checkpoint_arguments(),
    )


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
        # The other ones to compare.
        words=lambda: 100 if FLAGS.compare else 0,
    )


if __name__ == "__main__":
    run()
