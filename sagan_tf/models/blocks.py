"""Layers and residual blocks of the generator and the discriminator."""

import dataclasses

import keras

from sagan_tf import layers

ATTENTION_VARIANTS = ("released", "paper")


@dataclasses.dataclass(frozen=True)
class Parts:
    """Makes a network's layers that have a kernel, all in the same way.

    The attributes are arguments of `build_generator`. Without resampling, a
    convolution is "direct" if the method is "strided".
    """

    spectral_normalization: bool = True
    attention_variant: str = "released"
    attention_resolutions: tuple = ()
    residual_resolutions: tuple = ()
    method: str = "auto"
    kernel_initializer: str = "glorot_uniform"
    differentiate_vectors: bool = False

    def __post_init__(self):
        if self.attention_variant not in ATTENTION_VARIANTS:
            raise ValueError(
                f"`attention_variant` must be one of {ATTENTION_VARIANTS}. "
                f"Received: attention_variant={self.attention_variant!r}"
            )

    def _normalized(self, layer):
        """Wraps `layer` in spectral normalization, if the network has it."""
        if not self.spectral_normalization:
            return layer
        return layers.SpectralNormalization(
            layer,
            differentiate_vectors=self.differentiate_vectors,
            name=layer.name,
        )

    def _with_kernel(self, layer_class, *args, **kwargs):
        return self._normalized(
            layer_class(
                *args, kernel_initializer=self.kernel_initializer, **kwargs
            )
        )

    def convolution(self, channels, kernel_size, name, use_bias=True):
        options = {
            "padding": "same",
            "use_bias": use_bias,
            "name": name,
            # Whatever `keras.config.image_data_format()` says.
            "data_format": "channels_last",
        }
        if kernel_size != 3:
            return self._with_kernel(
                keras.layers.Conv2D, channels, kernel_size, **options
            )
        method = "direct" if self.method == "strided" else self.method
        return self._with_kernel(
            layers.WinogradConv2D, channels, 3, method=method, **options
        )

    def resampling(self, layer_class, channels, name):
        return self._with_kernel(
            layer_class, channels, method=self.method, name=name
        )

    def dense(self, units, name, dtype=None):
        return self._with_kernel(
            keras.layers.Dense, units, name=name, dtype=dtype
        )

    def embedding(self, num_classes, channels, name):
        return self._normalized(
            keras.layers.Embedding(
                num_classes,
                channels,
                self.kernel_initializer,
                name=name,
                dtype="float32",
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

    def insert(self, features, resolution):
        """Adds self-attention, a residual block or nothing to `features`.

        Args:
            features: Keras tensor, the output of a block.
            resolution: Integer, height and width of `features`.
        """
        if resolution in self.attention_resolutions:
            name = f"attention{resolution}"
            return self.attention(features.shape[-1], name)(features)
        if resolution in self.residual_resolutions:
            return residual_block(features, self, f"residual{resolution}")
        return features


def generator_block(features, normalize, channels, parts, name):
    """Builds a residual block that doubles height and width.

    Args:
        features: (batch, height, width, ...) Keras tensor.
        normalize: Function from (features, name) to normalized features.
        channels: Integer, number of output channels.
        parts: `Parts`.
        name: String, prefix of the layers' names.
    """
    residual = normalize(features, f"{name}_normalization1")
    residual = keras.layers.ReLU()(residual)
    residual = parts.resampling(
        layers.UpsampleConv2D, channels, f"{name}_convolution1"
    )(residual)
    residual = normalize(residual, f"{name}_normalization2")
    residual = keras.layers.ReLU()(residual)
    residual = parts.convolution(channels, 3, f"{name}_convolution2")(residual)
    # A 1x1 convolution commutes with upsampling and is cheaper before it.
    shortcut = parts.convolution(channels, 1, f"{name}_shortcut")(features)
    shortcut = keras.layers.UpSampling2D(data_format="channels_last")(shortcut)
    return keras.layers.Add()([shortcut, residual])


def residual_block(features, parts, name):
    """Builds a residual block in the place of self-attention.

    It is ReLU, a 3x3 convolution to C/8 channels, ReLU, and a 1x1 convolution
    back to C, both without bias, with the identity as shortcut. It has
    9 C^2/8 + C^2/8 = 5 C^2/4 parameters. Self-attention has one more:
    2 C^2/8 + 2 C^2/2 = 5 C^2/4 and its gate `gamma`.

    Reference:
        - Zhang et al., https://arxiv.org/abs/1805.08318, table 1, "residual
          block". The paper gives only the number of its parameters, and
          the authors' code does not have it. These layers are our choice.
    """
    channels = features.shape[-1]
    residual = keras.layers.ReLU()(features)
    residual = parts.convolution(
        max(1, channels // 8), 3, f"{name}_convolution1", use_bias=False
    )(residual)
    residual = keras.layers.ReLU()(residual)
    residual = parts.convolution(
        channels, 1, f"{name}_convolution2", use_bias=False
    )(residual)
    return keras.layers.Add()([features, residual])


def discriminator_block(
    features,
    channels,
    parts,
    name,
    downsample=True,
    first=False,
    rectified_shortcut=False,
):
    """Builds a residual block that can halve height and width.

    Args:
        features, channels, parts, name: As in `generator_block`.
        downsample: Boolean, whether height and width are halved.
        first: Boolean, whether `features` are the images. Images do not go
            through a ReLU, which would set their negative values to 0.
        rectified_shortcut: Boolean, whether the shortcut starts from the ReLU
            of `features` instead of `features`.
    """
    rectified = features if first else keras.layers.ReLU()(features)
    residual = parts.convolution(channels, 3, f"{name}_convolution1")(rectified)
    residual = keras.layers.ReLU()(residual)
    if downsample:
        residual = parts.resampling(
            layers.DownsampleConv2D, channels, f"{name}_convolution2"
        )(residual)
    else:
        residual = parts.convolution(channels, 3, f"{name}_convolution2")(
            residual
        )
    shortcut = rectified if rectified_shortcut else features
    if downsample:
        # A 1x1 convolution commutes with pooling and is cheaper after it.
        shortcut = keras.layers.AveragePooling2D(
            2, data_format="channels_last"
        )(shortcut)
    if downsample or features.shape[-1] != channels:
        shortcut = parts.convolution(channels, 1, f"{name}_shortcut")(shortcut)
    return keras.layers.Add()([shortcut, residual])
