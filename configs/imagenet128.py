"""ImageNet at 128 px, 1000 classes: every system of the paper by name.

    python train.py --config=configs/imagenet128.py:VARIANT --workdir=DIR \
        --config.data_dir=TFDS_DATA_DIR
    python eval.py --workdir=DIR

docs/variants.md has a row for each variant: the fields that differ, the size
of the networks and the published result. None was run here: one takes weeks of
GPU time.

The default variant is `released`, the authors' code: self-attention at 32 px
with values of C/2 channels and 2x2 max-pooled keys and values, Adam with betas
0 and 0.999, gradients through the vectors of the power iteration. The authors
published no result of this code; the figure beside it is the paper's, for
attention at 32 px. If a variant takes a value from another source, a comment
names the source.

`residual_feat8` to `residual_feat64` have a residual block in the place of
self-attention: a 3x3 convolution to C/8 channels and a 1x1 convolution back to
C, without biases. It has 5 C^2 / 4 parameters, one fewer than self-attention,
which has the gate `gamma`. Parameters of the block, in the generator and in the
discriminator: 1,310,720 and 327,680 at 8 px; 327,680 and 81,920 at 16 px;
81,920 and 20,480 at 32 px; 20,480 and 5,120 at 64 px.
"""

from sagan_tf.config import Config

_RESOLUTIONS = (8, 16, 32, 64)

# From the paper's section 5, instead of the code: Adam's beta_2 is 0.9. From
# Miyato et al.: the gradient of sigma treats its vectors as constants.
_PAPER = {"adam_beta_2": 0.9, "differentiate_vectors": False}

# The first curve of the stabilization figure: no attention, no spectral
# normalization in the generator, one learning rate. The paper does not give the
# learning rate; this is SNGAN's.
_BASELINE = {
    **_PAPER,
    "attention_resolutions": (),
    "generator_spectral_normalization": False,
    "generator_learning_rate": 2e-4,
    "discriminator_learning_rate": 2e-4,
}

# From Miyato and Koyama's paper and code (README_paper.md): batch 64 (16 on
# each of 4 GPUs), 5 discriminator updates, learning rates that fall linearly to
# 0 in the last 50,000 steps, Chainer's batch normalization. The networks are
# the SAGAN authors' without attention. Three things of Miyato and Koyama's are
# not here: inside a discriminator block they use the width of its input, their
# 3x3 convolutions have a Glorot gain of sqrt(2), and their generator's batch is
# 128.
_SNGAN = {
    **_BASELINE,
    "batch_size": 64,
    "discriminator_steps": 5,
    "linear_decay_steps": 50_000,
    "batch_normalization_momentum": 0.9,
    "final_batch_normalization_momentum": 0.9,
    "batch_normalization_epsilon": 2e-5,
}

VARIANTS = {
    "released": {},
    # SAGAN in table 2. Attention by the paper's equations: values of C/8
    # channels, no pooling.
    "paper": {
        **_PAPER,
        "attention_resolutions": (64,),
        "attention_variant": "paper",
    },
    # Table 1: attention at another resolution.
    **{f"feat{n}": {"attention_resolutions": (n,)} for n in _RESOLUTIONS},
    "no_attention": {"attention_resolutions": ()},
    **{
        f"residual_feat{n}": {
            "attention_resolutions": (),
            "residual_resolutions": (n,),
        }
        for n in _RESOLUTIONS
    },
    # The stabilization figure, left to right.
    "baseline": _BASELINE,
    "sn_both": {**_BASELINE, "generator_spectral_normalization": True},
    "sn_both_ttur": {
        **_BASELINE,
        "generator_spectral_normalization": True,
        "generator_learning_rate": 1e-4,
        "discriminator_learning_rate": 4e-4,
    },
    # The other systems in table 2. Their figures are those of Miyato and
    # Koyama's networks; "AC-GAN" is these with Odena et al.'s auxiliary
    # classifier.
    "sngan_projection": {**_SNGAN, "steps": 850_000},
    "acgan": {
        **_SNGAN,
        "steps": 450_000,
        "conditioning": "auxiliary_classifier",
    },
    # From MMGeneration, instead of the authors' code: attention at 64 px, an
    # averaged generator, momentum 0.9 and constant vectors. (Its epsilon of
    # spectral normalization is 1e-8 instead of 1e-12; both are below float32's
    # resolution.)
    "best_published": {
        "attention_resolutions": (64,),
        "differentiate_vectors": False,
        "batch_normalization_momentum": 0.9,
        "final_batch_normalization_momentum": 0.9,
        "ema_decay": 0.999,
        "ema_start_step": 2_000,
    },
}

_TABLE_1 = "paper, table 1"
_TABLE_2 = "paper, table 2"
_FIGURE = "a curve, no numbers (paper, stabilization figure)"
PUBLISHED = {
    "released": f"FID 18.28, IS 51.43 ({_TABLE_1})",
    "paper": f"FID 18.65, IS 52.52, intra-FID 83.7 ({_TABLE_2})",
    "feat8": f"FID 22.98, IS 43.15 ({_TABLE_1})",
    "feat16": f"FID 22.14, IS 45.94 ({_TABLE_1})",
    "feat32": f"FID 18.28, IS 51.43 ({_TABLE_1})",
    "feat64": f"FID 18.65, IS 52.52 ({_TABLE_1})",
    "no_attention": f"FID 22.96, IS 42.87 ({_TABLE_1})",
    "residual_feat8": f"FID 42.13, IS 23.17 ({_TABLE_1})",
    "residual_feat16": f"FID 22.40, IS 44.49 ({_TABLE_1})",
    "residual_feat32": f"FID 27.33, IS 38.50 ({_TABLE_1})",
    "residual_feat64": f"FID 28.82, IS 38.96 ({_TABLE_1})",
    "baseline": _FIGURE,
    "sn_both": _FIGURE,
    "sn_both_ttur": _FIGURE,
    "sngan_projection": f"FID 27.62, IS 36.8, intra-FID 92.4 ({_TABLE_2})",
    "acgan": f"IS 28.5, intra-FID 260.0 ({_TABLE_2})",
    "best_published": "FID 12.83, IS 69.54 ([MMGeneration]("
    "https://github.com/open-mmlab/mmgeneration/tree/master/configs/sagan), "
    "at step 826,000)",
}


def get_config(variant="released"):
    if variant not in VARIANTS:
        raise ValueError(
            f"--config: the variant must be one of {', '.join(VARIANTS)}. "
            f"Received: {variant}"
        )
    fields = {"differentiate_vectors": True, **VARIANTS[variant]}
    return Config(
        **fields,
        steps_per_call=100,
        log_every_steps=500,
        sample_every_steps=5_000,
        checkpoint_every_steps=5_000,
        eval_images=50_000,
    )
