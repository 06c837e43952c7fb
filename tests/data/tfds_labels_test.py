"""Tests of the labels of data sets from TensorFlow Datasets."""

import json
import pathlib

import numpy as np
import pytest
from tensorflow_datasets import features

from sagan_tf import data

IMAGE = features.Image(shape=(40, 40, 3))
TWO = features.ClassLabel(names=["x", "y"])
NUMBERS = np.arange(4) % 2
INTEGER = features.Scalar(np.int64)


@pytest.fixture
def labelled(tmp_path, prepare_tfds):
    """Prepares a data set from the feature and the values of each label."""

    def prepare(labels, image_name="image"):
        columns = {image_name: np.zeros((4, 40, 40, 3), "uint8")}
        columns.update({name: values for name, (_, values) in labels.items()})
        return prepare_tfds(
            tmp_path,
            columns,
            {image_name: IMAGE, **{n: f for n, (f, _) in labels.items()}},
        )

    return prepare


@pytest.mark.parametrize(
    ("labels", "label", "names"),
    [
        ({"label": (TWO, NUMBERS)}, "", ("x", "y")),
        ({"label": (INTEGER, NUMBERS)}, "", ("0", "1")),
        (
            {"label": (features.Scalar(np.uint8), NUMBERS.astype("uint8"))},
            "",
            ("0", "1"),
        ),
        ({"labels": (TWO, NUMBERS)}, "", ("x", "y")),
        ({"kind": (INTEGER, NUMBERS)}, "kind", ("0", "1")),
        ({"kind": (INTEGER, NUMBERS)}, "", ()),
        ({"fine": (TWO, NUMBERS), "coarse": (TWO, NUMBERS)}, "fine", "xy"),
        ({"label": (TWO, NUMBERS), "coarse": (TWO, NUMBERS)}, "", "xy"),
        ({}, "", ()),
    ],
)
def test_labels(labelled, examples, labels, label, names):
    directory = labelled(labels)
    source = data.open_source("tiny", directory, label=label)
    assert source.class_names == tuple(names)
    assert data.resolve_num_classes(source, None) == (len(names) or None)
    found = [number for _, number in examples(source)]
    assert found == (NUMBERS.tolist() if names else [0] * 4)
    others = "`label` can be coarse too" in " ".join(source.notes)
    assert others == ("coarse" in labels)
    if names == "xy":
        assert data.class_names("tiny", directory, label) == ["x", "y"]


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ({"label": (features.Text(), np.array(["a"] * 4))}, "Text"),
        (
            {"label": (features.Sequence(TWO), np.array([[0, 1]] * 4))},
            "Sequence",
        ),
        (
            {"label": (features.Scalar(np.float32), np.zeros(4, "float32"))},
            "an integer.*float32",
        ),
        (
            {"label": (INTEGER, np.array([0, 1, 2, 10**6]))},
            "numbers up to 1000000",
        ),
        (
            {"fine": (TWO, NUMBERS), "coarse": (TWO, NUMBERS)},
            r"one of the label features \['coarse', 'fine'\]",
        ),
    ],
    ids=["text", "several", "float", "no classes", "two features"],
)
def test_labels_that_are_no_classes(labelled, labels, reason):
    source = data.open_source("tiny", labelled(labels))
    with pytest.raises(ValueError, match=f"`label` .*{reason}.*labels=False"):
        data.resolve_num_classes(source, None)
    assert data.resolve_num_classes(source, None, labels=False) is None


def test_features_of_as_supervised(labelled):
    directory = labelled(
        {"kind": (TWO, NUMBERS), "other": (TWO, NUMBERS)}, "picture"
    )
    path = pathlib.Path(directory, "tiny/1.0.0/dataset_info.json")
    information = json.loads(path.read_text())
    keys = [{"featureKey": "picture"}, {"featureKey": "kind"}]
    information["supervisedKeys"] = {"tuple": {"items": keys}}
    path.write_text(json.dumps(information))
    source = data.open_source("tiny", directory)
    assert source.class_names == ("x", "y")
    notes = " ".join(source.notes)
    assert "images are the feature 'picture'" in notes
    assert "labels are the feature 'kind'; `label` can be other" in notes


def test_a_label_that_is_no_feature(labelled):
    directory = labelled({"label": (TWO, NUMBERS)})
    with pytest.raises(ValueError, match=r"`label` .*\['image', 'label'\]"):
        data.open_source("tiny", directory, label="kind")
    with pytest.raises(ValueError, match="`label` must be '' for digits"):
        data.open_source("digits", label="kind")
