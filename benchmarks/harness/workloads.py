"""The work that several programs time.

Each function returns a function that does the work once, and a dictionary of
facts about it, as `pairs.run` wants. It runs in a child process, so it imports
the libraries itself.
"""

import numpy as np

from . import pairs

# By image size: classes, size of the attention's feature map, batch size.
SIZES = {32: (10, 16, 16), 64: (1000, 32, 8), 128: (1000, 64, 8)}


def _tensorflow():
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(pairs.cores())
    return tf


def configuration(image_size, base_channels=64, batch_size=None, **fields):
    """Returns the `Config` that the programs measure at an image size.

    Args:
        image_size: 32, 64 or 128.
        base_channels: Integer, see `Config`.
        batch_size: Integer; by default that of `SIZES`.
        **fields: Other fields of `Config`.
    """
    from sagan_tf import Config

    num_classes, attention, batch = SIZES[image_size]
    return Config(
        **{
            "image_size": image_size,
            "base_channels": base_channels,
            "batch_size": batch_size or batch,
            "num_classes": num_classes,
            "attention_resolutions": (attention,),
            "ema_decay": 0.999,
            **fields,
        }
    )


def random_images(config):
    """Returns random images in [-1, 1] and labels, the same at each call."""
    random = np.random.default_rng(0)
    size = config.image_size
    shape = (config.batch_size, size, size, 3)
    images = random.uniform(-1, 1, shape).astype("float32")
    return images, random.integers(0, config.num_classes, config.batch_size)


def training_step(**fields):
    """Makes one training step of the checkout that the child imports.

    The step is one discriminator and one generator update, with Adam and the
    moving average of the generator, on the same random images at each call.

    Args:
        **fields: Arguments of `configuration`.
    """
    tf = _tensorflow()
    from sagan_tf import training

    config = configuration(**fields)
    gan = training.build_gan(config, tf.distribute.get_strategy())
    return step_of(gan, config)


def step_of(gan, config):
    """Makes the training step of a compiled `SAGAN`."""
    tf = _tensorflow()
    import sagan_tf

    images, labels = random_images(config)
    data = tf.constant(images), tf.constant(labels, tf.int32)
    step = tf.function(gan.train_step)
    facts = {
        "parameters": [
            sum(int(np.prod(w.shape)) for w in network.trainable_variables)
            for network in (gan.generator, gan.discriminator)
        ],
        "package": sagan_tf.__file__,
    }
    return lambda: float(step(data)["generator_loss"]), facts
