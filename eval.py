"""Evaluates a trained SAGAN through tensorflow-gan.

    python eval.py --workdir=DIR [--preset=paper]
    python eval.py --compare A.json B.json

Frechet, kernel and intra-class Frechet distance, Inception score, precision,
recall, density and coverage of the last checkpoint. The result, with all that
it depends on, is written to DIR/eval/ as JSON. docs/evaluation.md says which
preset reproduces whose numbers.
"""

import os
import sys

from absl import app, flags

# As in train.py.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_WORKDIR = flags.DEFINE_string("workdir", None, "Directory of the run.")
_PRESET = flags.DEFINE_enum(
    "preset",
    None,
    ["paper", "studiogan", "heusel"],
    "Protocol; by default the run's eval_images against 50,000 real images. "
    "The flags below replace parts of it.",
)
_NUM_IMAGES = flags.DEFINE_integer(
    "num_images", None, "Images to generate.", lower_bound=10
)
_REAL_IMAGES = flags.DEFINE_integer(
    "real_images",
    None,
    "Real images to compare with, evenly spaced over the split; 0 for all.",
    lower_bound=0,
)
_SPLIT = flags.DEFINE_string(
    "split", None, "Split of the real images; by default the run's."
)
_QUANTIZE = flags.DEFINE_bool(
    "quantize", None, "Whether generated images are rounded to 256 levels."
)
_RESIZE = flags.DEFINE_enum(
    "resize",
    None,
    ["bilinear", "bicubic", "lanczos3", "area"],
    "How real images are brought to the network's size, antialiased.",
)
_MANIFOLD_IMAGES = flags.DEFINE_integer(
    "manifold_images",
    None,
    "Images of each kind for precision, recall, density and coverage.",
    lower_bound=2,
)
_SCORE_SPLITS = flags.DEFINE_integer(
    "score_splits", None, "Parts of the Inception score.", lower_bound=1
)
_LABELS = flags.DEFINE_enum(
    "labels",
    None,
    ["uniform", "data"],
    "Labels of generated images: uniform, or drawn from the real ones.",
)
_STANDING_BATCHES = flags.DEFINE_integer(
    "standing_batches",
    None,
    "Take the statistics of batch normalization from so many batches of "
    "generated images; 0: the moving ones of training.",
    lower_bound=0,
)
_TRUNCATION = flags.DEFINE_float(
    "truncation",
    None,
    "Latents are normal within 2 standard deviations, times this; 0: the "
    "whole normal distribution.",
    lower_bound=0,
)
_AVERAGED = flags.DEFINE_bool(
    "averaged",
    None,
    "Take the averaged weights; by default if there are any.",
)
_SEED = flags.DEFINE_integer(
    "seed",
    0,
    "Seed of latents and labels.",
    lower_bound=0,
    upper_bound=2**31 - 1,
)
_STEP = flags.DEFINE_integer(
    "step", None, "Step of the checkpoint; by default the last."
)
_BEST = flags.DEFINE_bool(
    "best", False, "Take the checkpoint evaluated best in training."
)
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", 100, "Images at a time on each device.", lower_bound=1
)
_INCEPTION = flags.DEFINE_string(
    "inception",
    None,
    "Local SavedModel of TF-GAN's Inception module; by default it is "
    "downloaded where it is needed.",
)
_EXTRACTOR = flags.DEFINE_string(
    "extractor",
    None,
    "SavedModel or .keras file of another network, to compare by its features.",
)
_EXTRACTOR_OUTPUTS = flags.DEFINE_list(
    "extractor_outputs",
    ["features", "logits"],
    "Names of its outputs: the features, the logits.",
)
_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "Where the run's data are now, if not where they were."
)
_COMPARE = flags.DEFINE_string(
    "compare",
    None,
    "Instead of evaluating, compare the JSON of an evaluation with a second "
    "one, named after it.",
)


@flags.multi_flags_validator(
    ["workdir", "compare"],
    message="--workdir must be given (or --compare, with two files)",
)
def _has_a_task(values):
    return bool(values["workdir"] or values["compare"])


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


def main(argv):
    # Imported here, so that --help need not wait for TensorFlow.
    from sagan_tf import evaluation
    from sagan_tf.commands import common

    with common.one_line_errors():
        if _COMPARE.value:
            if len(argv) != 2:
                raise ValueError(
                    "--compare needs two files: eval.py --compare A.json B.json"
                )
            print(evaluation.compare(_COMPARE.value, argv[1]))
            return
        if len(argv) > 1:
            raise ValueError(
                f"{argv[1]} is no flag (a boolean one is --quantize or "
                "--noquantize)"
            )
        fields = {
            "real_images": _REAL_IMAGES.value,
            "split": _SPLIT.value,
            "quantize": _QUANTIZE.value,
            "resize": _RESIZE.value,
            "labels": _LABELS.value,
            "truncation": _TRUNCATION.value,
            "manifold_images": _MANIFOLD_IMAGES.value,
            "score_splits": _SCORE_SPLITS.value,
            "standing_batches": _STANDING_BATCHES.value,
        }
        if _STANDING_BATCHES.value is not None:
            standing = _STANDING_BATCHES.value > 0
            fields["batch_statistics"] = "standing" if standing else "moving"
        if len(_EXTRACTOR_OUTPUTS.value) != 2:
            raise ValueError(
                "--extractor_outputs needs two names. "
                f"Received: {','.join(_EXTRACTOR_OUTPUTS.value)}"
            )
        result = evaluation.evaluate(
            _WORKDIR.value,
            num_images=_NUM_IMAGES.value,
            inception=_INCEPTION.value,
            step=_STEP.value,
            best=_BEST.value,
            averaged=_AVERAGED.value,
            seed=_SEED.value,
            batch_size=_BATCH_SIZE.value,
            preset=_PRESET.value,
            extractor=_EXTRACTOR.value,
            extractor_outputs=tuple(_EXTRACTOR_OUTPUTS.value),
            data_dir=_DATA_DIR.value,
            **{k: v for k, v in fields.items() if v is not None},
        )
        print(evaluation.describe(result))
        print(f"Written to {result['path']}")


if __name__ == "__main__":
    app.run(main, flags_parser=parse_flags)
