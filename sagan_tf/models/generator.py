"""The generator: latents and labels to images."""

import keras

from sagan_tf import layers
from sagan_tf.models import architecture, blocks


def build_generator(
    image_size=128,
    base_channels=64,
    num_classes=1000,
    latent_dim=128,
    attention_resolutions=(32,),
    spectral_normalization=True,
    attention_variant="released",
    residual_resolutions=(),
    momentum=0.999,
    final_momentum=0.9999,
    epsilon=1e-5,
    synchronized=False,
    method="auto",
    kernel_initializer="glorot_uniform",
    differentiate_vectors=False,
    name="generator",
):
    """Builds SAGAN's generator as a functional model.

    A dense layer to 4x4, residual up-blocks with conditional batch
    normalization, self-attention, batch normalization, ReLU, a 3x3
    convolution and tanh.

    Args:
        image_size: 32, 64, 128 or 256, height and width of the images.
        base_channels: Integer, channels of the narrowest block at 128 px;
            the paper's network: 64.
        num_classes: Integer, or None for an unconditional generator, which
            has no `labels` input and plain batch normalization.
        latent_dim: Integer, length of a latent vector.
        attention_resolutions: Feature-map sizes followed by self-attention.
            Authors' code: (32,); the paper's headline row, StudioGAN and
            MMGeneration: (64,), at 128 px.
        spectral_normalization: Boolean, whether kernels are spectrally
            normalized. Gains and biases of the classes are not.
        attention_variant: "released" (values of C/2 channels, 2x2 max pool,
            as in public code) or "paper" (values of C/8, no pool).
        residual_resolutions: Feature-map sizes followed by a residual block
            with as many parameters as self-attention, as in the paper's
            table 1.
        momentum: Float, momentum of the blocks' batch normalization.
        final_momentum: Float, momentum of the last batch normalization.
        epsilon, synchronized: See `ConditionalBatchNormalization`.
        method: "auto", "direct", "strided" or "winograd", how 3x3
            convolutions are computed; see `UpsampleConv2D`.
        kernel_initializer: Name of a Keras initializer.
        differentiate_vectors: Boolean, see `SpectralNormalization`.
        name: String, name of the model.

    Returns:
        A `keras.Model` from `latents`, float32 (batch, latent_dim), and
        `labels`, int32 (batch,) in [0, num_classes), to `images`, float32
        (batch, image_size, image_size, 3) in [-1, 1].

    Raises:
        ValueError: If an argument is not as above.

    Example:

    >>> generator = build_generator(image_size=32, num_classes=10,
    ...                             attention_resolutions=(16,))
    >>> generator([np.zeros((1, 128), "float32"), np.array([3])]).shape
    (1, 32, 32, 3)

    Reference:
        - Zhang et al., [Self-Attention Generative Adversarial Networks](
          https://arxiv.org/abs/1805.08318), section 5, and the authors' code.
    """
    parts = blocks.Parts(
        spectral_normalization,
        attention_variant,
        attention_resolutions,
        residual_resolutions,
        method,
        kernel_initializer,
        differentiate_vectors,
    )
    (_, width), *up_blocks = architecture.generator_blocks(image_size)
    architecture.check_resolutions("generator", up_blocks, parts)
    architecture.check_sizes(base_channels=base_channels, latent_dim=latent_dim)
    if num_classes is not None:
        architecture.check_sizes(num_classes=num_classes)
    latents = keras.Input((latent_dim,), name="latents", dtype="float32")
    inputs = latents
    if num_classes is not None:
        labels = keras.Input((), name="labels", dtype="int32")
        inputs = [latents, labels]
    statistics = {"epsilon": epsilon, "synchronized": synchronized}

    def normalize(features, layer_name):
        options = {"momentum": momentum, "name": layer_name, **statistics}
        if num_classes is None:
            return keras.layers.BatchNormalization(**options)(features)
        return layers.ConditionalBatchNormalization(num_classes, **options)(
            [features, labels]
        )

    channels = width * base_channels
    features = parts.dense(16 * channels, "dense")(latents)
    features = keras.layers.Reshape((4, 4, channels))(features)
    for index, (resolution, width) in enumerate(up_blocks, start=1):
        features = blocks.generator_block(
            features, normalize, width * base_channels, parts, f"block{index}"
        )
        features = parts.insert(features, resolution)
    features = keras.layers.BatchNormalization(
        momentum=final_momentum, name="normalization", **statistics
    )(features)
    return keras.Model(inputs, _images(features, parts), name=name)


def _images(features, parts):
    features = keras.layers.ReLU()(features)
    features = parts.convolution(3, 3, "convolution")(features)
    return keras.layers.Activation("tanh", name="images", dtype="float32")(
        features
    )
