"""Callbacks that write metrics and samples."""

import gc
import json
import time

import keras
import tensorflow as tf

from sagan_tf import layers, sampling
from sagan_tf.images import (
    class_grid,
    class_images,
    save_png,
    shown_classes,
)
from sagan_tf.training.callbacks import stability
from sagan_tf.training.callbacks.intervals import due
from sagan_tf.utils import files
from sagan_tf.workdir import records, tensorboard

_ATTENTION_IMAGES = 4


class _EventWriter(keras.callbacks.Callback):
    """Base class of callbacks that write to TensorBoard.

    Args:
        config: `Config`.
        workdir: `Workdir`.
        sample: Function that `image_function` returned for the generator.
    """

    def __init__(self, config, workdir, sample):
        super().__init__()
        self.config = config
        self.workdir = workdir
        self.sample = sample

    def on_train_begin(self, logs=None):
        self.writer = tf.summary.create_file_writer(
            str(self.workdir.tensorboard)
        )

    def on_train_end(self, logs=None):
        self.writer.close()


class MetricsWriter(_EventWriter):
    """Appends the metrics to `metrics.jsonl` and to TensorBoard.

    `metrics.jsonl` has only numbers that the configuration determines, so
    that a resumed run writes the same file. The speed is only in TensorBoard.
    A warning is logged if a sign of collapse crosses its bound
    (`stability.BOUNDS`).
    """

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        before = records.last_metrics(self.workdir.path)
        self.signs = {
            name: before[name]
            for name in stability.BOUNDS
            if isinstance(before.get(name), (int, float))
        }

    def on_epoch_begin(self, epoch, logs=None):
        self.first_step = int(self.model.step.numpy())
        self.started = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        elapsed = time.monotonic() - self.started
        step = int(self.model.step.numpy())
        values = {name: float(value) for name, value in logs.items()}
        values.update(_attention_gates(self.model))
        samples = class_images(
            self.sample, self.config.latent_dim, self.config.num_classes
        )
        norms = stability.spectral_norms(self.model)
        signs = stability.signs_of_collapse(values, samples, norms)
        stability.warn(signs, self.signs)
        self.signs = signs
        values.update(signs)
        record = {
            "step": step,
            "real_images": step
            * self.config.batch_size
            * self.config.discriminator_steps,
            **values,
        }
        files.append_text(self.workdir.metrics, json.dumps(record) + "\n")
        values.update(norms)
        for name in ("generator", "discriminator"):
            optimizer = getattr(self.model, f"{name}_optimizer")
            rate = optimizer.learning_rate.numpy()
            values[f"{name}_learning_rate"] = float(rate)
        images = (step - self.first_step) * self.config.batch_size
        values["images_per_second"] = images / elapsed
        tensorboard.write_scalars(self.writer, step, values)


class SampleWriter(_EventWriter):
    """Writes a grid of samples from fixed latents, and attention maps."""

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.rows = None
        names = self.workdir.class_names()
        if names:
            shown = shown_classes(self.config.num_classes)
            self.rows = f"Rows: {', '.join(names[label] for label in shown)}"
        self.attending = None
        if self.config.attention_resolutions:
            self.attending = sampling.Sampler.of_generator(
                self.model.inference_generator
            )
        if not self.model.step.numpy():
            self.write(0)

    def on_epoch_end(self, epoch, logs=None):
        step = int(self.model.step.numpy())
        if due(step, self.config.sample_every_steps, self.config):
            self.write(step)

    def write(self, step):
        grid = class_grid(
            self.sample, self.config.latent_dim, self.config.num_classes
        )
        save_png(grid, self.workdir.samples / f"{step:07d}.png")
        with tensorboard.at_step(self.writer, step):
            tf.summary.image("samples", grid[None], description=self.rows)
            if self.attending is not None:
                self.write_attention(step)
        self.writer.flush()

    def write_attention(self, step):
        sampler = self.attending
        sampler.update()
        latents = sampler.latents(range(_ATTENTION_IMAGES))
        classes = sampler.num_classes or 1
        labels = [
            index * classes // _ATTENTION_IMAGES
            for index in range(_ATTENTION_IMAGES)
        ]
        images = sampler.images(latents, labels)
        attention = sampler.attention(latents, labels)
        for name, (scores, shape) in attention.items():
            path = self.workdir.samples / f"{step:07d}_{name}.png"
            sampling.attention_figure(images, scores, shape, path, arrays=False)
            picture = tf.io.decode_png(path.read_bytes(), channels=3)
            tf.summary.image(name, picture[None])
        # Figures have reference cycles, which would hold megabytes until
        # Python collects them.
        gc.collect()


def _attention_gates(model):
    """Returns `gamma` of each self-attention layer, by name."""
    return {
        f"{network.name}_{layer.name}_gamma": float(layer.gamma.numpy())
        for network in (model.generator, model.discriminator)
        for layer in network.layers
        if isinstance(layer, layers.SelfAttention)
    }
