"""Collects what a run on the digits gave: samples, curves, metrics, a model.

    python -m sagan_tf.commands.demo --workdir=demo/run --output=demo

This is the last of the three commands of `make demo`.
"""

import pathlib
import shutil

from absl import flags

from sagan_tf.commands import common

FLAGS = flags.FLAGS

_REPORT = """
The demo trained a class-conditional SAGAN on {real} real handwritten digits
and wrote to {output}/:

  samples.png          twelve generated digits of each class, 0 to 9, beside
                       twelve real ones
  training_curves.png  losses, logits and evaluations over {step} steps
  metrics.json         the evaluation at the end, with its protocol
  {model:<20} the generator as a SavedModel for TF Serving
  run                  the run itself: tensorboard --logdir={workdir}

The evaluation of {fake} generated digits:

  class accuracy                      {accuracy:.1%}
    A classifier that recognises {real_accuracy:.1%} of held-out real digits
    recognises this share of the generated digits as the requested digit.
  precision                           {precision:.2f}
    The share of generated digits that are like a real one.
  recall                              {recall:.2f}
  coverage                            {coverage:.2f}
    The shares of real digits that are like a generated one, and that have one
    near them: how much of the variety of real digits is there.
  Frechet classifier distance         {distance:.1f}
    The distance between real and generated digits in the features of that
    classifier; it was {first_distance:.1f} at step 0, and 0 means equal. It
    is not an FID: the network and the scale are different.
"""


def summarize(workdir, output):
    """Copies a run's samples, curves, metrics and SavedModel to `output`.

    Args:
        workdir: Directory of an evaluated run with labels.
        output: Directory to write.

    Returns:
        The first and the last `Evaluation`.

    Raises:
        ValueError: If the run has not been evaluated.
    """
    from sagan_tf.export import export_generator
    from sagan_tf.images import class_images, image_function, shown_classes
    from sagan_tf.sampling import beside_real, curves
    from sagan_tf.workdir import Workdir, load_generator, records

    output = pathlib.Path(output)
    results = records.training_evaluations(workdir)
    if not results:
        raise ValueError(
            f"`workdir` {workdir} has no evaluation: run eval.py first"
        )
    first, last = results[0], results[-1]
    output.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(last.path, output / "metrics.json")
    curves.plot(workdir, output / "training_curves.png")
    generator, config, _ = load_generator(workdir, last.step)
    names = Workdir(workdir).class_names()
    beside_real.figure_beside_real(
        class_images(
            image_function(generator),
            config.latent_dim,
            config.num_classes,
            beside_real.COLUMNS,
        ),
        beside_real.real_images(config),
        [names[label] for label in shown_classes(config.num_classes)],
        output / "samples.png",
    )
    model = output / "model" / str(last.step)
    if not model.exists():
        export_generator(generator, model)
    return first, last


def define_flags():
    common.define_path(
        "workdir", None, "Directory of an evaluated run.", required=True
    )
    common.define_path("output", None, "Directory to write.", required=True)


def main():
    first, last = summarize(FLAGS.workdir, FLAGS.output)
    metrics, protocol = last.metrics, last.protocol
    print(
        _REPORT.format(
            output=FLAGS.output,
            workdir=FLAGS.workdir,
            real=protocol["real_images"],
            fake=protocol["generated_images"],
            step=protocol["step"],
            model=f"model/{protocol['step']}",
            accuracy=metrics["asked_for_class_share"],
            precision=metrics["precision"],
            recall=metrics["recall"],
            coverage=metrics["coverage"],
            real_accuracy=protocol[
                "extractor_accuracy_on_held_out_real_images"
            ],
            distance=metrics["frechet_classifier_distance"],
            first_distance=first.metrics["frechet_classifier_distance"],
        )
    )


def run():
    """Runs the demo's last command."""
    common.run_command(main, define_flags, __doc__)


if __name__ == "__main__":
    run()
