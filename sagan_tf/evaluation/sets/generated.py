"""Sets of images that a run's generator or an exported one draws."""

import json
import pathlib

import numpy as np
import tensorflow as tf

from sagan_tf.evaluation.classifiers import hash_of
from sagan_tf.evaluation.sets.image_set import ImageSet
from sagan_tf.images import image_function
from sagan_tf.latents import draw_inputs
from sagan_tf.utils import files
from sagan_tf.workdir import Workdir, loading

_CARD = "saved_model.json"
_CARD_FIELDS = ("image_size", "latent_dim", "number_of_classes")


def latents_and_labels(latent_dim, num_classes, count, seed, truncation=0.0):
    """Draws the inputs of an evaluation.

    There are equally many labels of each class, in random order, because
    distances of classes with unequal counts could not be compared.

    Args:
        latent_dim: Integer.
        num_classes: Integer, or None for no labels.
        count: Integer, how many to draw.
        seed: Integer.
        truncation: As in `draw_inputs`.

    Returns:
        Float32 latents (count, latent_dim), and int32 labels (count,) or None.
    """
    latents, _ = draw_inputs(latent_dim, None, count, (seed, 0), truncation)
    if num_classes is None:
        return latents, None
    order = np.random.default_rng(seed).permutation(count)
    return latents, (order % num_classes).astype(np.int32)


def is_run(path):
    """Returns whether a folder is that of a run, and not one of pictures."""
    workdir = Workdir(path)
    return workdir.config.is_file() and workdir.checkpoints.is_dir()


def of_run(workdir, count, seed=0, truncation=0.0, **checkpoint):
    """Makes an `ImageSet` of images that a run's generator draws.

    Args:
        workdir: Directory of the run.
        count: Integer, number of images.
        seed: Integer, seed of latents and labels.
        truncation: As in `draw_inputs`.
        **checkpoint: `step`, `best`, `averaged`, as in `load_generator`.

    Raises:
        ValueError: If the run or the checkpoint cannot be used.
    """
    run = loading.load(workdir, **checkpoint)
    return _of_generator(
        image_function(run.generator),
        f"{workdir} at step {run.step}",
        "run",
        run.config.image_size,
        (run.config.latent_dim, run.config.num_classes),
        (count, seed, truncation),
        hash_of(run.generator),
        Workdir(workdir).class_names(),
    )


def exported(path):
    """Returns the folder of the SavedModel in `path`, or None.

    It is `path` or, as for TF Serving, the highest number in it.
    """
    path = pathlib.Path(path)
    if (path / "saved_model.pb").is_file():
        return path
    versions = [
        each
        for each in path.glob("*/saved_model.pb")
        if each.parent.name.isdecimal()
    ]
    if not versions:
        return None
    return max(versions, key=lambda each: int(each.parent.name)).parent


def of_saved_model(path, count, seed=0, truncation=0.0):
    """Makes an `ImageSet` of images that an exported generator draws.

    Args:
        path: Folder that `export_run` wrote, or the folder of its versions.
        count, seed, truncation: As in `of_run`.

    Raises:
        ValueError: If there is no such SavedModel.
    """
    folder = exported(path)
    card = files.read_json(folder / _CARD)
    if not isinstance(card, dict) or not set(_CARD_FIELDS) <= set(card):
        raise ValueError(
            f"{folder / _CARD} must be the description that an export of this "
            f"package has, with {', '.join(_CARD_FIELDS)}"
        )
    module = tf.saved_model.load(str(folder))
    function = module.signatures["serving_default"]

    def sample(latents, labels):
        inputs = {"latents": tf.constant(latents)}
        if labels is not None:
            inputs["labels"] = tf.constant(labels)
        # A signature does not keep its module alive; this reference does.
        _ = module
        return function(**inputs)["images"]

    return _of_generator(
        sample,
        str(path),
        "export",
        card["image_size"],
        (card["latent_dim"], card["number_of_classes"]),
        (count, seed, truncation),
        files.sha256_of_tree(folder),
        card.get("class_names") or (),
    )


def _of_generator(
    sample, name, kind, size, dimensions, draw, identity, class_names
):
    count, seed, truncation = draw
    latents, labels = latents_and_labels(*dimensions, *draw)

    def batches(image_size, batch_size, start=0):
        if image_size not in (None, size):
            raise ValueError(
                f"`image_size` must be {size}, that of the images that {name} "
                f"draws. Received: image_size={image_size}"
            )
        for first in range(start, count, batch_size):
            rows = slice(first, min(first + batch_size, count))
            chosen = None if labels is None else labels[rows]
            yield sample(latents[rows], chosen).numpy(), chosen

    identity = json.dumps([identity, count, seed, truncation])
    names = () if labels is None else tuple(class_names)
    return ImageSet(name, kind, count, size, batches, identity, identity, names)
