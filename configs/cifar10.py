"""CIFAR-10 at 32 px, one GPU.

    python train.py --config=configs/cifar10.py --workdir=DIR
    python eval.py --workdir=DIR

StudioGAN's and MMGeneration's recipe: 5 discriminator steps, equal rates,
Adam with betas 0.5 and 0.999, batch 64, horizontal flip, attention at 16 px.
The authors' paper has no CIFAR-10. Published with this recipe: FID 10.35,
IS 8.64 (StudioGAN); FID 9.43, IS 9.32 (MMGeneration). Not run here.
"""

from sagan_tf.config import Config


def get_config():
    return Config(
        dataset="cifar10",
        image_size=32,
        horizontal_flip=True,
        attention_resolutions=(16,),
        # StudioGAN: 1e-4 and 0.9; the authors' code: 1e-5 and 0.999.
        batch_normalization_epsilon=1e-4,
        batch_normalization_momentum=0.9,
        final_batch_normalization_momentum=0.9,
        batch_size=64,
        steps=100_000,
        discriminator_steps=5,
        generator_learning_rate=2e-4,
        discriminator_learning_rate=2e-4,
        adam_beta_1=0.5,
        adam_beta_2=0.999,
        steps_per_call=100,
        log_every_steps=500,
        sample_every_steps=5_000,
        checkpoint_every_steps=5_000,
        eval_images=50_000,
    )
