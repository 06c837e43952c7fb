"""The work that several programs time.

Each maker returns a function that does the work once, and a dictionary of
facts about it; see `pairs.run`. It runs in a child process and imports the
libraries itself, so that a child holds only what it measures.
"""

import time

import numpy as np

from . import pairs

# By image size: classes, size of the feature map with attention, batch size.
SIZES = {32: (10, 16, 16), 64: (1000, 32, 8), 128: (1000, 64, 8)}
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


def tensorflow():
    """Returns TensorFlow, told to use the cores of this process."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(pairs.cores())
    return tf


def configuration(image_size, precision="float32", batch_size=None, **fields):
    """Returns the `Config` that the programs measure at an image size.

    Args:
        image_size: 32, 64 or 128.
        precision: "float32" or "bfloat16".
        batch_size: Integer; by default that of `SIZES`.
        **fields: Other fields of `Config`. Unless they say otherwise, the
            number of classes and the attention are those of `SIZES`, and the
            generator has a moving average.
    """
    from sagan_tf import Config

    num_classes, attention, batch = SIZES[image_size]
    defaults = {
        "num_classes": num_classes,
        "attention_resolutions": [attention],
        "ema_decay": 0.999,
    }
    fields = {**defaults, **fields}
    fields["attention_resolutions"] = tuple(fields["attention_resolutions"])
    return Config(
        image_size=image_size,
        precision=POLICIES[precision],
        batch_size=batch_size or batch,
        **fields,
    )


def _random_images(config):
    """Returns random images in [-1, 1] and labels, the same at each call."""
    random = np.random.default_rng(0)
    size = config.image_size
    shape = (config.batch_size, size, size, 3)
    images = random.uniform(-1, 1, shape).astype("float32")
    return images, random.integers(0, config.num_classes, config.batch_size)


def training_step(**fields):
    """Makes the training step that `train.py` would run.

    A step is one discriminator and one generator update, with Adam and the
    moving average of the generator, on the same random images at each call.

    Args:
        **fields: Arguments of `configuration`.
    """
    tf = tensorflow()
    from sagan_tf import training

    config = configuration(**fields)
    gan = training.build_gan(config, tf.distribute.get_strategy())
    return _step(gan, config)


def variant_step(variant=None, **fields):
    """Makes the training step with some of its optimizations off.

    Args:
        variant: Dictionary of arguments of `variant_gan`.
        **fields: Arguments of `configuration`.
    """
    config = configuration(**fields)
    return _step(variant_gan(config, **(variant or {})), config)


def variant_gan(
    config,
    method="auto",
    blockwise=True,
    divide_inputs=True,
    fused_adam=True,
):
    """Returns a compiled `SAGAN` with some of its optimizations off.

    Args:
        config: `Config`.
        method: String, how convolutions are computed; see `build_generator`.
        blockwise: Boolean, see `SelfAttention`.
        divide_inputs: Boolean, see `SpectralNormalization`.
        fused_adam: Boolean. False takes Keras' own Adam.
    """
    tensorflow()
    import keras

    from sagan_tf import SAGAN, optimizers

    networks = _networks(config, method, blockwise, divide_inputs)
    gan = SAGAN(*networks, ema_decay=config.ema_decay)
    adam = optimizers.FusedAdam if fused_adam else keras.optimizers.Adam
    rates = config.generator_learning_rate, config.discriminator_learning_rate
    options = config.adam_beta_1, config.adam_beta_2, config.adam_epsilon
    gan.compile(*(adam(rate, *options) for rate in rates))
    return gan


def network_arguments(config, method):
    """Returns the arguments of `build_generator` and `build_discriminator`.

    Sets Keras' dtype policy to that of the configuration.
    """
    import keras

    keras.config.set_dtype_policy(config.precision)
    return {
        "image_size": config.image_size,
        "base_channels": config.base_channels,
        "num_classes": config.num_classes,
        "attention_resolutions": config.attention_resolutions,
        "method": method,
    }


def _networks(config, method, blockwise, divide_inputs):
    from sagan_tf import layers, models

    arguments = network_arguments(config, method)
    networks = (
        models.build_generator(**arguments),
        models.build_discriminator(**arguments),
    )
    for network in networks:
        for layer in network.layers:
            if isinstance(layer, layers.SelfAttention):
                # Its own convolutions never divide their inputs, which are
                # larger than their kernels.
                layer.blockwise = blockwise
            if isinstance(layer, layers.SpectralNormalization):
                layer.divide_inputs = divide_inputs
    return networks


def _step(gan, config):
    tf = tensorflow()
    images, labels = _random_images(config)
    data = tf.constant(images), tf.constant(labels, tf.int32)
    step = tf.function(gan.train_step)
    facts = {
        "parameters": [
            sum(int(np.prod(w.shape)) for w in network.trainable_variables)
            for network in (gan.generator, gan.discriminator)
        ],
        "images": config.batch_size,
        # Before the first step: imports, weights, optimizers and images.
        "base_gibibytes": pairs.memory("VmRSS"),
    }
    return lambda: float(step(data)["generator_loss"]), facts


def pytorch_step(options, **fields):
    """Makes the training step of StudioGAN's networks in PyTorch.

    Args:
        options: List of the arguments of `pytorch_training.Trainer` that are
            true.
        **fields: Arguments of `configuration`.
    """
    import torch
    from peers import pytorch_sagan, pytorch_training

    config = configuration(**fields)
    networks = pytorch_networks(config)
    trainer = pytorch_training.Trainer(
        *networks,
        bfloat16=config.precision == "mixed_bfloat16",
        **dict.fromkeys(options, True),
    )
    images, labels = _random_images(config)
    images = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    labels = torch.from_numpy(labels)
    facts = {
        "parameters": pytorch_sagan.parameter_counts(*networks),
        "images": config.batch_size,
    }
    return lambda: trainer.step(images, labels), facts


def pytorch_networks(config):
    """Returns StudioGAN's generator and discriminator."""
    import torch
    from peers import pytorch_sagan

    torch.set_num_threads(pairs.cores())
    torch.manual_seed(0)
    (attention,) = config.attention_resolutions
    return pytorch_sagan.build(
        config.image_size, config.base_channels, config.num_classes, attention
    )


def matmul_peak(precision):
    """Makes the measurement of what the machine reaches in one operation.

    Its result is a pair of multiply-adds per second: of a matmul of 2048x2048
    matrices, and of a 3x3 convolution of 256 channels.
    """
    tf = tensorflow()
    matrix = tf.cast(tf.random.normal((2048, 2048)), precision)
    features = tf.cast(tf.random.normal((8, 64, 64, 256)), precision)
    kernel = tf.cast(tf.random.normal((3, 3, 256, 256)), precision)
    matmul = tf.function(lambda: tf.matmul(matrix, matrix))
    convolution = tf.function(lambda: tf.nn.conv2d(features, kernel, 1, "SAME"))

    def best(function, multiply_adds):
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            function().numpy()
            seconds.append(time.perf_counter() - start)
        return multiply_adds / min(seconds)

    def work():
        return [
            best(matmul, 2048**3),
            best(convolution, 8 * 64 * 64 * 9 * 256 * 256),
        ]

    return work, {}
