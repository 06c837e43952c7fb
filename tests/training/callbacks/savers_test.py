"""Tests of the best checkpoint."""

import dataclasses
import json

import pytest

from sagan_tf import evaluation, training
from sagan_tf.training import callbacks
from sagan_tf.workdir import Workdir, checkpoints


@pytest.fixture
def distances(monkeypatch):
    """Replaces the evaluator by one that returns these distances in turn."""
    values = []

    class Evaluator:
        def __init__(self, config, **options):
            self.protocol = evaluation.Protocol(
                generated_images=config.eval_images
            ).to_dict()

        def __call__(self, generator, seed=0):
            distance = values.pop(0)
            return {
                "classes": {},
                "metrics": {"frechet_classifier_distance": distance},
                "protocol": {
                    **self.protocol,
                    "preset": None,
                    "seed": seed,
                    "extractor_kind": "classifier",
                },
                "provenance": {"fields_of_protocol_set": {}},
            }

    monkeypatch.setattr(evaluation, "Evaluator", Evaluator)
    return values


def test_best_checkpoint_has_the_smallest_distance(
    small_run, gan_factory, black_images, tmp_path, distances
):
    """Even if a killed run left the evaluation of a later step."""
    distances += [3.0, 5.0, 7.0, 5.0, 4.0, 4.5]
    config = dataclasses.replace(
        small_run, eval_every_steps=2, steps=8, num_classes=3
    )
    workdir = Workdir(tmp_path)
    gan = gan_factory(ema_decay=0.9)
    _, manager = training.checkpoint_managers(gan, workdir)
    writer = callbacks.EvaluationWriter(
        config, workdir, manager, None, sample=black_images
    )
    writer.set_model(gan)
    writer.on_train_begin()
    # An evaluation by eval.py at a step that training does not evaluate.
    (first,) = workdir.evaluations.glob("*.json")
    result = json.loads(first.read_text())
    result["metrics"]["frechet_classifier_distance"] = 1.0
    result["protocol"]["step"] = 3
    path = workdir.evaluations / first.name.replace("0000000", "0000003")
    path.write_text(json.dumps(result))

    def best():
        return checkpoints.step_of(workdir.checkpoint(best=True))

    steps = []
    for step in (2, 4, 2, 8):
        gan.step.assign(step)
        writer.on_epoch_end(0)
        steps.append(best())
    assert steps == [2, 2, 2, 8]
    # Step 8 was due only as the last step, and then `steps` was raised.
    writer.config = dataclasses.replace(config, eval_every_steps=5, steps=20)
    gan.step.assign(10)
    writer.on_epoch_end(0)
    assert best() == 8
