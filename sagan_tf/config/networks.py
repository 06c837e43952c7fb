"""Fields of a configuration: the two networks."""

import dataclasses

from sagan_tf.utils import fields


@dataclasses.dataclass
class NetworkFields(fields.Fields):
    """The two networks."""

    base_channels: int = fields.field(
        64, "Channels of the networks' narrowest block at 128 px.", at_least=1
    )
    discriminator_base_channels: int | None = fields.field(
        None,
        "The same of the discriminator alone. None: `base_channels`.",
        at_least=1,
    )
    latent_dim: int = fields.field(
        128, "Length of a latent vector.", at_least=1
    )
    attention_resolutions: tuple[int, ...] = fields.field(
        (32,), "Feature-map sizes followed by self-attention, in both networks."
    )
    attention_variant: str = fields.field(
        "released",
        "Self-attention of the authors' released code or of the paper's "
        "equations; see `build_generator`.",
        choices=("released", "paper"),
    )
    residual_resolutions: tuple[int, ...] = fields.field(
        (),
        "Feature-map sizes that are followed by a residual block instead of "
        "self-attention, in both networks.",
    )
    conditioning: str = fields.field(
        "projection",
        "How the discriminator uses the class.",
        choices=("projection", "auxiliary_classifier"),
    )
    rectified_shortcut: bool = fields.field(
        False, "Whether shortcuts are StudioGAN's; see `build_discriminator`."
    )
    generator_spectral_normalization: bool = fields.field(
        True, "Whether the generator has spectral normalization."
    )
    discriminator_spectral_normalization: bool = fields.field(
        True, "Whether the discriminator has spectral normalization."
    )
    kernel_initializer: str = fields.field(
        "glorot_uniform",
        "Initializer of kernels. Authors' code: glorot_uniform; StudioGAN, and "
        "MMGeneration on CIFAR-10: orthogonal.",
        choices=("glorot_uniform", "orthogonal"),
    )
    batch_normalization_momentum: float = fields.field(
        0.999,
        "Momentum of the moving averages of batch normalization in the "
        "generator's blocks.",
        at_least=0,
        at_most=1,
    )
    final_batch_normalization_momentum: float = fields.field(
        0.9999,
        "Momentum of the moving averages of the generator's last batch "
        "normalization.",
        at_least=0,
        at_most=1,
    )
    batch_normalization_epsilon: float = fields.field(
        1e-5, "Added to the variance in batch normalization.", above=0
    )
    synchronized_batch_normalization: bool = fields.field(
        False,
        "Whether batch normalization takes its statistics over the batches of "
        "all replicas.",
    )
    differentiate_vectors: bool = fields.field(
        False,
        "Whether the gradient of spectral normalization goes through the "
        "power iteration, as in the authors' code.",
    )
