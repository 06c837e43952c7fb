"""Fields of a configuration: the training images."""

import dataclasses

from sagan_tf.utils import fields


@dataclasses.dataclass
class ImageFields(fields.Fields):
    """The training images."""

    dataset: str = fields.field(
        "imagenet2012",
        'Training images: "digits" (of scikit-learn, no download), '
        '"image_folder", or the name of a TensorFlow Datasets data set.',
    )
    data_dir: str = fields.field(
        "", "Image folder, or TensorFlow Datasets' directory (empty: its own)."
    )
    split: str = fields.field(
        "train",
        "Split of the TensorFlow Datasets data set to train on; for an image "
        "folder that has folders such as train/ and test/, which of them.",
    )
    label: str = fields.field(
        "",
        "Label feature of TensorFlow Datasets. Empty: label, or the only one.",
    )
    background: str = fields.field(
        "white", 'Colour that transparent pixels show: a name, or "#rrggbb".'
    )
    bad_images: str = fields.field(
        "stop",
        "What to do if images cannot be read; the log names each.",
        choices=("stop", "skip"),
    )
    small_images: str = fields.field(
        "stop",
        "What to do if images are smaller than `image_size`. A few small ones "
        "in a data set of TensorFlow Datasets are always enlarged.",
        choices=("stop", "enlarge"),
    )
    image_size: int = fields.field(
        128,
        "Height and width of the images in pixels. Images are cropped to their "
        "centre square and resized.",
        choices=(32, 64, 128, 256),
    )
    labels: bool = fields.field(
        True,
        "Whether the networks are class-conditional. False ignores labels.",
    )
    num_classes: int | None = fields.field(
        None,
        "Number of classes. None: as many as the data has. In the config.json "
        "of a run None means no classes.",
        at_least=1,
    )
    horizontal_flip: bool = fields.field(
        False, "Whether images are mirrored at random."
    )
    cache_gibibytes: float = fields.field(
        2.0,
        "Decoded images stay in memory if they need at most this many GiB.",
        at_least=0,
    )
