"""From a generator to metrics, by a protocol."""

import dataclasses
import importlib.metadata
import time

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from sagan_tf.evaluation import (
    extractors,
    frechet_distances,
    nearest_neighbours,
    protocols,
    references,
    standing_statistics,
)
from sagan_tf.evaluation.accumulators import Activations, Statistics
from sagan_tf.evaluation.inception_scores import inception_score
from sagan_tf.evaluation.kernel_distances import kernel_distance
from sagan_tf.evaluation.protocols import ENOUGH_IMAGES, Protocol
from sagan_tf.evaluation.replicas import OnReplicas
from sagan_tf.images import to_float, to_uint8
from sagan_tf.latents import draw_inputs
from sagan_tf.utils.progress import progress_bar
from sagan_tf.version import __version__

_LISTED_CLASSES = 10
_SCORES = {"inception": "inception_score"}


class Evaluator:
    """Compares generators with the real images of a configuration.

    The extractor is loaded, and the real images are read, once.

    Args:
        config: The run's `Config`.
        protocol: `Protocol`; None: its defaults with the run's `eval_images`.
        extractor: `Extractor`; None: the one that `config.extractor` names.
        inception: Path of a local Inception SavedModel, or None.
        batch_size: Integer, images per batch on each replica; results depend
            on it by rounding only.
        strategy: `tf.distribute.Strategy` of the generator, whose replicas
            share the work; None: the current one.

    Raises:
        ValueError: If the extractor is not to be had, or not for these data.
    """

    def __init__(
        self,
        config,
        protocol=None,
        extractor=None,
        inception=None,
        batch_size=100,
        strategy=None,
    ):
        self.config = config
        self.protocol = protocol or Protocol(
            generated_images=config.eval_images
        )
        self.batch_size = batch_size
        self.strategy = strategy or tf.distribute.get_strategy()
        with self.strategy.scope():
            self.extractor = extractor or _extractor_of(config, inception)
        self._reference = None
        self._compiled = None

    def __call__(self, generator, seed=0):
        """Evaluates a generator.

        Args:
            generator: `keras.Model`, as `build_generator` makes.
            seed: Integer, of latents and labels.

        Returns:
            A dictionary of `metrics`; `classes`, the best and the worst by
            the intra-class distance; the `protocol` behind them; its
            `provenance`; and `warnings`.

        Raises:
            ValueError: If activations are not finite.
        """
        began = time.monotonic()
        cached = True
        if self._reference is None:
            self._reference, cached = references.load(
                self.config,
                self.protocol,
                self.extractor,
                self.strategy,
                self.batch_size,
                progress_bar("real images"),
            )
        read = time.monotonic()
        generated = self._generate(generator, seed)
        drawn = time.monotonic()
        warnings = []
        metrics, classes = self._metrics(*generated, warnings)
        for kind, count in (
            ("generated", self.protocol.generated_images),
            ("real", self._reference.count),
        ):
            if count < ENOUGH_IMAGES:
                warnings.append(
                    f"Only {count} {kind} images: below {ENOUGH_IMAGES} the "
                    "Frechet distance is biased upwards"
                )
        for warning in warnings:
            logging.warning("%s.", warning)
        return {
            "metrics": metrics,
            "classes": classes,
            "protocol": self._described(seed),
            "provenance": {
                "fields_of_protocol_set": _fields_set(self.protocol),
                "batch_size": self.batch_size,
                "replicas": self.strategy.num_replicas_in_sync,
                "precision": self.config.precision,
                "real_images_from_cache": cached,
                "seconds_for_real_images": read - began,
                "seconds_for_generated_images": drawn - read,
                "seconds_for_metrics": time.monotonic() - drawn,
                "tensorflow": tf.__version__,
                "keras": keras.__version__,
                "numpy": np.__version__,
                "sagan_tf": __version__,
            },
            "warnings": warnings,
        }

    def _described(self, seed):
        presets = [
            name
            for name in protocols.PRESETS
            if protocols.get(name, self.config.dataset) == self.protocol
        ]
        return {
            "preset": presets[0] if presets else None,
            **dataclasses.asdict(self.protocol),
            "dataset": self.config.dataset,
            "data": self._reference.identity,
            "split": self.protocol.split or self.config.split,
            "image_size": self.config.image_size,
            "real_images": self._reference.count,
            "real_images_chosen": "evenly spaced over the split, centre square",
            "conditional": bool(self.config.num_classes),
            "extractor": self.extractor.name,
            "extractor_kind": self.extractor.metric_prefix,
            "extractor_sha256": self.extractor.sha256,
            "extractor_outputs": list(self.extractor.outputs),
            "extractor_features": self._reference.features.shape[1],
            "extractor_accuracy_on_held_out_real_images": (
                self.extractor.accuracy
            ),
            "tensorflow_gan": importlib.metadata.version("tensorflow-gan"),
            "seed": seed,
        }

    def _generate(self, generator, seed):
        """Returns statistics, features, logits and labels of its images."""
        protocol = self.protocol
        count = protocol.generated_images
        if protocol.standing_batches:
            generator = standing_statistics.with_standing_statistics(
                generator,
                self.config.num_classes,
                protocol.standing_batches,
                seed,
                protocol.truncation,
            )
            if self.strategy.num_replicas_in_sync > 1:
                weights = generator.get_weights()
                with self.strategy.scope():
                    generator = keras.models.clone_model(generator)
                generator.set_weights(weights)
        latents, labels = draw_inputs(
            self.config.latent_dim, 0, count, (seed, 0), protocol.truncation
        )
        if self.config.num_classes:
            random = np.random.default_rng(seed)
            if protocol.labels == "data":
                labels = random.choice(self._reference.labels, count)
            else:
                # Each class as often as the others: of unequal counts the
                # distances of classes could not be compared.
                labels = random.permutation(count) % self.config.num_classes
            labels = labels.astype(np.int32)
        inputs = (latents,) if labels is None else (latents, labels)
        features, logits = Activations(count), Activations(count)
        statistics = Statistics()
        progress = progress_bar("generated images", count)
        for batch in self._run(generator, inputs):
            where = f"generated images {features.count} and on"
            statistics.add(batch[0], where)
            if not np.isfinite(batch[1]).all():
                raise ValueError(f"Logits of {where} are not finite")
            features.add(batch[0])
            logits.add(batch[1])
            progress(features.count)
        return statistics, features.array, logits.array, labels

    def _run(self, generator, inputs):
        """Yields features and logits, batch by batch."""
        if self._compiled is None or self._compiled[0] is not generator:
            self._compiled = generator, self._features_of(generator)
        run = self._compiled[1]
        step = self.batch_size * self.strategy.num_replicas_in_sync
        for start in range(0, len(inputs[0]), step):
            yield run(*(array[start : start + step] for array in inputs))

    def _features_of(self, generator):
        quantize = self.protocol.quantize

        def features_of(*inputs):
            inputs = inputs[0] if len(inputs) == 1 else list(inputs)
            images = generator(inputs, training=False)
            if quantize:
                images = to_float(to_uint8(images))
            return self.extractor.run(images)

        return OnReplicas(self.strategy, features_of)

    def _metrics(self, statistics, features, logits, labels, warnings):
        real = self._reference
        prefix = self.extractor.metric_prefix
        score = _SCORES.get(prefix, f"{prefix}_score")
        mean, deviation = inception_score(logits, self.protocol.score_splits)
        metrics = {
            f"frechet_{prefix}_distance": (
                frechet_distances.frechet_distance_from_statistics(
                    real.mean, real.covariance, *statistics.result()
                )
            ),
            f"{score}_mean": mean,
            f"{score}_standard_deviation": deviation,
            f"{score}_without_splits": inception_score(logits, splits=1)[0],
        }
        try:
            metrics[f"kernel_{prefix}_distance"] = kernel_distance(
                real.features, features
            )
        except ValueError as error:
            warnings.append(f"Not computed: {error}")
        most = self.protocol.manifold_images
        try:
            metrics.update(
                nearest_neighbours.manifold_metrics(
                    real.features[:most], features[:most]
                )
            )
        except ValueError as error:
            warnings.append(f"Not computed: {error}")
        classes = {}
        if labels is not None:
            if self.extractor.predicts_labels or (
                prefix == "custom"
                and logits.shape[1] == self.config.num_classes
            ):
                metrics["asked_for_class_share"] = float(
                    np.mean(np.argmax(logits, axis=-1) == labels)
                )
            try:
                by_class = frechet_distances.intra_frechet_distance(
                    real.features, real.labels, features, labels
                )
                name = f"intra_frechet_{prefix}_distance"
                metrics[name] = float(np.mean(list(by_class.values())))
                classes = _extremes(by_class)
            except ValueError as error:
                warnings.append(f"Not computed: {error}")
        return metrics, classes


def _fields_set(protocol):
    """Returns the fields that are not those of evaluations in training."""
    default = Protocol(generated_images=protocol.generated_images)
    return {
        name: value
        for name, value in dataclasses.asdict(protocol).items()
        if value != getattr(default, name)
    }


def _extremes(by_class):
    ordered = sorted(by_class.items(), key=lambda item: item[1])
    return {
        "best": dict(ordered[:_LISTED_CLASSES]),
        "worst": dict(ordered[::-1][:_LISTED_CLASSES]),
    }


def _extractor_of(config, inception):
    if config.extractor != "classifier":
        return extractors.inception(inception)
    if config.dataset != "digits":
        raise ValueError(
            "`extractor` 'classifier' is trained on digits only. Received: "
            f"extractor='classifier' with dataset={config.dataset!r}"
        )
    return extractors.digits_classifier()
