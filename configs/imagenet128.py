"""ImageNet at 128 px, 1000 classes: the paper's run, as its code does it.

    python train.py --config=configs/imagenet128.py --workdir=DIR \
        --config.data_dir=TFDS_DATA_DIR
    python eval.py --workdir=DIR

The authors' released code: attention at 32 px, Adam with betas 0 and 0.999
(the paper says 0.9), rates 1e-4 and 4e-4, batch 256, up to 2M steps. The
paper's table has FID 18.28 and IS 51.43 for attention at 32 px, its headline
row, FID 18.65 and IS 52.52, is of 64 px:
`--config.attention_resolutions="(64,)"`. Not run here.
"""

from sagan_tf.config import Config


def get_config():
    # The defaults of Config are this run.
    return Config(
        steps_per_call=100,
        log_every_steps=500,
        sample_every_steps=5_000,
        checkpoint_every_steps=5_000,
        eval_images=50_000,
    )
