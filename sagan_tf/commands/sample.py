"""Draws images with a trained generator.

    sagan-sample --workdir=DIR --output=IMAGES --seeds=0-7 [--classes=3,7]

Writes one PNG for each class and seed, or what --grid, --contact_sheet,
--interpolate, --attention and --nearest ask for. --report=DIR writes one HTML
file. The same seed always gives the same image, alone or with other seeds.
--saved_model=MODELS/sagan/1 draws from an exported generator instead of
--workdir.
"""

from absl import flags

from sagan_tf.commands import common

FLAGS = flags.FLAGS

_MAX_PATHS = 20


def define_flags():
    common.define_path("workdir", None, "Directory of a run.")
    common.define_path(
        "saved_model", None, "SavedModel that sagan-export wrote."
    )
    common.define_checkpoint()
    common.define_path("output", None, "Directory to write to.")
    flags.DEFINE_string("seeds", "0-7", "Seeds, such as 0-7 or 3,5,9-12.")
    flags.DEFINE_string(
        "classes",
        None,
        "Classes: numbers such as 3,7 or 0-9, or names such as cat,dog. "
        "Default: all, at most 10.",
    )
    flags.DEFINE_float(
        "truncation",
        None,
        "Scale of latents drawn from a normal distribution cut off at 2 "
        "standard deviations; 0.5 gives better images of less variety. "
        "Default: the whole normal distribution.",
    )
    _define_outputs()


def _define_outputs():
    """Defines the flags that choose what is drawn."""
    flags.DEFINE_bool(
        "grid",
        False,
        "One image: a row for each class, a column for each seed.",
    )
    flags.DEFINE_bool(
        "contact_sheet", False, "One image: the first seed in every class."
    )
    flags.DEFINE_enum(
        "interpolate",
        None,
        ["latents", "classes"],
        "A strip and a GIF: in each class from seed to seed, or with each "
        "seed from class to class.",
    )
    flags.DEFINE_integer(
        "frames",
        8,
        "Number of images from one seed or class to the next.",
        lower_bound=2,
    )
    flags.DEFINE_bool(
        "attention", False, "Attention maps of each self-attention layer."
    )
    flags.DEFINE_multi_string(
        "query",
        None,
        "Point whose attention map is drawn: x,y in pixels. The flag can be "
        "repeated. Default: four points that the program chooses.",
    )
    flags.DEFINE_bool(
        "discriminator",
        False,
        "With --attention: also the discriminator's maps, on real images.",
    )
    flags.DEFINE_bool(
        "nearest",
        False,
        "Each image beside the five real images that are nearest to it in the "
        "features of the run's extractor, to see what the generator memorised.",
    )
    common.define_inception()
    common.define_path(
        "report",
        None,
        "Directory for report.html: samples, interpolation, attention maps, "
        "metrics and training curves in one file.",
    )


def main():
    from sagan_tf import sampling

    request = sampling.Request(
        output=FLAGS.output,
        report=FLAGS.report,
        draw=_outputs(),
        seeds=FLAGS.seeds,
        classes=FLAGS.classes,
        truncation=FLAGS.truncation,
        frames=FLAGS.frames,
        queries=FLAGS.query,
        inception=FLAGS.inception,
    )
    sampler = sampling.Sampler.load(
        FLAGS.workdir, FLAGS.saved_model, **common.checkpoint_arguments()
    )
    paths = sampling.write_outputs(sampler, request)
    for path in paths[:_MAX_PATHS]:
        print(path)
    if len(paths) > _MAX_PATHS:
        print(f"... {len(paths)} files in {FLAGS.output}")


def _outputs():
    """Returns the names in `sampling.outputs.OUTPUTS` that flags ask for."""
    requested = {
        "grid": FLAGS.grid,
        "contact_sheet": FLAGS.contact_sheet,
        "between_latents": FLAGS.interpolate == "latents",
        "between_classes": FLAGS.interpolate == "classes",
        "attention": FLAGS.attention,
        "discriminator_attention": FLAGS.attention and FLAGS.discriminator,
        "nearest": FLAGS.nearest,
    }
    return tuple(name for name in requested if requested[name]) or ("images",)


def run():
    """Runs the command `sagan-sample`."""
    common.run_command(main, define_flags, __doc__)


if __name__ == "__main__":
    run()
