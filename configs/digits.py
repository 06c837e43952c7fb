"""Scikit-learn's handwritten digits, at 32 px: minutes on two CPU cores.

    python train.py --config=configs/digits.py --workdir=DIR
    python eval.py --workdir=DIR

`make demo` runs this; README.md has its result. The data, 1,797 real images of
8x8 pixels, come with scikit-learn. The recipe is the paper's (hinge loss,
spectral normalization of both networks, two learning rates, self-attention) on
StudioGAN's 32 px networks, made small and quick: the learning rates are 4 times
the paper's, the generator is averaged, and the moving statistics settle within
the run. Mode seeking regularization is added. Without it the images of a class
became alike as soon as the classes were right, with every recipe tried.
"""

from sagan_tf.config import Config


def get_config():
    return Config(
        dataset="digits",
        image_size=32,
        base_channels=8,
        discriminator_base_channels=16,
        attention_resolutions=(16,),
        batch_normalization_momentum=0.9,
        final_batch_normalization_momentum=0.9,
        batch_size=32,
        steps=1050,
        generator_learning_rate=4e-4,
        discriminator_learning_rate=1.6e-3,
        ema_decay=0.95,
        mode_seeking_weight=1.0,
        log_every_steps=50,
        sample_every_steps=100,
        checkpoint_every_steps=100,
        eval_every_steps=350,
        eval_images=2000,
        extractor="classifier",
    )
