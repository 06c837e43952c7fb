"""Evaluation of a generator by a protocol."""

import dataclasses
import importlib.metadata
import time

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from sagan_tf import data
from sagan_tf.evaluation import (
    classifiers,
    extractors,
    inception_network,
    measures,
    protocols,
    references,
    results,
    standing_statistics,
    trained_classifiers,
)
from sagan_tf.evaluation.accumulators import Activations, Statistics
from sagan_tf.evaluation.protocols import Protocol
from sagan_tf.evaluation.replicas import OnReplicas
from sagan_tf.evaluation.sets import pictures
from sagan_tf.evaluation.sets.generated import latents_and_labels
from sagan_tf.images import to_float, to_uint8
from sagan_tf.utils.progress import progress_bar


class Evaluator:
    """Compares generators with the real images of a configuration.

    The extractor is loaded once, and the real images are read once.

    Args:
        config: The run's `Config`.
        protocol: `Protocol`. None: its defaults with the run's `eval_images`.
        extractor: `Extractor`. None: the one that `config.extractor` names.
        inception: Path of a local Inception SavedModel, or None.
        batch_size: Integer, images per batch on each replica. Results depend
            on it only by rounding.
        strategy: `tf.distribute.Strategy` of the generator, whose replicas
            share the work. None: the current one.

    Raises:
        ValueError: If the extractor cannot be loaded, or is not for these
            data.
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
            seed: Integer, seed of latents and labels.

        Returns:
            A dictionary of `metrics`; `classes`, those with the smallest and
            the largest intra-class distance; the `protocol`; the
            `provenance`; and `warnings`.

        Raises:
            ValueError: If activations are not finite.
        """
        times = [time.monotonic()]
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
        times.append(time.monotonic())
        generated = self._generate(generator, seed)
        times.append(time.monotonic())
        metrics, classes, warnings = measures.measure(
            self._reference,
            generated,
            self.extractor,
            self.protocol,
            self.config.num_classes,
        )
        times.append(time.monotonic())
        warnings += protocols.few_images(
            self.protocol.generated_images, self._reference.count
        )
        for warning in warnings:
            logging.warning("%s.", warning)
        return {
            "metrics": metrics,
            "classes": classes,
            "protocol": self._described(seed),
            "provenance": self._provenance(cached, *np.diff(times)),
            "warnings": warnings,
        }

    def _provenance(self, cached, for_real, for_generated, for_metrics):
        return {
            "fields_of_protocol_set": _fields_set(self.protocol),
            "batch_size": self.batch_size,
            "replicas": self.strategy.num_replicas_in_sync,
            "precision": self.config.precision,
            "real_images_from_cache": cached,
            "seconds_for_real_images": float(for_real),
            "seconds_for_generated_images": float(for_generated),
            "seconds_for_metrics": float(for_metrics),
            **results.versions(),
        }

    def _described(self, seed):
        """Returns the protocol, and what identifies data and extractor."""
        presets = [
            name
            for name in protocols.PRESETS
            if protocols.get(name, self.config.dataset) == self.protocol
        ]
        return {
            "preset": presets[0] if presets else None,
            **self.protocol.to_dict(),
            "dataset": self.config.dataset,
            "data": self._reference.identity,
            "split": self.protocol.split or self.config.split,
            "image_size": self.config.image_size,
            "real_images": self._reference.count,
            "real_images_chosen": "evenly spaced over the split, centre square",
            "conditional": self.config.num_classes is not None,
            "extractor": self.extractor.name,
            "extractor_kind": self.extractor.metric_prefix,
            "extractor_sha256": self.extractor.sha256,
            "extractor_outputs": list(self.extractor.outputs),
            "extractor_input_range": list(self.extractor.input_range),
            "extractor_features": self._reference.features.shape[1],
            "extractor_accuracy_on_held_out_real_images": (
                self.extractor.accuracy
            ),
            "tensorflow_gan": importlib.metadata.version("tensorflow-gan"),
            "seed": seed,
        }

    def _generate(self, generator, seed):
        """Returns the `measures.Generated` of a generator's images."""
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
        latents, labels = latents_and_labels(
            self.config.latent_dim,
            self.config.num_classes,
            count,
            seed,
            protocol.truncation,
        )
        if labels is not None and protocol.labels == "data":
            random = np.random.default_rng(seed)
            labels = random.choice(self._reference.labels, count)
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
        return measures.Generated(
            statistics, features.array, logits.array, labels
        )

    def _run(self, generator, inputs):
        """Yields the features and logits of each batch."""
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


def _fields_set(protocol):
    """Returns the fields that differ from evaluations during training."""
    usual = Protocol(generated_images=protocol.generated_images).to_dict()
    return {
        name: value
        for name, value in protocol.to_dict().items()
        if value != usual[name]
    }


def _extractor_of(config, inception):
    """Loads the extractor that a configuration names."""
    if config.extractor == "inception":
        return inception_network.inception(inception)
    if config.extractor != "classifier":
        return extractors.custom(config.extractor, image_size=config.image_size)
    if config.dataset == "digits":
        return classifiers.digits_classifier()
    source = data.open_configured(config)
    images = pictures.of_source(source, source.name, "data set")
    # The background is not in the files.
    fingerprint = f"{images.fingerprint} {config.background}"
    images = dataclasses.replace(images, fingerprint=fingerprint)
    return trained_classifiers.trained_on(images, config.image_size)
