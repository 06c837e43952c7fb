"""From a trained generator to numbers that say what they depend on."""

import dataclasses
import importlib.metadata
import json

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from sagan_tf import data, files, sampling
from sagan_tf.evaluation import extractors
from sagan_tf.evaluation.tensorflow_gan_metrics import (
    frechet_distance,
    inception_score,
)
from sagan_tf.version import __version__
from sagan_tf.workdir import Workdir, load_generator

MOST_REAL_IMAGES = 50_000
_SPLITS = 10


class Evaluator:
    """Compares generators with the real images of a configuration.

    The extractor is loaded, and the real images are read, once.

    Args:
        config: The run's `Config`.
        inception: Path of a local Inception SavedModel, or None.
        batch_size: Integer, images per batch.

    Raises:
        ValueError: If the extractor is not to be had, or not for these data.
    """

    def __init__(self, config, inception=None, batch_size=100):
        if config.extractor == "classifier":
            if config.dataset != "digits":
                raise ValueError(
                    "`extractor` 'classifier' is trained on digits only. "
                    f"Received: extractor='classifier' with dataset="
                    f"{config.dataset!r}"
                )
            self.extractor = extractors.digits_classifier()
        else:
            self.extractor = extractors.inception(inception)
        self.config = config
        self.batch_size = batch_size
        self._real = None

    def __call__(self, generator, num_images, seed=0):
        """Evaluates a generator.

        Args:
            generator: `keras.Model`, as `build_generator` makes.
            num_images: Integer of at least 10, images to generate.
            seed: Integer, of latents and labels.

        Returns:
            A dictionary of `metrics` and of the `protocol` behind them.

        Raises:
            ValueError: If `num_images` is below 10.
        """
        if num_images < _SPLITS:
            raise ValueError(
                f"`num_images` must be at least {_SPLITS}. "
                f"Received: num_images={num_images}"
            )
        if self._real is None:
            self._real = self._real_features()
        features, logits, labels = self._generated(generator, num_images, seed)
        prefix = self.extractor.metric_prefix
        mean, deviation = inception_score(logits, _SPLITS)
        score = "inception_score" if prefix == "inception" else (
            "classifier_score"
        )  # fmt: skip
        metrics = {
            f"frechet_{prefix}_distance": frechet_distance(
                self._real, features
            ),
            f"{score}_mean": mean,
            f"{score}_standard_deviation": deviation,
        }
        if self.extractor.predicts_labels and labels is not None:
            predicted = np.argmax(logits, axis=-1)
            metrics["asked_for_class_share"] = float(
                np.mean(predicted == labels)
            )
        return {"metrics": metrics, "protocol": self._protocol(features, seed)}

    def _protocol(self, features, seed):
        config = self.config
        return {
            "dataset": config.dataset,
            "split": config.split,
            "image_size": config.image_size,
            "real_images": len(self._real),
            "real_images_chosen": "evenly spaced over the split, centre "
            "square, bilinear antialiased resize, uint8",
            "generated_images": len(features),
            "generated_images_are": "uint8, rounded to nearest",
            "latents": "standard normal, no truncation",
            "labels": "uniform" if config.num_classes else "none",
            "batch_statistics": "moving",
            "extractor": self.extractor.name,
            "extractor_kind": self.extractor.metric_prefix,
            "extractor_features": features.shape[1],
            "extractor_accuracy_on_held_out_real_images": (
                self.extractor.accuracy
            ),
            "score_splits": _SPLITS,
            "seed": seed,
            "batch_size": self.batch_size,
            "precision": config.precision,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "tensorflow_gan": importlib.metadata.version("tensorflow-gan"),
            "sagan_tf": __version__,
        }

    def _real_features(self):
        config = self.config
        source = data.open_source(config.dataset, config.data_dir, config.split)
        count = min(source.size, MOST_REAL_IMAGES)
        dataset = data.ordered_dataset(
            data.evenly_spaced(source, count),
            config.image_size,
            self.batch_size,
        )
        features = [
            self.extractor.run(images)[0].numpy() for images, _, _ in dataset
        ]
        return np.concatenate(features)

    def _generated(self, generator, num_images, seed):
        sample = sampling.sampler(generator)
        parts = []
        for start in range(0, num_images, self.batch_size):
            latents, labels = sampling.draw(
                self.config.latent_dim,
                self.config.num_classes,
                self.batch_size,
                (seed, start),
            )
            images = sample(latents, labels)
            features, logits = self.extractor.run(images)
            parts.append((features, logits, labels))
        features, logits, labels = zip(*parts, strict=True)
        return (
            np.concatenate(features)[:num_images],
            np.concatenate(logits)[:num_images],
            np.concatenate(labels)[:num_images] if labels[0] is not None
            else None,
        )  # fmt: skip


def record(result, generator, config, workdir, step, averaged):
    """Writes an evaluation into a workdir: JSON, grid, TensorBoard scalars.

    Args:
        result: What an `Evaluator` returned; step and weights are added.
        generator: The generator, for the grid.
        config: The run's `Config`.
        workdir: `Workdir`.
        step: Integer, the generator's step.
        averaged: Boolean, whether it is the averaged generator.

    Returns:
        The path of the JSON.
    """
    protocol = result["protocol"]
    protocol.update(step=step, weights="averaged" if averaged else "raw")
    name = f"step{step:07d}_{protocol['generated_images']}images"
    if protocol["extractor_kind"] != config.extractor:
        name += f"_{protocol['extractor_kind']}"
    if protocol["seed"]:
        name += f"_seed{protocol['seed']}"
    if not averaged and config.ema_decay:
        name += "_raw"
    grid = sampling.class_grid(
        sampling.sampler(generator), config.latent_dim, config.num_classes
    )
    sampling.save_png(grid, workdir.evaluations / f"{name}.png")
    path = workdir.evaluations / f"{name}.json"
    files.write_text(path, json.dumps(result, indent=2) + "\n")
    writer = tf.summary.create_file_writer(str(workdir.tensorboard))
    with writer.as_default(step=step):
        for metric, value in result["metrics"].items():
            tf.summary.scalar(f"eval/{metric}", value)
    writer.close()
    return path


def evaluate(
    workdir,
    num_images=None,
    inception=None,
    step=None,
    best=False,
    averaged=None,
    seed=0,
    batch_size=100,
):
    """Evaluates a checkpoint of a run and records the result there.

    Args:
        workdir: Directory of a run.
        num_images: Integer, images to generate; None: the run's
            `eval_images`.
        inception: Path of a local Inception SavedModel, or None to download
            it where it is needed.
        step: Integer, which checkpoint, or None for the last.
        best: Boolean, whether to take the best evaluated checkpoint.
        averaged: Boolean, whether to take the averaged weights; None: if
            there are any.
        seed: Integer, of latents and labels.
        batch_size: Integer, images per batch.

    Returns:
        A dictionary of `metrics`, of the `protocol` behind them, and `path`,
        the JSON written in `workdir/eval/`.

    Raises:
        ValueError: If there is nothing to evaluate, or nothing to evaluate
            it with.
    """
    generator, config, step = load_generator(workdir, step, best, averaged)
    if averaged is None:
        averaged = config.ema_decay > 0
    measured = config
    if inception is not None:
        measured = dataclasses.replace(config, extractor="inception")
    logging.info("Evaluating %s at step %d.", workdir, step)
    result = Evaluator(measured, inception, batch_size)(
        generator, num_images or config.eval_images, seed
    )
    path = record(result, generator, config, Workdir(workdir), step, averaged)
    return {**result, "path": str(path)}


def describe(result):
    """Returns the metrics of an evaluation in a line."""
    return ", ".join(
        f"{name.replace('_', ' ')} {value:.4g}"
        for name, value in result["metrics"].items()
    )
