"""Callbacks that save checkpoints and evaluate them."""

import keras
from absl import logging

from sagan_tf import evaluation
from sagan_tf.training.callbacks.intervals import due
from sagan_tf.workdir import checkpoints, records


class CheckpointWriter(keras.callbacks.Callback):
    """Saves checkpoints, numbered by step.

    It also saves one when training stops early.

    Args:
        config: `Config`.
        manager: `tf.train.CheckpointManager`.
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
                "Saved at step %d: the same command resumes from there.", step
            )


class EvaluationWriter(keras.callbacks.Callback):
    """Evaluates the generator, and saves the checkpoint of the best distance.

    Evaluations change neither the networks nor the random draws of training.

    Args:
        config: `Config`.
        workdir: `Workdir`.
        manager: `tf.train.CheckpointManager` of the best checkpoint.
        strategy: `tf.distribute.Strategy` whose replicas share the work.
        inception: Path of a local Inception SavedModel, or None.
        sample: Function that `image_function` returned for the generator, or
            None to make one.
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
        # Finds broken files now, and not at the first evaluation.
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
            averaged=self.model.ema_generator is not None,
            sample=self.sample,
        )
        logging.info(
            "Step %d: %s.",
            step,
            ", ".join(f"{k} {v:.4g}" for k, v in result["metrics"].items()),
        )
        return next(
            value
            for name, value in result["metrics"].items()
            if name.startswith("frechet_")
        )

    def distances(self, before):
        """Returns the Frechet distances of training's earlier evaluations.

        That of step 0 does not count, because step 0 has no checkpoint.

        Args:
            before: Integer, the present step.
        """
        # A step that was due only as the last one is not due any more if
        # `steps` was raised, but it may have the best checkpoint.
        best = {
            checkpoints.step_of(path)
            for path in checkpoints.listed(self.workdir.best_checkpoint)
        }
        return [
            each.frechet_distance
            for each in records.training_evaluations(self.workdir.path)
            if 0 < each.step < before
            and (self.is_due(each.step) or each.step in best)
        ]
