"""The networks of a configuration."""

import keras

from sagan_tf.models.discriminator import build_discriminator
from sagan_tf.models.generator import build_generator


def build_networks(config):
    """Builds the generator and the discriminator of a configuration.

    Args:
        config: `Config` whose `num_classes` is that of its data.

    Returns:
        Two `keras.Model`s, the generator and the discriminator.

    Raises:
        ValueError: If a field does not fit the networks.
    """
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(config.precision)
    try:
        common = {
            "image_size": config.image_size,
            "num_classes": config.num_classes,
            "attention_resolutions": config.attention_resolutions,
            "attention_variant": config.attention_variant,
            "residual_resolutions": config.residual_resolutions,
            "kernel_initializer": config.kernel_initializer,
            "differentiate_vectors": config.differentiate_vectors,
        }
        generator = build_generator(
            base_channels=config.base_channels,
            latent_dim=config.latent_dim,
            spectral_normalization=config.generator_spectral_normalization,
            momentum=config.batch_normalization_momentum,
            final_momentum=config.final_batch_normalization_momentum,
            epsilon=config.batch_normalization_epsilon,
            synchronized=config.synchronized_batch_normalization,
            **common,
        )
        discriminator = build_discriminator(
            base_channels=config.discriminator_base_channels
            or config.base_channels,
            spectral_normalization=config.discriminator_spectral_normalization,
            conditioning=config.conditioning,
            rectified_shortcut=config.rectified_shortcut,
            **common,
        )
    finally:
        keras.config.set_dtype_policy(policy)
    return generator, discriminator
