"""The real images nearest to generated ones: has it memorised?"""

import numpy as np
import tensorflow as tf

from sagan_tf import data
from sagan_tf.evaluation import Evaluator, references
from sagan_tf.images import to_float


def nearest_images(images, config, count=5, inception=None):
    """Finds the real images whose features are nearest to generated ones'.

    Args:
        images: uint8 (images, height, width, 3).
        config: The run's `Config`, for its data and its extractor.
        count: Integer, how many of each.
        inception: Path of a local Inception SavedModel, or None.

    Returns:
        uint8 array (images, count, height, width, 3), the nearest first, and
        their distances, float32 (images, count).

    Raises:
        ValueError: If the data or the extractor are not to be had.
    """
    evaluator = Evaluator(config, inception=inception)
    strategy = tf.distribute.get_strategy()
    reference, _ = references.load(
        config,
        evaluator.protocol,
        evaluator.extractor,
        strategy,
        evaluator.batch_size,
    )
    features, _ = evaluator.extractor.run(to_float(images))
    distances = np.stack(
        [
            np.linalg.norm(reference.features - feature, axis=-1)
            for feature in features.numpy()
        ]
    )
    order = np.argsort(distances, axis=1)[:, :count]
    source = data.open_source(config.dataset, config.data_dir, config.split)
    source = data.evenly_spaced(source, reference.count)
    # Where each row of the reference came from.
    places = references.positions(reference)[order]
    wanted = {int(place): None for place in places.ravel()}
    dataset = data.ordered_dataset(source, config.image_size)
    for index, (image, _, _) in enumerate(dataset):
        if index in wanted:
            wanted[index] = image.numpy()
    found = np.stack([[wanted[int(place)] for place in row] for row in places])
    return found, np.take_along_axis(distances, order, axis=1)
