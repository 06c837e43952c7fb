"""What a run on digits came to: pictures, numbers, and what they mean.

    python -m sagan_tf.demo --workdir=demo/run --output=demo

The last of the three commands of `make demo`.
"""

import pathlib
import shutil

from absl import app, flags

_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Directory of an evaluated run.", required=True
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Directory to write.", required=True
)

_REPORT = """
The demo trained a class-conditional SAGAN on {real} real handwritten digits
and wrote, in {output}/:

  samples.png          generated digits: a row for each class, 0 to 9, and a
                       column for each latent vector
  training_curves.png  losses, logits and evaluations over {step} steps
  metrics.json         the evaluation at the end, and all it depends on
  model/{step}            the generator as a SavedModel, for TF Serving
  run                  the run itself: tensorboard --logdir={workdir}

What the evaluation of {fake} generated digits says:

  asked-for class recognised          {share:.1%}
    of the generated digits are, to a classifier that is right on
    {accuracy:.1%} of held-out real digits, the digit that was asked for.
  Frechet classifier distance         {distance:.1f}
    between real and generated digits in that classifier's features, down
    from {first_distance:.1f} at step 0 (0: alike). It is no FID: another
    network, another scale.
"""


def summarize(workdir, output):
    """Gathers a run's samples, curves, metrics and SavedModel in `output`.

    Args:
        workdir: Directory of an evaluated run with labels.
        output: Directory to write.

    Returns:
        The first and the last evaluation.

    Raises:
        ValueError: If the run has not been evaluated.
    """
    # Imported here, so that --help need not wait for TensorFlow.
    from sagan_tf.export import export_generator
    from sagan_tf.sampling import curves
    from sagan_tf.workdir import load_generator

    output = pathlib.Path(output)
    results = curves.read_evaluations(workdir)
    if not results:
        raise ValueError(
            f"`workdir` {workdir} has no evaluation: run eval.py first"
        )
    first, last = results[0], results[-1]
    output.mkdir(parents=True, exist_ok=True)
    path = pathlib.Path(last["path"])
    shutil.copyfile(path, output / "metrics.json")
    shutil.copyfile(path.with_suffix(".png"), output / "samples.png")
    curves.plot(workdir, output / "training_curves.png")
    step = last["protocol"]["step"]
    model = output / "model" / str(step)
    if not model.exists():
        generator, _, _ = load_generator(workdir, step)
        export_generator(generator, model)
    return first, last


def main(_):
    from sagan_tf.commands import common

    with common.one_line_errors():
        first, last = summarize(_WORKDIR.value, _OUTPUT.value)
    metrics, protocol = last["metrics"], last["protocol"]
    print(
        _REPORT.format(
            output=_OUTPUT.value,
            workdir=_WORKDIR.value,
            real=protocol["real_images"],
            fake=protocol["generated_images"],
            step=protocol["step"],
            share=metrics["asked_for_class_share"],
            accuracy=protocol["extractor_accuracy_on_held_out_real_images"],
            distance=metrics["frechet_classifier_distance"],
            first_distance=first["metrics"]["frechet_classifier_distance"],
        )
    )


if __name__ == "__main__":
    app.run(main)
