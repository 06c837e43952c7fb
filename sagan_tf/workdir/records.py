"""What a run has recorded: metrics.jsonl and eval/*.json."""

import dataclasses
import json
import pathlib

from absl import logging

from sagan_tf.utils import files
from sagan_tf.workdir import tensorboard
from sagan_tf.workdir.paths import Workdir

# Numbers that each record of metrics.jsonl has.
_METRICS = (
    "discriminator_loss",
    "generator_loss",
    "real_logits",
    "fake_logits",
)
# Exceptions that broken JSON leads to.
_BROKEN = (ValueError, LookupError, TypeError, OverflowError, RecursionError)


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """A recorded evaluation.

    Attributes:
        path: Path of its JSON file.
        step: Integer, step of the checkpoint.
        metrics: Dictionary from names to floats.
        protocol: Dictionary, what the metrics depend on.
        as_in_training: Whether the protocol is that of the evaluations
            during training.
    """

    path: pathlib.Path
    step: int
    metrics: dict
    protocol: dict
    as_in_training: bool

    @property
    def frechet_distance(self):
        """The Frechet distance, whatever its extractor.

        Raises:
            ValueError: If the evaluation has none.
        """
        for name, value in self.metrics.items():
            if name.startswith("frechet_"):
                return value
        raise ValueError(f"{self.path} has no Frechet distance")


def read_result(path):
    """Reads the JSON file of an evaluation, of a run or of any images.

    Returns:
        A dictionary with at least `metrics`, from names to floats, and
        `protocol`.

    Raises:
        ValueError: If the file is not an evaluation.
    """
    try:
        result = files.read_json(path)
        if not isinstance(result, dict) or not all(
            isinstance(result.get(name), dict)
            for name in ("metrics", "protocol")
        ):
            raise ValueError("it lacks metrics or protocol")
        metrics = {name: float(x) for name, x in result["metrics"].items()}
        return {**result, "metrics": metrics}
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise ValueError(f"{path} is not an evaluation ({error})") from None


def read_evaluation(path):
    """Returns the `Evaluation` of the JSON file of a run.

    Raises:
        ValueError: If the file is not an evaluation of a run.
    """
    result = read_result(path)
    step = result["protocol"].get("step")
    if type(step) is not int:
        raise ValueError(
            f"{path} is not an evaluation (the step of its protocol is "
            f"{step!r})"
        )
    provenance = result.get("provenance")
    return Evaluation(
        pathlib.Path(path),
        step,
        result["metrics"],
        result["protocol"],
        isinstance(provenance, dict)
        and provenance.get("as_in_training") is True,
    )


def evaluations(workdir, skip_broken=False):
    """Returns the `Evaluation`s of a run, sorted by step, then by name.

    Args:
        workdir: Directory of a run.
        skip_broken: Boolean. True logs a warning for a JSON file in `eval/`
            that is not an evaluation; False raises an error.

    Raises:
        ValueError: If a file is not an evaluation.
    """
    found = []
    for path in sorted(Workdir(workdir).evaluations.glob("*.json")):
        try:
            found.append(read_evaluation(path))
        except ValueError as error:
            if not skip_broken:
                raise
            logging.warning("%s.", error)
    return sorted(found, key=lambda each: each.step)


def training_evaluations(workdir):
    """Returns the `evaluations` with the protocol of those during training."""
    return [each for each in evaluations(workdir) if each.as_in_training]


def read_metrics(workdir):
    """Returns the records of `metrics.jsonl`, dictionaries, in order.

    Raises:
        ValueError: If the file does not exist, or a line is not a record.
    """
    path = Workdir(workdir).metrics
    if not path.is_file():
        raise ValueError(f"`workdir` {workdir} has no {path.name}: train first")
    return [record for _, record in _read_lines(path, _METRICS)]


def last_metrics(workdir):
    """Returns the last record of `metrics.jsonl`, or {} if there is none.

    Args:
        workdir: Directory of a run.

    Raises:
        ValueError: If a line is not a record.
    """
    lines = _read_lines(Workdir(workdir).metrics)
    return lines[-1][1] if lines else {}


def keep_until(step, workdir):
    """Drops all records of a run after a step; 0 drops all.

    Args:
        step: Integer.
        workdir: Directory of a run.

    Raises:
        ValueError: If a line of `metrics.jsonl` is not a record.
    """
    workdir = Workdir(workdir)
    if workdir.metrics.exists():
        lines = _read_lines(workdir.metrics)
        kept = [line for line, record in lines if record["step"] <= step]
        files.write_text(workdir.metrics, "".join(kept))
    for path in sorted(workdir.tensorboard.glob("events.out.tfevents.*")):
        tensorboard.keep_events_until(step, path)


def _read_lines(path, numbers=()):
    """Reads a file with a JSON object in each line.

    A last line without a newline is ignored: a kill cut it short.

    Args:
        path: Path of the file, which need not exist.
        numbers: Names of the numbers that each record must have, besides the
            integer `step`.

    Returns:
        A list of pairs, the line and its object.

    Raises:
        ValueError: If a line is not such a record.
    """
    if not path.exists():
        return []
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file if line.endswith("\n")]
        records = [json.loads(line) for line in lines]
        for record in records:
            if type(record["step"]) is not int:
                raise TypeError(f"step {record['step']!r}")
            for name in numbers:
                float(record[name])
    except _BROKEN as error:
        raise ValueError(
            f"{path} has a line that is not a record ({error})"
        ) from None
    return list(zip(lines, records, strict=True))
