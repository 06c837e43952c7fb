"""Evaluates a trained SAGAN through tensorflow-gan.

    python eval.py --workdir=DIR

Frechet distance and Inception score of the last checkpoint. The result, with
everything it depends on, is written to DIR/eval/ as JSON.
"""

import os

from absl import app, flags

# As in train.py.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Directory of the run.", required=True
)
_NUM_IMAGES = flags.DEFINE_integer(
    "num_images",
    None,
    "Images to generate; by default the run's eval_images.",
    lower_bound=10,
)
_INCEPTION = flags.DEFINE_string(
    "inception",
    None,
    "Local SavedModel of TF-GAN's Inception module; by default it is "
    "downloaded where it is needed.",
)
_STEP = flags.DEFINE_integer(
    "step", None, "Step of the checkpoint; by default the last."
)
_BEST = flags.DEFINE_bool(
    "best", False, "Take the checkpoint evaluated best in training."
)
_AVERAGED = flags.DEFINE_bool(
    "averaged",
    None,
    "Take the averaged weights; by default if there are any.",
)
_SEED = flags.DEFINE_integer("seed", 0, "Seed of latents and labels.")
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", 100, "Images at a time.", lower_bound=1
)


def main(_):
    # Imported here, so that --help need not wait for TensorFlow.
    from sagan_tf import evaluation, scripts

    with scripts.one_line_errors():
        result = evaluation.evaluate(
            _WORKDIR.value,
            num_images=_NUM_IMAGES.value,
            inception=_INCEPTION.value,
            step=_STEP.value,
            best=_BEST.value,
            averaged=_AVERAGED.value,
            seed=_SEED.value,
            batch_size=_BATCH_SIZE.value,
        )
        print(evaluation.describe(result))
        print(f"Written to {result['path']}")


if __name__ == "__main__":
    app.run(main)
