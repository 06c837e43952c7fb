"""The directory of a run, its workdir: all that knows its layout.

config.json          the configuration, resolved
checkpoints/         the last checkpoints; in checkpoints/best/ the one with
                     the best Frechet distance in training
samples/             a grid of samples from fixed latents for each step
metrics.jsonl        a line of metrics every `log_every_steps`
tensorboard/         the same metrics and more for TensorBoard
eval/                a JSON file and a grid for each evaluation
lock                 names the process that is training here
"""

from sagan_tf.workdir.loading import load_discriminator, load_generator
from sagan_tf.workdir.paths import Workdir

__all__ = ["Workdir", "load_discriminator", "load_generator"]
