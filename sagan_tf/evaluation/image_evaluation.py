"""Evaluation of any images against any others."""

import importlib.metadata
import json
import pathlib
import time

from absl import logging

from sagan_tf import distribution
from sagan_tf.evaluation import (
    extractors,
    inception_network,
    results,
    tables,
    trained_classifiers,
)
from sagan_tf.evaluation.comparison import (
    check_class_names,
    check_names,
    compare_sets,
)
from sagan_tf.evaluation.extraction import Extracted, extract
from sagan_tf.evaluation.replicas import OnReplicas
from sagan_tf.evaluation.sets.opening import open_images
from sagan_tf.utils import files

# Sets whose size is that of a network.
_DRAWN = ("run", "export")
_DRAWN_IMAGES = 10_000


def evaluate_images(
    generated,
    real,
    metrics=None,
    extractor="inception",
    inception=None,
    extractor_outputs=("features", "logits"),
    extractor_range=(-1.0, 1.0),
    num_images=None,
    seed=0,
    truncation=0.0,
    image_size=None,
    generated_range=None,
    real_range=None,
    data_dir="",
    batch_size=100,
    output=None,
    **checkpoint,
):
    """Compares generated images with real ones, each given in any form.

    Each of `generated` and `real` is one of these:

    - the path of a folder of pictures, however deep they are;
    - the path of an .npy or .npz file, or an array: uint8 (count, height,
      width, channels) with 1 or 3 channels, or floats, whose range
      `generated_range` or `real_range` states; a pair of arrays is images and
      labels;
    - the directory of a run, or of an exported generator: `num_images` images
      are drawn;
    - "tfds:NAME:SPLIT", or "digits:SPLIT";
    - the path of saved statistics, see `read_statistics`; then the Frechet
      distance is the only metric;
    - a `tf.data.Dataset` or another iterable of batches of images, or of pairs
      of images and labels.

    Args:
        generated, real: The images, as above.
        metrics: Names of some of `METRICS`. None: all that can be computed.
        extractor: "inception"; "classifier", which is trained on the labelled
            real images; an `Extractor`; or a network or its path, see
            `extractors.custom`.
        inception: Path of a local Inception SavedModel. None: the module is
            downloaded if it is needed.
        extractor_outputs, extractor_range: As in `extractors.custom`.
        num_images: Integer, how many images a run or an export draws. None:
            10,000.
        seed: Integer, seed of these images.
        truncation: As in `draw_inputs`, for these images.
        image_size: Integer, pixels, to which all images are resized. None:
            that of the images, which must all be of one size; or that of the
            generator.
        generated_range, real_range: Two numbers, the values of black and white
            in images that are floats.
        data_dir: Data directory of TensorFlow Datasets; "" for the default.
        batch_size: Integer, images per batch on each device.
        output: Path of a JSON file to write, or None.
        **checkpoint: `step`, `best` and `averaged` of a run, as in
            `load_generator`.

    Returns:
        A dictionary of `metrics`; `intervals`, their 95 % intervals; `floor`,
        the metrics of some real images beside the others; `protocol`;
        `provenance`; `remarks` on what looks wrong; and `warnings`.
        `describe_comparison` makes a table of it.

    Raises:
        ValueError: If the images or the extractor cannot be used.
    """
    check_names(metrics)
    if output is not None:
        # Before hours of work.
        output = pathlib.Path(output).expanduser()
        output.parent.mkdir(parents=True, exist_ok=True)
    strategy = distribution.of_this_machine()
    drawn = {"num_images": num_images, "seed": seed, "truncation": truncation}
    given = {
        "generated": (generated, generated_range),
        "real": (real, real_range),
    }
    with strategy.scope():
        sets = _open_both(given, drawn, data_dir, checkpoint)
        check_class_names(sets["generated"], sets["real"], metrics)
        size = _common_size(sets, image_size)
        network = _extractor(
            extractor, inception, extractor_outputs, extractor_range,
            sets["real"], size,
        )  # fmt: skip
    found, provenance = _extract_all(sets, network, size, batch_size, strategy)
    began = time.monotonic()
    result = compare_sets(found["generated"], found["real"], network, metrics)
    provenance["seconds_for_metrics"] = time.monotonic() - began
    for warning in result["warnings"]:
        logging.warning("%s.", warning)
    result = {
        "generated": found["generated"].name,
        "real": found["real"].name,
        **result,
        "protocol": _protocol(sets, found, network, size),
        "provenance": {
            **drawn,
            **provenance,
            "batch_size": batch_size,
            "replicas": strategy.num_replicas_in_sync,
            **results.versions(),
        },
    }
    if output is not None:
        _write(result, output)
    return result


def _open_both(given, drawn, data_dir, checkpoint):
    """Returns both sets by name; refuses arguments that have no effect."""
    draw = (drawn["num_images"] or _DRAWN_IMAGES, *list(drawn.values())[1:])
    sets = {
        name: open_images(images, name, draw, value_range, data_dir, checkpoint)
        for name, (images, value_range) in given.items()
    }
    kinds = {getattr(each, "kind", "statistics") for each in sets.values()}
    useless = {} if kinds.intersection(_DRAWN) else dict(drawn)
    if "run" not in kinds:
        useless.update(checkpoint)
    for name, value in useless.items():
        if value:
            raise ValueError(
                f"`{name}` has no effect unless `generated` or `real` is a run"
                f"{' or an export' * (name not in checkpoint)}. "
                f"Received: {name}={value}"
            )
    return sets


def _common_size(sets, image_size):
    """Returns the size that all images are resized to, or None."""
    if image_size is not None:
        if image_size < 1:
            raise ValueError(
                f"`image_size` must be at least 1. Received: {image_size}"
            )
        return image_size
    sets = [each for each in sets.values() if not isinstance(each, Extracted)]
    for each in sets:
        if each.kind in _DRAWN:
            return each.size
    sizes = {each.size for each in sets if each.size is not None}
    if len(sizes) > 1:
        listed = ", ".join(
            f"{each.name} of {each.size} pixels" for each in sets
        )
        raise ValueError(
            "`image_size` must be given for images of different sizes. "
            f"Received: {listed}"
        )
    return None


def _extractor(extractor, inception, outputs, input_range, real, image_size):
    """Returns the `Extractor` that the arguments ask for."""
    if extractor == "inception":
        return inception_network.inception(inception)
    if inception is not None:
        raise ValueError(
            "`inception` must be None with another `extractor`. "
            f"Received: inception={inception}, extractor={extractor}"
        )
    if isinstance(extractor, extractors.Extractor):
        return extractor
    if extractor != "classifier":
        return extractors.custom(extractor, outputs, input_range, image_size)
    if isinstance(real, Extracted):
        raise ValueError(
            "`extractor` 'classifier' needs real images with labels. "
            f"Received: statistics, {real.name}"
        )
    return trained_classifiers.trained_on(real, image_size)


def _extract_all(sets, network, image_size, batch_size, strategy):
    """Returns the `Extracted` of each set, and the seconds that it took."""
    run = OnReplicas(strategy, network.run)
    batch_size *= strategy.num_replicas_in_sync
    found, provenance = {}, {}
    for name, each in sets.items():
        began = time.monotonic()
        found[name], cached = each, False
        if not isinstance(each, Extracted):
            found[name], cached = extract(
                each, network, run, image_size, batch_size
            )
        provenance[f"seconds_for_{name}_images"] = time.monotonic() - began
        provenance[f"{name}_images_from_cache"] = cached
    return found, provenance


def _protocol(sets, found, network, image_size):
    """Returns what the numbers depend on."""
    identity = getattr(sets["real"], "identity", "")
    return {
        "generated_images": found["generated"].count,
        "real_images": found["real"].count,
        "data": identity or found["real"].name,
        "image_size": image_size or getattr(sets["real"], "size", None),
        "resize": "centre square, bicubic, antialiased",
        "extractor": network.name,
        "extractor_kind": network.metric_prefix,
        "extractor_sha256": network.sha256,
        "extractor_outputs": list(network.outputs),
        "extractor_input_range": list(network.input_range),
        "extractor_features": len(found["real"].mean),
        "extractor_accuracy_on_held_out_real_images": network.accuracy,
        "tensorflow_gan": importlib.metadata.version("tensorflow-gan"),
    }


def _write(result, output):
    try:
        files.write_text(output, json.dumps(result, indent=2) + "\n")
    except OSError:
        # A full disk must not lose hours of work.
        logging.error("Not written:\n%s", tables.describe_comparison(result))
        raise
