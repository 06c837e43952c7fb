"""Residual blocks of the generator and the discriminator."""

import dataclasses

import keras

from sagan_tf import layers
from sagan_tf.layers.resampling_base import FOLDINGS

ATTENTION_VARIANTS = ("released", "paper")


@dataclasses.dataclass(frozen=True)
class Convolutions:
    """How a network makes its layers with a kernel.

    Attributes:
        spectral_normalization: Whether kernels are spectrally normalized.
        folded: Whether convolutions are folded with their resampling, and
            computed by minimal filtering where that is faster. "products" and
            "convolution" ask for one form throughout.
        kernel_initializer: Name of a Keras initializer.
        differentiate_vectors: See `SpectralNormalization`.
        attention_variant: "released" (values of C/2, 2x2 max pool) or
            "paper" (values of C/8, no pool).
        blockwise_attention: Whether large attention is computed in blocks.
    """

    spectral_normalization: bool = True
    folded: bool | str = True
    kernel_initializer: str = "glorot_uniform"
    differentiate_vectors: bool = False
    attention_variant: str = "released"
    blockwise_attention: bool = True

    def __post_init__(self):
        if self.folded not in FOLDINGS:
            raise ValueError(
                f"`folded` must be one of {FOLDINGS}. "
                f"Received: folded={self.folded!r}"
            )
        if self.attention_variant not in ATTENTION_VARIANTS:
            raise ValueError(
                f"`attention_variant` must be one of {ATTENTION_VARIANTS}. "
                f"Received: attention_variant={self.attention_variant!r}"
            )

    def normalized(self, layer):
        """Wraps `layer` in spectral normalization, if the network has it."""
        if not self.spectral_normalization:
            return layer
        return layers.SpectralNormalization(
            layer,
            differentiate_vectors=self.differentiate_vectors,
            name=layer.name,
        )

    def convolution(self, channels, kernel_size, name, **kwargs):
        layer_class = keras.layers.Conv2D
        if kernel_size == 3 and self.folded:
            layer_class = layers.WinogradConv2D
            kwargs["form"] = "auto" if self.folded is True else self.folded
        return self.normalized(
            layer_class(
                channels,
                kernel_size,
                padding="same",
                kernel_initializer=self.kernel_initializer,
                name=name,
                **kwargs,
            )
        )

    def resampling(self, layer_class, channels, name):
        return self.normalized(
            layer_class(
                channels,
                folded=self.folded,
                kernel_initializer=self.kernel_initializer,
                name=name,
            )
        )

    def dense(self, units, name, **kwargs):
        return self.normalized(
            keras.layers.Dense(
                units,
                kernel_initializer=self.kernel_initializer,
                name=name,
                **kwargs,
            )
        )

    def embedding(self, num_classes, channels, name, **kwargs):
        return self.normalized(
            keras.layers.Embedding(
                num_classes,
                channels,
                embeddings_initializer=self.kernel_initializer,
                name=name,
                **kwargs,
            )
        )

    def attention(self, channels, name):
        released = self.attention_variant == "released"
        return layers.SelfAttention(
            value_channels=None if released else max(1, channels // 8),
            pool=released,
            spectral_normalization=self.spectral_normalization,
            kernel_initializer=self.kernel_initializer,
            differentiate_vectors=self.differentiate_vectors,
            blockwise=self.blockwise_attention,
            name=name,
        )


def insert(
    features,
    resolution,
    attention_resolutions,
    residual_resolutions,
    convolutions,
):
    """Adds the self-attention, or the block in its place, of a resolution."""
    if resolution in attention_resolutions:
        name = f"attention{resolution}"
        return convolutions.attention(features.shape[-1], name)(features)
    if resolution in residual_resolutions:
        return residual_block(features, convolutions, f"residual{resolution}")
    return features


def generator_block(features, normalize, channels, convolutions, name):
    """Residual block that doubles the resolution.

    Args:
        features: (batch, height, width, channels) Keras tensor.
        normalize: Function of (features, name) to normalized features.
        channels: Integer, number of output channels.
        convolutions: `Convolutions`.
        name: String, prefix of the layers' names.

    Returns:
        (batch, 2 * height, 2 * width, channels) Keras tensor.
    """
    residual = normalize(features, f"{name}_normalization1")
    residual = keras.layers.ReLU()(residual)
    residual = convolutions.resampling(
        layers.UpsampleConv2D, channels, f"{name}_convolution1"
    )(residual)
    residual = normalize(residual, f"{name}_normalization2")
    residual = keras.layers.ReLU()(residual)
    residual = convolutions.convolution(channels, 3, f"{name}_convolution2")(
        residual
    )
    # A 1x1 convolution commutes with upsampling and is cheaper before it.
    shortcut = convolutions.convolution(channels, 1, f"{name}_shortcut")(
        features
    )
    shortcut = keras.layers.UpSampling2D()(shortcut)
    return keras.layers.Add()([shortcut, residual])


def residual_block(features, convolutions, name):
    """Residual block with as many parameters as a self-attention block.

    ReLU, a 3x3 convolution to C/8 channels, ReLU, a 1x1 convolution back to
    C, both without bias, and the identity as shortcut. That is
    9 C^2/8 + C^2/8 = 5 C^2/4 parameters. The attention block has
    2 C^2/8 + 2 C^2/2 = 5 C^2/4 and its gate `gamma`: one more.

    Args:
        features: (batch, height, width, channels) Keras tensor.
        convolutions: `Convolutions`.
        name: String, prefix of the layers' names.

    Returns:
        A Keras tensor of the shape of `features`.

    Reference:
        - Zhang et al., https://arxiv.org/abs/1805.08318, table 1, "residual
          block". The paper gives the number of its parameters and no more,
          and the authors' code does not have it; this composition is ours.
    """
    channels = features.shape[-1]
    residual = keras.layers.ReLU()(features)
    residual = convolutions.convolution(
        max(1, channels // 8), 3, f"{name}_convolution1", use_bias=False
    )(residual)
    residual = keras.layers.ReLU()(residual)
    residual = convolutions.convolution(
        channels, 1, f"{name}_convolution2", use_bias=False
    )(residual)
    return keras.layers.Add()([features, residual])


def discriminator_block(
    features,
    channels,
    convolutions,
    name,
    downsample=True,
    first=False,
    rectified_shortcut=False,
):
    """Residual block that halves the resolution, or keeps it.

    Args:
        features: (batch, height, width, channels) Keras tensor.
        channels: Integer, number of output channels.
        convolutions: `Convolutions`.
        name: String, prefix of the layers' names.
        downsample: Boolean, whether the resolution is halved.
        first: Boolean, whether `features` are the images themselves, which
            no ReLU must cut.
        rectified_shortcut: Boolean, whether the shortcut, too, starts from
            the ReLU of `features`.

    Returns:
        (batch, height / 2, width / 2, channels) Keras tensor; undivided
        without `downsample`.
    """
    rectified = features if first else keras.layers.ReLU()(features)
    residual = convolutions.convolution(channels, 3, f"{name}_convolution1")(
        rectified
    )
    residual = keras.layers.ReLU()(residual)
    if downsample:
        residual = convolutions.resampling(
            layers.DownsampleConv2D, channels, f"{name}_convolution2"
        )(residual)
    else:
        residual = convolutions.convolution(
            channels, 3, f"{name}_convolution2"
        )(residual)
    shortcut = rectified if rectified_shortcut else features
    if downsample:
        # A 1x1 convolution commutes with pooling and is cheaper after it.
        shortcut = keras.layers.AveragePooling2D(2)(shortcut)
    if downsample or features.shape[-1] != channels:
        shortcut = convolutions.convolution(channels, 1, f"{name}_shortcut")(
            shortcut
        )
    return keras.layers.Add()([shortcut, residual])
