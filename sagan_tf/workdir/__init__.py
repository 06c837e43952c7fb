"""What a run leaves in its directory, and models read back from it.

config.json          the configuration, resolved
checkpoints/         the last ones; checkpoints/best/ that of the best
                     Frechet distance, if evaluated in training
samples/             a grid of samples from fixed latents, by step
metrics.jsonl        a line of metrics every `log_every_steps`
tensorboard/         the same and more for TensorBoard
eval/                a JSON, and a grid, for each evaluation
lock                 names the process that trains here, while it does
"""

from sagan_tf.workdir.loading import load_discriminator, load_generator
from sagan_tf.workdir.paths import Workdir

__all__ = ["Workdir", "load_discriminator", "load_generator"]
