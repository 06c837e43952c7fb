"""Residual blocks of the generator and the discriminator."""

import dataclasses

import keras

from sagan_tf import layers

ATTENTION_VARIANTS = ("released", "paper")


@dataclasses.dataclass(frozen=True)
class Convolutions:
    """How a network makes its layers with a kernel.

    Attributes:
        spectral_normalization: Whether kernels are spectrally normalized.
        folded: Whether convolutions are folded with their resampling.
        kernel_initializer: Name of a Keras initializer.
        differentiate_vectors: See `SpectralNormalization`.
        attention_variant: "released" (values of C/2, 2x2 max pool) or
            "paper" (values of C/8, no pool).
    """

    spectral_normalization: bool = True
    folded: bool = True
    kernel_initializer: str = "glorot_uniform"
    differentiate_vectors: bool = False
    attention_variant: str = "released"

    def __post_init__(self):
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

    def convolution(self, channels, kernel_size, name):
        return self.normalized(
            keras.layers.Conv2D(
                channels,
                kernel_size,
                padding="same",
                kernel_initializer=self.kernel_initializer,
                name=name,
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
            name=name,
        )


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


def discriminator_block(
    features, channels, convolutions, name, downsample=True, first=False
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

    Returns:
        (batch, height / 2, width / 2, channels) Keras tensor; undivided
        without `downsample`.
    """
    residual = features if first else keras.layers.ReLU()(features)
    residual = convolutions.convolution(channels, 3, f"{name}_convolution1")(
        residual
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
    shortcut = features
    if downsample:
        # A 1x1 convolution commutes with pooling and is cheaper after it.
        shortcut = keras.layers.AveragePooling2D(2)(shortcut)
    if downsample or features.shape[-1] != channels:
        shortcut = convolutions.convolution(channels, 1, f"{name}_shortcut")(
            shortcut
        )
    return keras.layers.Add()([shortcut, residual])
