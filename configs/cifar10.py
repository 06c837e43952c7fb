"""CIFAR-10 at 32 px, one GPU: the best published recipe, and the paper's
systems on the same networks.

    python train.py --config=configs/cifar10.py:VARIANT --workdir=DIR
    python eval.py --workdir=DIR

Without a VARIANT: `best_published`, MMGeneration's recipe, after StudioGAN's:
self-attention at 16 px, 5 discriminator steps, equal rates, Adam with betas
0.5 and 0.999, batch 64, mirrored images. Two parts of it are not here: spectral
normalization of the tables by class, and their scales as 1 plus a table with
orthogonal initialization (here the table starts at 1). The paper has no
CIFAR-10. docs/variants.md has a row for each variant; none was
run here.

`residual_feat...` has, in the place of self-attention, a residual block of
5 C^2 / 4 parameters, one fewer than self-attention: 81,920 in the generator
(C = 256) and 20,480 in the discriminator (C = 128), at 8 and at 16 px.
"""

from sagan_tf.config import Config

# The paper's section 4 against MMGeneration: one discriminator step, rates
# 1e-4 and 4e-4, betas 0 and 0.9; and Glorot's initialization, as the authors'
# code.
_PAPER = {
    "discriminator_steps": 1,
    "generator_learning_rate": 1e-4,
    "discriminator_learning_rate": 4e-4,
    "adam_beta_1": 0.0,
    "adam_beta_2": 0.9,
    "kernel_initializer": "glorot_uniform",
}

# As in imagenet128.py: SNGAN's rate, since the paper gives none.
_BASELINE = {
    **_PAPER,
    "attention_resolutions": (),
    "generator_spectral_normalization": False,
    "generator_learning_rate": 2e-4,
    "discriminator_learning_rate": 2e-4,
}

# Miyato and Koyama, their code (configs/sn_cifar10_conditional.yml): rates
# that fall linearly to 0 over the whole run, no mirrored images, Chainer's
# batch normalization. What differs still is said in imagenet128.py.
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
    # StudioGAN against MMGeneration: its ReLUs are in place.
    "studiogan": {"rectified_shortcut": True},
    # By the paper's equations: values of C/8, no pooling.
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
        # Orthogonal, 1e-4 and 0.9: MMGeneration and StudioGAN against the
        # authors' Glorot, 1e-5 and 0.999.
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
