"""Training curves of a run, as a picture."""

from sagan_tf import files
from sagan_tf.workdir import Workdir

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
    records = files.read_records(path, (*_LOSSES, *_LOGITS))
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


def plot(workdir, path):
    """Plots losses, mean logits and evaluations over the steps.

    Args:
        workdir: Directory of a run.
        path: PNG to write.

    Raises:
        ValueError: If the run has no metrics yet.
    """
    # Imported here: only those who plot need it. No display is needed.
    from matplotlib.figure import Figure

    records = read_metrics(workdir)
    steps = [record["step"] for record in records]
    figure = Figure(figsize=(13, 3.6), layout="constrained")
    losses, logits, evaluations = figure.subplots(1, 3)
    for axes, title, names in (
        (losses, "Losses", _LOSSES),
        (logits, "Mean logits", _LOGITS),
    ):
        for name in names:
            values = [record[name] for record in records]
            axes.plot(steps, values, label=name.replace("_", " "))
        axes.set(title=title, xlabel="step")
        axes.legend()
        axes.grid(alpha=0.3)
    _plot_evaluations(evaluations, read_evaluations(workdir))
    with files.replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=110)


def _plot_evaluations(axes, results):
    axes.set(title="Evaluations in training", xlabel="step")
    axes.grid(alpha=0.3)
    if not results:
        axes.text(0.5, 0.5, "none", transform=axes.transAxes)
        return
    steps = [result["protocol"]["step"] for result in results]
    right = axes.twinx()
    for name in results[0]["metrics"]:
        values = [result["metrics"].get(name) for result in results]
        if name.startswith("frechet"):
            axes.semilogy(steps, values, "o-", color="C2")
            axes.set_ylabel(f"{name.replace('_', ' ')} (log)", color="C2")
        elif name == "asked_for_class_share":
            right.plot(steps, values, "s--", color="C3")
            right.set(ylim=(0, 1.02))
            right.set_ylabel("share of the asked-for class", color="C3")
