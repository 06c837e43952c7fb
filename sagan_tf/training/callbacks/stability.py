"""Divergence, which stops a run, and signs of collapse, which are logged."""

import math

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from sagan_tf import layers
from sagan_tf.workdir import checkpoints

# Bounds beyond which a warning is logged, and the side of the warning. Sample
# diversity is in units of the images' range of 2; real digits have 0.5. With a
# hinge loss the gap is 2 when the discriminator has nothing more to learn. The
# kernels of these networks begin with a spectral norm of 1 to 3.
BOUNDS = {
    "sample_diversity": (0.05, "below"),
    "logits_gap": (6.0, "above"),
    "largest_sigma": (100.0, "above"),
}
_MEANING = {
    "sample_diversity": "samples of different latents are nearly the same",
    "logits_gap": "the discriminator tells real from generated too easily",
    "largest_sigma": "a kernel's spectral norm grows without end",
}


class DivergenceGuard(keras.callbacks.Callback):
    """Stops a run whose loss or gradient is no longer finite.

    Adam's moving averages stay NaN or infinite after one such gradient. So it
    is enough to check the weights and the optimizers' variables at the end of
    a window. This must be the first callback: nothing is then written of such
    a window, and the last checkpoint is good.

    Args:
        directory: Path of the run's checkpoints; the error names the last.

    Raises:
        FloatingPointError: On all workers. It names the loss or the variable,
            the window, and the last checkpoint.
    """

    def __init__(self, directory):
        super().__init__()
        self.directory = directory

    def on_train_begin(self, logs=None):
        self.first_step = int(self.model.step.numpy())
        # The optimizer comes before its network: it shows the gradient.
        self.variables = {
            f"{name} {variable.path}": variable.value
            for name in ("discriminator", "generator")
            for owner in (
                getattr(self.model, f"{name}_optimizer"),
                getattr(self.model, name),
            )
            for variable in owner.variables
            if variable.value.dtype.is_floating
        }
        self.all_finite = tf.function(self._all_finite)

    def _all_finite(self):
        return tf.stack(
            [
                tf.reduce_all(tf.math.is_finite(variable))
                for variable in self.variables.values()
            ]
        )

    def on_epoch_end(self, epoch, logs=None):
        self.check(logs)

    def on_train_end(self, logs=None):
        # Training may stop within a window.
        self.check(logs)

    def check(self, logs):
        step = int(self.model.step.numpy())
        wrong = [
            f"`{name}` is {value}"
            for name, value in (logs or {}).items()
            if not math.isfinite(value)
        ]
        if not wrong:
            finite = self.all_finite().numpy()
            wrong = [
                f"a gradient was not finite: `{name}`"
                for name, is_finite in zip(self.variables, finite, strict=True)
                if not is_finite
            ]
        if wrong:
            try:
                kept = checkpoints.newest_intact(self.directory) or "none"
            except ValueError:
                kept = "none that is intact"
            raise FloatingPointError(
                f"Training diverged after step {self.first_step} and by step "
                f"{step}: {wrong[0]}. Last good checkpoint: {kept}. The same "
                "command would end here again: use lower learning rates, or "
                "float32 instead of mixed precision"
            )
        self.first_step = step


def signs_of_collapse(logs, samples, norms):
    """Returns a dictionary of the quantities in `BOUNDS`.

    Args:
        logs: Dictionary with the mean logits.
        samples: uint8 (rows, columns, height, width, 3). A row has images of
            one class from different latents.
        norms: Dictionary that `spectral_norms` returned.
    """
    images = samples.astype("float32") / 127.5
    return {
        "sample_diversity": float(np.sqrt(images.var(axis=1).mean())),
        "logits_gap": logs["real_logits"] - logs["fake_logits"],
        **({"largest_sigma": max(norms.values())} if norms else {}),
    }


def warn(signs, before):
    """Logs a warning for each sign that has crossed its bound.

    Args:
        signs: Dictionary that `signs_of_collapse` returned now.
        before: Dictionary that it returned before, or {}.
    """
    for name, value in signs.items():
        bound, side = BOUNDS[name]
        if _is_beyond(name, value) and not _is_beyond(name, before.get(name)):
            if name == "sample_diversity" and name not in before:
                # An untrained generator's images are all alike.
                continue
            logging.warning(
                "%s is %.3g, %s %g: %s.",
                name,
                value,
                side,
                bound,
                _MEANING[name],
            )


def _is_beyond(name, value):
    if value is None:
        return False
    bound, side = BOUNDS[name]
    return value < bound if side == "below" else value > bound


def spectral_norms(model):
    """Returns the current sigma of each normalized layer, by name."""
    return {
        f"{network.name}_sigma/{layer.name}": float(layer.sigma())
        for network in (model.generator, model.discriminator)
        for layer in network.layers
        if isinstance(layer, layers.SpectralNormalization)
    }
