"""Training curves of a run, as a picture."""

import json

from sagan_tf.workdir import Workdir


def read_metrics(workdir):
    """Returns the records of `metrics.jsonl`, in order.

    Raises:
        ValueError: If there is none.
    """
    path = Workdir(workdir).metrics
    if not path.is_file():
        raise ValueError(f"`workdir` {workdir} has no {path.name}: train first")
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read_evaluations(workdir):
    """Returns the results in `eval/`, by step, each with its `path`.

    Those of other protocols than evaluations in training have are left out.
    """
    results = []
    for path in Workdir(workdir).evaluations.glob("*.json"):
        with open(path, encoding="utf-8") as file:
            result = json.load(file)
        if result["provenance"]["as_in_training"]:
            results.append({**result, "path": str(path)})
    return sorted(results, key=lambda result: result["protocol"]["step"])


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
        (losses, "Losses", ("discriminator_loss", "generator_loss")),
        (logits, "Mean logits", ("real_logits", "fake_logits")),
    ):
        for name in names:
            values = [record[name] for record in records]
            axes.plot(steps, values, label=name.replace("_", " "))
        axes.set(title=title, xlabel="step")
        axes.legend()
        axes.grid(alpha=0.3)
    _plot_evaluations(evaluations, read_evaluations(workdir))
    figure.savefig(path, dpi=110)


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
