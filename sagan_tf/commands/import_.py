"""Converts weights that another program trained into a run's directory.

    sagan-import --source=mmgeneration --checkpoint=FILE.pth --workdir=DIR

sagan-eval, sagan-sample, sagan-export and `sagan_tf.load_generator` then read
DIR like any run. DIR/NOTICE says where the weights are from. Do not rename
the checkpoint: parts of its published name say how it was trained.
"""

import os

from absl import flags

from sagan_tf.commands import common

FLAGS = flags.FLAGS

# Flags that are for MMGeneration only, and also `import_mmgeneration`'s
# arguments.
_CONVENTIONS = ("averaged", "rectified_shortcut", "epsilon", "gain_offset")


def define_flags():
    flags.DEFINE_enum(
        "source",
        None,
        ["mmgeneration", "studiogan", "authors"],
        "Program that trained the weights.",
        required=True,
    )
    flags.DEFINE_list(
        "checkpoint",
        None,
        "The checkpoint. mmgeneration: FILE.pth; studiogan: G.pth,D.pth; "
        "authors: the prefix of a TensorFlow 1 checkpoint, such as "
        "DIR/model.ckpt-1000.",
        required=True,
    )
    common.define_path(
        "workdir",
        None,
        "Directory to write; it must be new or empty.",
        required=True,
    )
    flags.DEFINE_enum(
        "channel_order",
        None,
        ["rgb", "bgr"],
        "Order of the colour channels in the training images. Default: for "
        "mmgeneration bgr, except for files named convert-studio-rgb; for the "
        "others rgb.",
    )
    flags.DEFINE_integer(
        "num_classes",
        None,
        "Number of classes that the checkpoint must have. Default: any.",
        lower_bound=1,
    )
    flags.DEFINE_string(
        "dataset",
        None,
        "Data set that sagan-eval compares with, as in Config.dataset. "
        "Default: cifar10 for 10 classes at 32 px, imagenet2012 for 1000 "
        "classes, otherwise image_folder.",
    )
    common.define_path(
        "data_dir", "", "Directory of that data set.", schemes=("gs", "s3")
    )
    _define_conventions()


def _define_conventions():
    """Defines the flags that are for MMGeneration only."""
    flags.DEFINE_bool(
        "averaged",
        None,
        "mmgeneration: use the generator's moving average. Default: if there "
        "is one.",
    )
    flags.DEFINE_bool(
        "rectified_shortcut",
        None,
        "mmgeneration: the discriminator's ReLUs were in-place, so its "
        "shortcuts start after the ReLU. Default: only in files named "
        "convert-studio or wReLUinplace. (studiogan: always.)",
    )
    flags.DEFINE_float(
        "epsilon",
        None,
        "mmgeneration: epsilon of batch normalization. Default: 1e-5 if "
        "convolutions are spectrally normalized and class embeddings are not, "
        "otherwise 1e-4. (studiogan: 1e-4; authors: 1e-5.)",
    )
    flags.DEFINE_float(
        "gain_offset",
        None,
        "mmgeneration: constant added to each class's gains. Default: 1, as "
        "in all of its published SAGANs. (studiogan: 1; authors: 0.)",
    )


def main():
    from sagan_tf.importing import conversion

    conventions = {name: FLAGS[name].value for name in _CONVENTIONS}
    report = conversion.convert(
        FLAGS.source,
        [os.path.expanduser(path) for path in FLAGS.checkpoint],
        FLAGS.workdir,
        channel_order=FLAGS.channel_order,
        num_classes=FLAGS.num_classes,
        dataset=FLAGS.dataset,
        data_dir=FLAGS.data_dir,
        **{k: v for k, v in conventions.items() if v is not None},
    )
    print(report)
    print(f"Written to {FLAGS.workdir}.")


def run():
    """Runs the command `sagan-import`."""
    common.run_command(main, define_flags, __doc__)


if __name__ == "__main__":
    run()
