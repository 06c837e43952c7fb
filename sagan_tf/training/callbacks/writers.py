"""What training writes at the end of each window of `log_every_steps`."""

import gc
import json
import time

import keras
import tensorflow as tf
from absl import logging

from sagan_tf import evaluation, layers, sampling
from sagan_tf.images import class_grid, class_images, save_png
from sagan_tf.training.callbacks import stability
from sagan_tf.utils import files
from sagan_tf.workdir import checkpoints, records, tensorboard

_ATTENTION_IMAGES = 4


class _EventWriter(keras.callbacks.Callback):
    """Writes to TensorBoard, among other things.

    Args:
        config: `Config`.
        workdir: `Workdir`.
        sample: What `sampler` returns, of the model.
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

    `metrics.jsonl` has only what the configuration determines, so that a
    resumed run leaves the same file; speed is in TensorBoard. Warns where a
    sign of collapse crosses its bound (`stability.BOUNDS`).
    """

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        before = records.last_metrics(self.workdir.metrics)
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
    """Writes a grid of samples from fixed latents, and their attention."""

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
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
            tf.summary.image("samples", grid[None])
            if self.attending is not None:
                self.write_attention(step)
        self.writer.flush()

    def write_attention(self, step):
        sampler = self.attending
        sampler.update()
        latents = sampler.latents(range(_ATTENTION_IMAGES))
        classes = max(1, sampler.num_classes)
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
        # The parts of a figure refer to each other: megabytes, which Python
        # would keep for minutes.
        gc.collect()


class CheckpointWriter(keras.callbacks.Callback):
    """Saves checkpoints, numbered by step, through `manager`.

    Also where training is stopped before its end.
    """

    def __init__(self, config, manager):
        super().__init__()
        self.config = config
        self.manager = manager

    def on_train_begin(self, logs=None):
        self.saved = int(self.model.step.numpy())

    def on_epoch_end(self, epoch, logs=None):
        step = int(self.model.step.numpy())
        if due(step, self.config.checkpoint_every_steps, self.config):
            self.save(step)

    def save(self, step):
        checkpoints.save(self.manager, step)
        self.saved = step

    def on_train_end(self, logs=None):
        step = int(self.model.step.numpy())
        if step != self.saved:
            self.save(step)
        if step < self.config.steps:
            logging.info(
                "Saved at step %d; the same command goes on from there.", step
            )


class EvaluationWriter(keras.callbacks.Callback):
    """Evaluates the sampled generator; `manager` keeps the best checkpoint.

    The networks, their statistics and the random streams of training are
    left as they are.
    """

    def __init__(
        self, config, workdir, manager, strategy, inception=None, sample=None
    ):
        super().__init__()
        self.sample = sample
        self.config = config
        self.workdir = workdir
        self.manager = manager
        self.evaluator = evaluation.Evaluator(
            config, inception=inception, strategy=strategy
        )

    def on_train_begin(self, logs=None):
        # Broken ones are told of now, not at the first evaluation.
        self.distances(before=0)
        if not self.model.step.numpy():
            self.evaluate(0)

    def on_epoch_end(self, epoch, logs=None):
        step = int(self.model.step.numpy())
        if self.is_due(step):
            earlier = self.distances(before=step)
            distance = self.evaluate(step)
            if not earlier or distance < min(earlier):
                checkpoints.save(self.manager, step)

    def is_due(self, step):
        return due(step, self.config.eval_every_steps, self.config)

    def evaluate(self, step):
        result = self.evaluator(self.model.inference_generator)
        evaluation.record(
            result,
            self.model.inference_generator,
            self.config,
            self.workdir,
            step,
            averaged=self.config.ema_decay > 0,
            sample=self.sample,
        )
        logging.info(
            "Step %d: %s.",
            step,
            ", ".join(f"{k} {v:.4g}" for k, v in result["metrics"].items()),
        )
        return _distance(result)

    def distances(self, before):
        """Distances recorded in training at earlier steps; but that of step
        0, which has no checkpoint to be the best."""
        distances = []
        # It stays where `steps` is raised, though its step may have been due
        # only as the last.
        best = {
            checkpoints.step_of(path)
            for path in checkpoints.listed(self.workdir.best_checkpoint)
        }
        pattern = f"step*_{self.config.eval_images}images.json"
        for path in self.workdir.evaluations.glob(pattern):
            result = evaluation.read(path)
            try:
                step, distance = result["protocol"]["step"], _distance(result)
                # At other steps are those of eval.py.
                earlier = 0 < step < before and (
                    self.is_due(step) or step in best
                )
            except (LookupError, TypeError, StopIteration):
                raise ValueError(f"{path} is not an evaluation") from None
            if earlier:
                distances.append(distance)
        return distances


def due(step, interval, config):
    """Whether something is due at `step`: each `interval`, and at the end."""
    return bool(interval) and (step % interval == 0 or step == config.steps)


def _distance(result):
    return next(
        value
        for name, value in result["metrics"].items()
        if name.startswith("frechet_")
    )


def _attention_gates(model):
    return {
        f"{network.name}_{layer.name}_gamma": float(layer.gamma.numpy())
        for network in (model.generator, model.discriminator)
        for layer in network.layers
        if isinstance(layer, layers.SelfAttention)
    }
