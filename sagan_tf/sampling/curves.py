"""Training curves of a run, as an image."""

from sagan_tf.utils import files
from sagan_tf.workdir import records

_LOSSES = ("discriminator_loss", "generator_loss")
_LOGITS = ("real_logits", "fake_logits")


def plot(workdir, path):
    """Plots losses, mean logits and evaluations against the step.

    Args:
        workdir: Directory of a run.
        path: PNG file to write.

    Raises:
        ValueError: If the run has no metrics yet.
    """
    # Imported here, because few users plot. Needs no display.
    from matplotlib.figure import Figure

    history = records.read_metrics(workdir)
    steps = [record["step"] for record in history]
    figure = Figure(figsize=(13, 3.6), layout="constrained")
    losses, logits, evaluations = figure.subplots(1, 3)
    for axes, title, names in (
        (losses, "Losses", _LOSSES),
        (logits, "Mean logits", _LOGITS),
    ):
        for name in names:
            values = [record[name] for record in history]
            axes.plot(steps, values, label=name.replace("_", " "))
        axes.set(title=title, xlabel="step")
        axes.legend()
        axes.grid(alpha=0.3)
    _plot_evaluations(evaluations, records.training_evaluations(workdir))
    with files.replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=110)


def _plot_evaluations(axes, results):
    axes.set(title="Evaluations in training", xlabel="step")
    axes.grid(alpha=0.3)
    if not results:
        axes.text(0.5, 0.5, "none", transform=axes.transAxes)
        return
    steps = [result.step for result in results]
    right = axes.twinx()
    for name in results[0].metrics:
        values = [result.metrics.get(name) for result in results]
        if name.startswith("frechet"):
            axes.semilogy(steps, values, "o-", color="C2")
            axes.set_ylabel(f"{name.replace('_', ' ')} (log)", color="C2")
        elif name == "asked_for_class_share":
            right.plot(steps, values, "s--", color="C3")
            right.set(ylim=(0, 1.02))
            right.set_ylabel("class accuracy", color="C3")
