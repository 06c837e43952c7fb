"""What a run has recorded: metrics.jsonl and eval/*.json."""

import json

from sagan_tf.utils import files
from sagan_tf.workdir import tensorboard
from sagan_tf.workdir.paths import Workdir

_LOSSES = ("discriminator_loss", "generator_loss")
_LOGITS = ("real_logits", "fake_logits")
# What reading a number raises where JSON has something else.
_BROKEN = (ValueError, LookupError, TypeError, OverflowError)


def read_metrics(workdir):
    """Returns the records of `metrics.jsonl`, in order.

    Raises:
        ValueError: If there is none, or a line is no record.
    """
    path = Workdir(workdir).metrics
    if not path.is_file():
        raise ValueError(f"`workdir` {workdir} has no {path.name}: train first")
    records = read_records(path, (*_LOSSES, *_LOGITS))
    return [record for _, record in records]


def read_evaluations(workdir):
    """Returns the results in `eval/`, by step, each with its `path`.

    Those of other protocols than evaluations in training have are left out.

    Raises:
        ValueError: If one is no evaluation.
    """
    results = []
    for path in Workdir(workdir).evaluations.glob("*.json"):
        result = files.read_json(path)
        try:
            usual = result["provenance"]["as_in_training"]
            step = int(result["protocol"]["step"])
            metrics = {k: float(v) for k, v in result["metrics"].items()}
        except (*_BROKEN, AttributeError) as error:
            raise ValueError(
                f"{path} is not an evaluation ({error!r})"
            ) from None
        if usual:
            results.append(
                (step, {**result, "metrics": metrics, "path": str(path)})
            )
    return [result for _, result in sorted(results, key=lambda pair: pair[0])]


def read_records(path, numbers=()):
    """Reads a file with a JSON object in each line.

    A last line without a newline, cut short by a kill, is passed over.

    Args:
        path: Path of the file.
        numbers: Names of what, beside the integer `step`, must be a number
            in each.

    Returns:
        A list of pairs, the line and its object.

    Raises:
        ValueError: If a line is no such record.
    """
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file if line.endswith("\n")]
        records = [json.loads(line) for line in lines]
        for record in records:
            if type(record["step"]) is not int:
                raise TypeError(f"step {record['step']!r}")
            for name in numbers:
                float(record[name])
    except (
        ValueError, LookupError, TypeError, OverflowError, RecursionError,
    ) as error:  # fmt: skip
        raise ValueError(
            f"{path} has a line that is no record ({error})"
        ) from None
    return list(zip(lines, records, strict=True))


def keep_until(step, workdir):
    """Drops what `workdir` records of steps after `step`; 0: everything."""
    keep_metrics_until(step, workdir.metrics)
    for path in sorted(workdir.tensorboard.glob("events.out.tfevents.*")):
        tensorboard.keep_events_until(step, path)


def last_metrics(path):
    """Returns the last whole record of metrics, or {}; errors as below."""
    records = _records(path)
    return records[-1][1] if records else {}


def keep_metrics_until(step, path):
    """Drops the lines after `step` of a file of metrics.

    Raises:
        ValueError: If a line is no record.
    """
    if path.exists():
        kept = [
            line for line, record in _records(path) if record["step"] <= step
        ]
        files.write_text(path, "".join(kept))


def _records(path):
    return read_records(path) if path.exists() else []
