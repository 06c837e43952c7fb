"""Makes a run's directory from other people's trained weights.

    sagan-import --source=mmgeneration --checkpoint=FILE.pth --workdir=DIR

eval.py, and `load_generator` of sagan_tf.workdir, then take DIR as that of a
run. The file NOTICE in it says where the weights are from. Keep the name of a
file as it was published: what the weights do not tell is taken from it.
"""

from absl import flags

from sagan_tf.commands import common
from sagan_tf.importing import conversion

_SOURCE = flags.DEFINE_enum(
    "source",
    None,
    ["mmgeneration", "studiogan", "authors"],
    "Program that trained the weights.",
    required=True,
)
_CHECKPOINT = flags.DEFINE_list(
    "checkpoint",
    None,
    "Its checkpoint. mmgeneration: FILE.pth; studiogan: G.pth,D.pth; authors: "
    "the prefix of a TensorFlow 1 checkpoint, DIR/model.ckpt-1000.",
    required=True,
)
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Directory to write; new or empty.", required=True
)
_CHANNEL_ORDER = flags.DEFINE_enum(
    "channel_order",
    None,
    ["rgb", "bgr"],
    "Order of the colours in the images that the weights were trained on. By "
    "default bgr for mmgeneration, but for files named convert-studio-rgb; "
    "rgb for the others.",
)
_AVERAGED = flags.DEFINE_bool(
    "averaged",
    None,
    "mmgeneration: whether to take the averaged generator; by default if "
    "there is one.",
)
_RECTIFIED_SHORTCUT = flags.DEFINE_bool(
    "rectified_shortcut",
    None,
    "mmgeneration: whether the discriminator's ReLUs were in place, so that "
    "its shortcuts start from them; by default in files named convert-studio "
    "or wReLUinplace. (studiogan: always.)",
)
_EPSILON = flags.DEFINE_float(
    "epsilon",
    None,
    "mmgeneration: of batch normalization; by default 1e-5 where convolutions "
    "have spectral normalization and the tables by class have none, else 1e-4. "
    "(studiogan: 1e-4; authors: 1e-5.)",
)
_GAIN_OFFSET = flags.DEFINE_float(
    "gain_offset",
    None,
    "mmgeneration: what is added to the scales by class; by default 1, as in "
    "all its published SAGANs. (studiogan: 1; authors: 0.)",
)
_NUM_CLASSES = flags.DEFINE_integer(
    "num_classes",
    None,
    "Number of classes that the checkpoint must have; by default any.",
    lower_bound=1,
)
_DATASET = flags.DEFINE_string(
    "dataset",
    None,
    "What eval.py compares with, see sagan_tf/config.py. By default cifar10 "
    "for 10 classes at 32 px, imagenet2012 for 1000 classes, else "
    "image_folder.",
)
_DATA_DIR = flags.DEFINE_string("data_dir", "", "Where that data set is.")


def main(_):
    with common.one_line_errors():
        conventions = {
            "averaged": _AVERAGED.value,
            "rectified_shortcut": _RECTIFIED_SHORTCUT.value,
            "epsilon": _EPSILON.value,
            "gain_offset": _GAIN_OFFSET.value,
        }
        report = conversion.convert(
            _SOURCE.value,
            _CHECKPOINT.value,
            _WORKDIR.value,
            channel_order=_CHANNEL_ORDER.value,
            num_classes=_NUM_CLASSES.value,
            dataset=_DATASET.value,
            data_dir=_DATA_DIR.value,
            **{k: v for k, v in conventions.items() if v is not None},
        )
        print(report)
        print(f"Written to {_WORKDIR.value}.")


def run():
    """The console command `sagan-import`."""
    common.run_command(__name__, main)


if __name__ == "__main__":
    run()
