"""A folder of your own images, with classes or without.

    python train.py --config=configs/image_folder.py --workdir=DIR \
        --config.data_dir=IMAGES [--config.image_size=64]

IMAGES holds a folder for each class (IMAGES/cat/1.jpg), or the images
themselves, to train without classes. Images are cropped to their centre
square. The recipe is the paper's, with an averaged generator and mirrored
images, which help if there are few images. No result is given here, because it
depends on the images.
"""

from sagan_tf.config import Config


def get_config():
    return Config(
        dataset="image_folder",
        image_size=128,
        horizontal_flip=True,
        # A smaller network than ImageNet's for a smaller data set.
        base_channels=32,
        batch_size=32,
        steps=100_000,
        ema_decay=0.999,
        ema_start_step=1_000,
        log_every_steps=100,
        sample_every_steps=1_000,
        checkpoint_every_steps=1_000,
        eval_images=10_000,
    )
