"""CIFAR-10 at 32 px, one GPU: the best published recipe, and the paper's
systems on the same networks.

    python train.py --config=configs/cifar10.py:VARIANT --workdir=DIR
    python eval.py --workdir=DIR

The default variant is `best_published`, MMGeneration's recipe, which follows
StudioGAN's: self-attention at 16 px, 5 discriminator steps, equal learning
rates, Adam with betas 0.5 and 0.999, batch 64, mirrored images. It differs from
MMGeneration in the class embeddings of batch normalization: here they have no
spectral normalization, and a gain is the embedding itself, which starts at 1,
instead of 1 plus an embedding with orthogonal initialization. The paper has no
CIFAR-10. docs/variants.md has a row for each variant; none was run here.

`residual_feat8` and `residual_feat16` have a residual block in the place of
self-attention. The block has 5 C^2 / 4 parameters, one fewer than
self-attention: 81,920 in the generator (C = 256) and 20,480 in the
discriminator (C = 128).
"""

from sagan_tf.config import Config

# From the paper's sections 4 and 5: one discriminator step, learning rates 1e-4
# and 4e-4, betas 0 and 0.9. From the authors' code: Glorot initialization.
_PAPER = {
    "discriminator_steps": 1,
    "generator_learning_rate": 1e-4,
    "discriminator_learning_rate": 4e-4,
    "adam_beta_1": 0.0,
    "adam_beta_2": 0.9,
    "kernel_initializer": "glorot_uniform",
}

# SNGAN's learning rate, as in imagenet128.py: the paper gives none.
_BASELINE = {
    **_PAPER,
    "attention_resolutions": (),
    "generator_spectral_normalization": False,
    "generator_learning_rate": 2e-4,
    "discriminator_learning_rate": 2e-4,
}

# From Miyato and Koyama's code (configs/sn_cifar10_conditional.yml): learning
# rates that fall linearly to 0 over the whole run, no mirrored images,
# Chainer's batch normalization. The comment in imagenet128.py lists what still
# differs.
_SNGAN = {
    **_BASELINE,
    "discriminator_steps": 5,
    "steps": 50_000,
    "linear_decay_steps": 50_000,
    "batch_normalization_epsilon": 2e-5,
    "horizontal_flip": False,
}

VARIANTS = {
    "best_published": {},
    # StudioGAN's ReLUs work in place, so the shortcut starts after them.
    "studiogan": {"rectified_shortcut": True},
    # Attention by the paper's equations: values of C/8 channels, no pooling.
    "paper": {**_PAPER, "attention_variant": "paper"},
    "feat8": {"attention_resolutions": (8,)},
    "feat16": {"attention_resolutions": (16,)},
    "no_attention": {"attention_resolutions": ()},
    "residual_feat8": {
        "attention_resolutions": (),
        "residual_resolutions": (8,),
    },
    "residual_feat16": {
        "attention_resolutions": (),
        "residual_resolutions": (16,),
    },
    "baseline": _BASELINE,
    "sn_both": {**_BASELINE, "generator_spectral_normalization": True},
    "sn_both_ttur": {
        **_BASELINE,
        "generator_spectral_normalization": True,
        "generator_learning_rate": 1e-4,
        "discriminator_learning_rate": 4e-4,
    },
    "sngan_projection": _SNGAN,
    "acgan": {**_SNGAN, "conditioning": "auxiliary_classifier"},
}

PUBLISHED = {
    "best_published": "FID 9.43, IS 9.32 ([MMGeneration]("
    "https://github.com/open-mmlab/mmgeneration/tree/master/configs/sagan))",
    "studiogan": "FID 10.35, IS 8.64 ([StudioGAN]("
    "https://github.com/POSTECH-CVLab/PyTorch-StudioGAN))",
    "sngan_projection": "FID 17.5, IS 8.62 ([Miyato and Koyama]("
    "https://arxiv.org/abs/1802.05637))",
}


def get_config(variant="best_published"):
    if variant not in VARIANTS:
        raise ValueError(
            f"--config: the variant must be one of {', '.join(VARIANTS)}. "
            f"Received: {variant}"
        )
    fields = {
        "attention_resolutions": (16,),
        # Initializer, epsilon and momentum are MMGeneration's and StudioGAN's.
        # The authors' code has Glorot, 1e-5 and 0.999.
        "kernel_initializer": "orthogonal",
        "batch_normalization_epsilon": 1e-4,
        "steps": 100_000,
        "discriminator_steps": 5,
        "generator_learning_rate": 2e-4,
        "discriminator_learning_rate": 2e-4,
        "adam_beta_1": 0.5,
        "horizontal_flip": True,
        **VARIANTS[variant],
    }
    return Config(
        **fields,
        dataset="cifar10",
        image_size=32,
        batch_normalization_momentum=0.9,
        final_batch_normalization_momentum=0.9,
        batch_size=64,
        steps_per_call=100,
        log_every_steps=500,
        sample_every_steps=5_000,
        checkpoint_every_steps=5_000,
        eval_images=50_000,
    )
