"""The real images nearest to generated ones: has the generator memorised?"""

import numpy as np
import tensorflow as tf

from sagan_tf import data
from sagan_tf.evaluation import Evaluator, references
from sagan_tf.images import to_float


def nearest_images(images, config, count=5, inception=None):
    """Finds the real images nearest to given images, in feature space.

    Args:
        images: uint8 (images, height, width, 3), generated or real.
        config: The run's `Config`; it names the data set and the extractor
            of the features.
        count: Integer, number of real images for each given image.
        inception: Path of a local Inception SavedModel, or None.

    Returns:
        uint8 array (images, count, height, width, 3), the nearest image
        first, and float32 array (images, count), the distances.

    Raises:
        ValueError: If the data set or the extractor is not available.
    """
    evaluator = Evaluator(config, inception=inception)
    reference, _ = references.load(
        config,
        evaluator.protocol,
        evaluator.extractor,
        tf.distribute.get_strategy(),
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
    # Where in the data set each row of the reference came from.
    places = references.positions(reference)[order]
    real = _images_at(places, config, reference.count)
    return real, np.take_along_axis(distances, order, axis=1)


def _images_at(places, config, count):
    """Reads the images at some places of a data set thinned to `count`."""
    source = data.open_configured(config)
    source = data.spaced_source(source, count)
    wanted = set(places.ravel().tolist())
    found = {}
    dataset = data.ordered_dataset(source, config.image_size)
    for index, (image, _, _) in enumerate(dataset):
        if index in wanted:
            found[index] = image.numpy()
    return np.stack([[found[int(place)] for place in row] for row in places])
