"""`import_authors` beside the authors' tensors."""

import numpy as np
import pytest
import tensorflow as tf
from authors_reference import Reference
from authors_variables import (
    path_of,
    random_variables,
    save_checkpoint,
    without_scope,
)

from sagan_tf import losses
from sagan_tf.importing import import_authors

# Large gradients in tests/golden have every 16th element only.
STRIDE = 16


def _by_path(network, variables, values):
    return {
        f"{network.name[0]}:{variable.path}": np.array(
            tf.convert_to_tensor(value)
        )
        for variable, value in zip(variables, values, strict=True)
    }


def _step(networks, authors):
    """Returns images, logits, losses and gradients of one training step."""
    generator, discriminator = networks
    latents = tf.constant(authors["in/z"])
    labels = tf.constant(authors["in/fake_labels"])
    with tf.GradientTape() as tape:
        images = generator([latents, labels], training=True)
        fake_logits = discriminator([images, labels], training=False)
        g_loss = losses.generator_hinge(fake_logits)
    g_gradients = tape.gradient(g_loss, generator.trainable_variables)
    all_images = tf.concat([authors["in/real_images"], images], axis=0)
    all_labels = tf.concat([authors["in/real_labels"], labels], axis=0)
    with tf.GradientTape() as tape:
        logits = discriminator([all_images, all_labels], training=False)
        real_logits, again = tf.split(logits, 2)
        d_loss = losses.discriminator_hinge(real_logits, again)
    d_gradients = tape.gradient(d_loss, discriminator.trainable_variables)
    np.testing.assert_allclose(again, fake_logits, atol=1e-5)
    return {
        "fake_images_training": images[:, :, ::2],
        "real_logits": real_logits,
        "fake_logits": fake_logits,
        "d_loss": d_loss,
        "g_loss": g_loss,
        **_by_path(generator, generator.trainable_variables, g_gradients),
        **_by_path(
            discriminator, discriminator.trainable_variables, d_gradients
        ),
    }


@pytest.fixture(scope="module")
def float64_gradients(authors, authors_variables):
    """The gradients of the same step, by an independent program in float64.

    By `differentiate_vectors`.
    """
    found = {}
    for differentiate_vectors in (False, True):
        variables = {
            name: tf.Variable(tf.cast(array, "float64"))
            for name, array in without_scope(authors_variables).items()
        }
        reference = Reference(variables, differentiate_vectors)
        gradients = reference.gradients(
            tf.constant(authors["in/z"], "float64"),
            authors["in/fake_labels"],
            tf.cast(authors["in/real_images"], "float64"),
            authors["in/real_labels"],
        )
        found[differentiate_vectors] = gradients
    return found


def _assert_gradients_agree(ours, expected, zeros, relative=1e-3):
    """Compares norms relatively, or absolutely if the true gradient is 0."""
    for name, gradient in expected.items():
        found = ours[path_of(name)]
        if found.size != gradient.size:
            found = found.ravel()[::STRIDE]
        difference = np.linalg.norm(found - gradient)
        bound = 1e-5 if name in zeros else relative * np.linalg.norm(gradient)
        assert difference < bound, name


@pytest.fixture(scope="module")
def zeros(float64_gradients):
    """Biases before a batch normalization: their true gradient is zero."""
    gradients = float64_gradients[True]
    found = {n for n, g in gradients.items() if np.linalg.norm(g) < 1e-12}
    assert len(found) == 9 and all(name.endswith("biases") for name in found)
    return found


@pytest.mark.parametrize(
    "method",
    ["auto", pytest.param("winograd", marks=pytest.mark.slow), "direct"],
)
def test_a_step_is_the_authors(authors, authors_variables, zeros, method):
    networks = import_authors(
        authors_variables, method=method, differentiate_vectors=True
    )
    before = networks[0]([authors["in/z"], authors["in/fake_labels"]])
    np.testing.assert_allclose(
        before[:, :, ::2], authors["out/fake_images_inference"], atol=1e-4
    )
    ours = _step(networks, authors)
    for name in (
        "fake_images_training", "real_logits", "fake_logits", "d_loss",
        "g_loss",
    ):  # fmt: skip
        np.testing.assert_allclose(
            ours[name], authors[f"out/{name}"], atol=1e-4, err_msg=name
        )
    expected = {
        name.split("/", 2)[2]: array
        for name, array in authors.items()
        if "_grad/" in name
    }
    assert len(expected) == sum(len(n.trainable_variables) for n in networks)
    # Minimal filtering everywhere rounds more: 1.1e-3 on some processors.
    relative = 2e-3 if method == "winograd" else 1e-3
    _assert_gradients_agree(ours, expected, zeros, relative)
    state = networks[0].non_trainable_variables
    state = _by_path(networks[0], state, state)
    after = {
        name.split("/", 2)[2]: array
        for name, array in authors.items()
        if name.startswith("after/")
    }
    assert len(after) == len(state)
    for name, array in after.items():
        np.testing.assert_allclose(
            state[path_of(name)], array.ravel(), atol=1e-5, err_msg=name
        )


def test_default_gradient_takes_u_and_v_as_constants(
    authors, authors_variables, float64_gradients, zeros
):
    ours = _step(import_authors(authors_variables), authors)
    expected = float64_gradients[False]
    _assert_gradients_agree(ours, expected, zeros)
    # The option makes a difference that is larger than rounding.
    other = float64_gradients[True]
    name = "g_block5/snconv2/w"
    difference = np.linalg.norm(expected[name] - other[name])
    assert difference > 1e-2 * np.linalg.norm(other[name])


@pytest.mark.parametrize(
    ("width", "classes", "latent_dim", "attention"),
    [(8, 7, 20, 64), (4, 1, 128, None), (4, 3, 5, 32)],
)
def test_architecture_is_read_from_the_names(
    random, width, classes, latent_dim, attention
):
    variables = random_variables(random, width, classes, latent_dim, attention)
    extras = {
        "global_step": np.array(7),
        "model/beta1_power": np.array(0.0),
        "model/d_block2/sn_conv1/w/Adam": np.zeros(3),
        "model/d_block2/sn_conv1/w/Adam_1": np.zeros(3),
    }
    named = {f"{name}:0": array for name, array in variables.items()}
    generator, discriminator = import_authors({**named, **extras})
    reference = Reference(
        {n: tf.constant(a) for n, a in without_scope(variables).items()}, False
    )
    latents = tf.constant(random.normal(size=(2, latent_dim)), "float32")
    labels = tf.constant([0, classes - 1])
    blocks = {32: (3, 2), 64: (4, 1), None: (None, None)}[attention]
    expected = reference.generate(latents, labels, False, blocks[0])
    images = generator([latents, labels])
    np.testing.assert_allclose(images, expected, atol=1e-4)
    expected = reference.discriminate(images, labels, blocks[1])
    np.testing.assert_allclose(
        discriminator([images, labels]), expected, rtol=1e-5, atol=1e-4
    )


@pytest.fixture
def small_variables(random):
    return random_variables(random, 2, 2, 4, None)


def test_checkpoint_of_tensorflow_1(small_variables, tmp_path):
    adam = {"model/g_snh0/Matrix/Adam": np.zeros((4, 512), "f")}
    path = save_checkpoint({**small_variables, **adam}, tmp_path, 12)
    inputs = [np.ones((1, 4), "f"), np.ones(1, "int32")]
    expected = import_authors(small_variables)[0](inputs)
    for source in (path, f"{path}.index", tmp_path):
        images = import_authors(source)[0](inputs)
        np.testing.assert_array_equal(images, expected)


def _drop(name):
    return lambda variables: variables.pop(name)


def _set(name, shape):
    return lambda variables: variables.update({name: np.zeros(shape, "f")})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_drop("model/g_snh0/Matrix"), r"`g_snh0/Matrix` is missing"),
        (
            _drop("model/d_block3/sn_conv2/u"),
            r"`d_block3/sn_conv2/u` is missing: expected shape \(1x8\), "
            "found none",
        ),
        (
            _set("model/d_block7/sn_conv1/w", (3, 3)),
            r"`d_block7/sn_conv1/w` is unexpected: expected none, found "
            r"shape \(3x3\)",
        ),
        (
            _set("model/g_block2/snconv2/w", (1, 1, 16, 16)),
            r"`g_block2/snconv2/w` has another shape: expected shape "
            r"\(3x3x16x16\), found shape \(1x1x16x16\)",
        ),
        (
            _set("model/g_non_local/sn_conv_theta/w", (1, 1, 5, 1)),
            r"`g_non_local/sn_conv_theta/w` has 5 input channels, expected "
            r"one of \[2, 4, 8, 16, 32\]",
        ),
        (
            lambda variables: variables["model/g_bn/gamma"].fill(np.nan),
            "`g_bn/gamma` has values that are not finite",
        ),
        (
            lambda variables: variables.update(
                {"other/g_bn/beta": variables["model/g_bn/beta"]}
            ),
            "Two variables end with `g_bn/beta`: `model/g_bn/beta` and "
            "`other/g_bn/beta`",
        ),
    ],
)
def test_another_architecture_is_named(small_variables, change, message):
    change(small_variables)
    with pytest.raises(ValueError, match=message):
        import_authors(small_variables)


def test_unreadable_checkpoints_are_named(tmp_path):
    missing = tmp_path / "nowhere" / "model.ckpt"
    with pytest.raises(ValueError, match="model.ckpt cannot be read"):
        import_authors(missing)
    broken = tmp_path / "model.ckpt-3.index"
    broken.write_bytes(b"not a table")
    with pytest.raises(ValueError, match="model.ckpt-3 cannot be read"):
        import_authors(broken)
