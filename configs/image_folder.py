"""A folder of your own pictures, with classes or without.

    python train.py --config=configs/image_folder.py --workdir=DIR \
        --config.data_dir=PICTURES [--config.image_size=64]

PICTURES holds a folder for each class (PICTURES/cat/1.jpg), or the pictures
themselves, to train without classes. Images are cropped to their centre
square. The paper's recipe, with an averaged generator and mirrored images,
which small data sets want. Results depend on the pictures.
"""

from sagan_tf.config import Config


def get_config():
    return Config(
        dataset="image_folder",
        image_size=128,
        horizontal_flip=True,
        # A data set smaller than ImageNet needs, and fits, a smaller network.
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
