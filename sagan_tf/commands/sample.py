"""Draws pictures with a trained generator.

    sagan-sample --workdir=DIR --output=PICTURES --seeds=0-7 [--classes=3,7]

One PNG for each class and seed, or --grid, --contact_sheet, --interpolate,
--attention, --nearest; --report=DIR writes one HTML file. A seed gives the same
picture each time, alone or with others. --saved_model=MODELS/sagan/1 takes the
place of --workdir.
"""

from absl import flags

from sagan_tf.commands import common
from sagan_tf.sampling import draw_pictures

_WORKDIR = flags.DEFINE_string("workdir", None, "Directory of a run.")
_SAVED_MODEL = flags.DEFINE_string(
    "saved_model", None, "SavedModel that sagan-export wrote."
)
_OUTPUT = flags.DEFINE_string("output", None, "Directory to write to.")
_SEEDS = flags.DEFINE_string("seeds", "0-7", "Seeds, such as 0-7 or 3,5,9-12.")
_CLASSES = flags.DEFINE_string(
    "classes", None, "Classes, such as 3,7 or 0-9; by default all, at most 10."
)
_TRUNCATION = flags.DEFINE_float(
    "truncation",
    None,
    "Latents are normal within 2 standard deviations, times this: 0.5 gives "
    "surer pictures of less variety. By default the whole normal distribution.",
)
_GRID = flags.DEFINE_bool(
    "grid", False, "One picture: a row for each class, a column for each seed."
)
_CONTACT_SHEET = flags.DEFINE_bool(
    "contact_sheet", False, "One picture: the first seed in every class."
)
_INTERPOLATE = flags.DEFINE_enum(
    "interpolate",
    None,
    ["latents", "classes"],
    "A strip and a GIF from seed to seed in each class, or from class to "
    "class with each seed.",
)
_FRAMES = flags.DEFINE_integer(
    "frames", 8, "Images from one to the next of these.", lower_bound=2
)
_ATTENTION = flags.DEFINE_bool(
    "attention", False, "Attention maps, of each self-attention layer."
)
_QUERY = flags.DEFINE_multi_string(
    "query",
    None,
    "Point to show the attention of, as x,y in pixels; may be given several "
    "times. By default four are chosen.",
)
_DISCRIMINATOR = flags.DEFINE_bool(
    "discriminator",
    False,
    "With --attention, also the discriminator's, on real images.",
)
_NEAREST = flags.DEFINE_bool(
    "nearest",
    False,
    "Each picture beside the five real images nearest to it in the features "
    "of the run's extractor: has the generator memorised?",
)
_REPORT = flags.DEFINE_string(
    "report",
    None,
    "Directory for one HTML file, report.html: samples, sliders, attention on "
    "hover, metrics, training curves.",
)
_INCEPTION = flags.DEFINE_string(
    "inception",
    None,
    "Local SavedModel of TF-GAN's Inception module, for --nearest.",
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
        paths = draw_pictures.sample(
            _OUTPUT.value,
            workdir=_WORKDIR.value,
            saved_model=_SAVED_MODEL.value,
            seeds=_SEEDS.value,
            classes=_CLASSES.value,
            truncation=_TRUNCATION.value,
            grid=_GRID.value,
            contact_sheet=_CONTACT_SHEET.value,
            interpolate=_INTERPOLATE.value,
            frames=_FRAMES.value,
            attention=_ATTENTION.value,
            queries=_QUERY.value,
            discriminator=_DISCRIMINATOR.value,
            nearest=_NEAREST.value,
            report=_REPORT.value,
            inception=_INCEPTION.value,
            step=_STEP.value,
            best=_BEST.value,
            averaged=_AVERAGED.value,
        )
        for path in paths[:20]:
            print(path)
        if len(paths) > 20:
            print(f"... {len(paths)} files in {_OUTPUT.value}")


def run():
    """The console command `sagan-sample`."""
    common.run_command(__name__, main)


if __name__ == "__main__":
    run()
