"""Tests of the SavedModel."""

import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import data, sampling
from sagan_tf.export import export_generator


@pytest.mark.parametrize("num_classes", [3, None])
def test_signatures(gan_factory, tmp_path, num_classes):
    generator = gan_factory(num_classes, compiled=False).generator
    path = str(tmp_path / "model" / "1")
    export_generator(generator, path)
    served = tf.saved_model.load(path)
    latents, labels = sampling.draw(8, num_classes or 0, 5, (0, 0))
    inputs = {"latents": latents}
    if num_classes:
        inputs["labels"] = labels
    expected = generator([latents, labels] if num_classes else latents)
    for count in (1, 5):
        part = {name: value[:count] for name, value in inputs.items()}
        floats = served.signatures["images_float"](**part)["images"]
        np.testing.assert_allclose(floats, expected[:count], atol=1e-5)
        images = served.signatures["serving_default"](**part)["images"]
        assert images.dtype == tf.uint8
        difference = np.array(images, int) - data.to_uint8(expected[:count])
        assert np.abs(difference).max() <= 1


def test_nothing_is_overwritten(gan_factory, tmp_path):
    generator = gan_factory(compiled=False).generator
    (tmp_path / "1").mkdir()
    with pytest.raises(ValueError, match="exists: take another"):
        export_generator(generator, str(tmp_path / "1"))
    assert not list((tmp_path / "1").iterdir())
