"""Sets of images, opened from what a person names them by."""

import os

import numpy as np

from sagan_tf.evaluation.extractors import checked_range
from sagan_tf.evaluation.sets import arrays, generated, pictures, statistics


def open_images(
    given, name, draw, value_range=None, data_dir="", checkpoint=None
):
    """Opens images that are given in any form.

    Args:
        given: As `generated` in `evaluate_images`.
        name: Name of the argument, for errors: "generated" or "real".
        draw: Number of images that a generator draws, seed, truncation.
        value_range: Two numbers, or None.
        data_dir: As in `evaluate_images`.
        checkpoint: Dictionary of arguments of `load_generator`.

    Returns:
        An `ImageSet`, or an `Extracted` of saved statistics.

    Raises:
        ValueError: If there are no such images.
    """
    argument = f"{name}_range"
    if value_range is not None:
        value_range = checked_range(value_range, argument)
    if isinstance(given, (str, os.PathLike)):
        return _open_path(
            os.path.expanduser(given),
            name,
            draw,
            value_range,
            data_dir,
            checkpoint or {},
        )
    if isinstance(given, np.ndarray):
        return arrays.of_images(given, None, name, value_range, argument)
    if isinstance(given, tuple) and len(given) == 2:
        return arrays.of_images(
            np.asarray(given[0]),
            np.asarray(given[1]),
            name,
            value_range,
            argument,
        )
    return arrays.of_batches(given, name, value_range, argument)


def _open_path(path, name, draw, value_range, data_dir, checkpoint):
    if value_range is not None and not arrays.is_array_file(path):
        raise ValueError(
            f"`{name}_range` has no effect except on .npy and .npz files. "
            f"Received: {path}"
        )
    if path.startswith(("tfds:", "digits:")):
        return pictures.of_data_set(path, data_dir)
    if not os.path.exists(path):
        raise ValueError(
            f"`{name}` must be a folder of pictures, an .npy or .npz file, the "
            "directory of a run or of an exported generator, saved statistics, "
            f"or tfds:NAME:SPLIT. Received: {path!r}, which does not exist"
        )
    if statistics.is_statistics_file(path):
        return statistics.read_statistics(path)
    if arrays.is_array_file(path):
        return arrays.of_array(path, value_range, f"{name}_range")
    if generated.is_run(path):
        return generated.of_run(path, *draw, **checkpoint)
    if generated.exported(path) is not None:
        return generated.of_saved_model(path, *draw)
    if not os.path.isdir(path):
        raise ValueError(
            f"`{name}` must be a folder, an .npy, .npz or .pt file. "
            f"Received: {path!r}"
        )
    return pictures.of_folder(path)
