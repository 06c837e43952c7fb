"""Evaluating a run's checkpoint."""

import dataclasses

from absl import logging

from sagan_tf import distribution
from sagan_tf.evaluation import extractors, protocols, results
from sagan_tf.evaluation.evaluator import Evaluator
from sagan_tf.workdir import Workdir, load_generator


def evaluate(
    workdir,
    num_images=None,
    inception=None,
    step=None,
    best=False,
    averaged=None,
    seed=0,
    batch_size=100,
    preset=None,
    extractor=None,
    extractor_outputs=("features", "logits"),
    data_dir=None,
    **fields,
):
    """Evaluates a checkpoint of a run and records the result there.

    Args:
        workdir: Directory of a run.
        num_images: Integer, images to generate; None: those of the preset,
            or without one the run's `eval_images`.
        inception: Path of a local Inception SavedModel, or None to download
            it where it is needed.
        step: Integer, which checkpoint, or None for the last.
        best: Boolean, whether to take the best evaluated checkpoint.
        averaged: Boolean, whether to take the averaged weights; None: if
            there are any.
        seed: Integer, of latents and labels.
        batch_size: Integer, images per batch on each replica.
        preset: "paper", "studiogan", "heusel" or None.
        extractor: Path of a network of yours, see `extractors.custom`.
        extractor_outputs: Names of its features and logits.
        data_dir: Where the run's data are now; None: where they were.
        **fields: Fields of `Protocol`, in place of the preset's.

    Returns:
        A dictionary of `metrics`, of the `protocol` behind them, and more
        (see `Evaluator`), and `path`, the JSON written in `workdir/eval/`.

    Raises:
        ValueError: If there is nothing to evaluate, or nothing to evaluate
            it with.
    """
    strategy = distribution.of_this_machine()
    with strategy.scope():
        generator, config, step = load_generator(workdir, step, best, averaged)
    if averaged is None:
        averaged = config.ema_decay > 0
    if preset is None:
        protocol = protocols.Protocol(
            generated_images=num_images or config.eval_images
        )
    else:
        protocol = protocols.get(preset, config.dataset)
        if num_images is not None:
            fields["generated_images"] = num_images
    protocol = dataclasses.replace(protocol, **fields)
    if data_dir is not None:
        config = dataclasses.replace(config, data_dir=data_dir)
    if inception is not None and extractor is not None:
        raise ValueError(
            "`inception` and `extractor` are two networks: give one"
        )
    measured = config
    if inception is not None:
        measured = dataclasses.replace(config, extractor="inception")
    if extractor is not None:
        with strategy.scope():
            extractor = extractors.custom(extractor, extractor_outputs)
    evaluator = Evaluator(
        measured, protocol, extractor, inception, batch_size, strategy
    )
    logging.info("Evaluating %s at step %d.", workdir, step)
    result = evaluator(generator, seed)
    try:
        path = results.record(
            result, generator, config, Workdir(workdir), step, averaged
        )
    except OSError:
        # Hours of work are not to be lost with a full disk.
        logging.error("Not recorded:\n%s", results.describe(result))
        raise
    return {**result, "path": str(path)}
