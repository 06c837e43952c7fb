"""Evaluation of a run's checkpoint."""

import dataclasses

from absl import logging

from sagan_tf import distribution
from sagan_tf.evaluation import extractors, protocols, results
from sagan_tf.evaluation.evaluator import Evaluator
from sagan_tf.workdir import Workdir, loading


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
    extractor_range=(-1.0, 1.0),
    data_dir=None,
    **fields,
):
    """Evaluates a checkpoint of a run and records the result in its workdir.

    Args:
        workdir: Directory of a run.
        num_images: Integer, number of generated images. None: that of the
            preset, or the run's `eval_images` without a preset.
        inception: Path of a local Inception SavedModel. None: the module is
            downloaded if it is needed.
        step, best, averaged: As in `load_generator`.
        seed: Integer, seed of latents and labels.
        batch_size: Integer, images per batch on each replica.
        preset: "paper", "studiogan", "heusel" or None.
        extractor: Your own network or its path, see
            `extractors.custom`.
        extractor_outputs: Names of its features and logits.
        extractor_range: Values of black and white in its input.
        data_dir: Directory of the run's data, if it has moved.
        **fields: Fields of `Protocol` that replace those of the preset.

    Returns:
        The dictionary that `Evaluator` returns, and `path`, the JSON file
        written in `workdir/eval/`.

    Raises:
        ValueError: If the run, the data or the extractor cannot be used.
    """
    if inception is not None and extractor is not None:
        raise ValueError(
            "`inception` and `extractor` must not be given both. "
            f"Received: inception={inception}, extractor={extractor}"
        )
    strategy = distribution.of_this_machine()
    with strategy.scope():
        run = loading.load(workdir, step, best, averaged)
    protocol = _protocol(preset, run.config, num_images, fields)
    measured = run.config
    if data_dir is not None:
        measured = dataclasses.replace(measured, data_dir=data_dir)
    if inception is not None:
        measured = dataclasses.replace(measured, extractor="inception")
    if extractor is not None:
        with strategy.scope():
            extractor = extractors.custom(
                extractor,
                extractor_outputs,
                extractor_range,
                measured.image_size,
            )
    evaluator = Evaluator(
        measured, protocol, extractor, inception, batch_size, strategy
    )
    logging.info("Evaluating %s at step %d.", workdir, run.step)
    result = evaluator(run.generator, seed)
    try:
        path = results.record(
            result,
            run.generator,
            run.config,
            Workdir(workdir),
            run.step,
            run.averaged,
        )
    except OSError:
        # A full disk must not lose hours of work.
        logging.error("Not recorded:\n%s", results.describe(result))
        raise
    return {**result, "path": str(path)}


def _protocol(preset, config, num_images, fields):
    """Returns the `Protocol` of a preset with some fields replaced."""
    if preset is not None:
        protocol = protocols.get(preset, config.dataset)
    else:
        protocol = protocols.Protocol(generated_images=config.eval_images)
    if num_images is not None:
        minimum = max(2, fields.get("score_splits", protocol.score_splits))
        if num_images < minimum:
            raise ValueError(
                f"`num_images` must be at least {minimum}, with `score_splits` "
                f"parts of the score. Received: num_images={num_images}"
            )
        fields = {**fields, "generated_images": num_images}
    return dataclasses.replace(protocol, **fields)
