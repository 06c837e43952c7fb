"""The authors' program, tensor by tensor, and `import_authors`."""

import pathlib

import numpy as np
import pytest
import tensorflow as tf
from authors_reference import Reference

from sagan_tf import losses
from sagan_tf.importing import import_authors

HERE = pathlib.Path(__file__).parent


STRIDE = (
    16  # Of the large gradients in tests/golden, see tests/tools/reduce.py.
)


@pytest.fixture(scope="module")
def golden():
    return dict(np.load(HERE.parent / "golden" / "authors_feat32.npz"))


@pytest.fixture(scope="module")
def variables(golden):
    return {
        name.removeprefix("var/"): array
        for name, array in golden.items()
        if name.startswith("var/")
    }


def _short(variables):
    return {name.split("/", 1)[1]: array for name, array in variables.items()}


_LAYERS = {
    "g_snh0": "dense",
    "g_bn": "normalization",
    "g_snconv_last": "convolution",
    "g_non_local": "attention32",
    "d_non_local": "attention32",
    "d_optimized_block1": "block1",
    "d_sn_linear": "linear",
    "d_embedding": "embedding",
}
_PARTS = {
    "cbn_0": "_normalization1",
    "cbn_1": "_normalization2",
    "conv1": "_convolution1",
    "conv2": "_convolution2",
    "conv3": "_shortcut",
    "conv_theta": "/query",
    "conv_phi": "/key",
    "conv_g": "/value",
    "conv_attn": "/output",
}
_KINDS = {
    "w": "kernel",
    "Matrix": "kernel",
    "biases": "bias",
    "embedding_map": "embeddings",
    "mean": "moving_mean",
    "var": "moving_variance",
    "sigma_ratio": "gamma",
}


def _path(name):
    """The path of our variable, after g or d, for one of the authors'."""
    scope, *part, kind = name.split("/")
    layer = _LAYERS.get(scope, scope[2:])
    if part:
        layer += _PARTS[part[0].removeprefix("sn").removeprefix("_")]
    kind = _KINDS.get(kind, kind)
    if kind in ("kernel", "bias", "embeddings"):
        layer += f"/{layer.split('/')[-1]}"
    return f"{scope[0]}:{layer}/{kind}"


def _by_path(network, variables, values):
    return {
        f"{network.name[0]}:{variable.path}": np.array(
            tf.convert_to_tensor(value)
        )
        for variable, value in zip(variables, values, strict=True)
    }


def _gradients(networks, golden):
    """Returns images, logits, losses and gradients of one step."""
    generator, discriminator = networks
    latents = tf.constant(golden["in/z"])
    labels = tf.constant(golden["in/fake_labels"])
    with tf.GradientTape() as tape:
        images = generator([latents, labels], training=True)
        fake_logits = discriminator([images, labels], training=False)
        g_loss = losses.generator_hinge(fake_logits)
    g_gradients = tape.gradient(g_loss, generator.trainable_variables)
    all_images = tf.concat([golden["in/real_images"], images], axis=0)
    all_labels = tf.concat([golden["in/real_labels"], labels], axis=0)
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


def _reference_gradients(variables, golden, differentiate_vectors):
    """The gradients of the same step in float64, written independently."""
    short = {
        name: tf.Variable(tf.cast(array, "float64"))
        for name, array in _short(variables).items()
    }
    reference = Reference(short, differentiate_vectors)
    latents, labels = golden["in/z"], golden["in/fake_labels"]
    with tf.GradientTape(persistent=True) as tape:
        images = reference.generate(
            tf.constant(latents, "float64"), labels, True, attention_after=3
        )
        fake = reference.discriminate(images, labels, attention_after=2)
        g_loss = -tf.reduce_mean(fake)
        fixed = reference.discriminate(tf.stop_gradient(images), labels, 2)
        real = reference.discriminate(
            tf.cast(golden["in/real_images"], "float64"),
            golden["in/real_labels"],
            attention_after=2,
        )
        d_loss = tf.reduce_mean(tf.nn.relu(1 - real)) + tf.reduce_mean(
            tf.nn.relu(1 + fixed)
        )
    gradients = {}
    for prefix, loss in (("g_", g_loss), ("d_", d_loss)):
        names = [
            name
            for name in short
            if name.startswith(prefix) and not name.endswith("/u")
        ]
        found = tape.gradient(loss, [short[name] for name in names])
        for name, gradient in zip(names, found, strict=True):
            if gradient is not None:
                gradients[name] = np.array(tf.convert_to_tensor(gradient))
    return gradients


def _assert_gradients_agree(ours, expected, zeros):
    """Relative error of the norm; absolute where the true gradient is 0."""
    for name, gradient in expected.items():
        found = ours[_path(name)]
        if found.size != gradient.size:
            found = found.ravel()[::STRIDE]
        difference = np.linalg.norm(found - gradient)
        bound = 1e-5 if name in zeros else 1e-3 * np.linalg.norm(gradient)
        assert difference < bound, name


@pytest.fixture(scope="module")
def zeros(variables, golden):
    """Biases before a batch normalization: their true gradient is zero."""
    gradients = _reference_gradients(variables, golden, True)
    found = {n for n, g in gradients.items() if np.linalg.norm(g) < 1e-12}
    assert len(found) == 9 and all(name.endswith("biases") for name in found)
    return found


@pytest.mark.parametrize(
    "folded",
    [True, pytest.param("products", marks=pytest.mark.slow), False],
)
def test_a_step_is_the_authors(golden, variables, zeros, folded):
    networks = import_authors(
        variables, folded=folded, differentiate_vectors=True
    )
    before = networks[0]([golden["in/z"], golden["in/fake_labels"]])
    np.testing.assert_allclose(
        before[:, :, ::2], golden["out/fake_images_inference"], atol=1e-4
    )
    ours = _gradients(networks, golden)
    for name in (
        "fake_images_training", "real_logits", "fake_logits", "d_loss",
        "g_loss",
    ):  # fmt: skip
        np.testing.assert_allclose(
            ours[name], golden[f"out/{name}"], atol=1e-4, err_msg=name
        )
    expected = {
        name.split("/", 2)[2]: array
        for name, array in golden.items()
        if "_grad/" in name
    }
    assert len(expected) == sum(len(n.trainable_variables) for n in networks)
    _assert_gradients_agree(ours, expected, zeros)
    state = networks[0].non_trainable_variables
    state = _by_path(networks[0], state, state)
    after = {
        name.split("/", 2)[2]: array
        for name, array in golden.items()
        if name.startswith("after/")
    }
    assert len(after) == len(state)
    for name, array in after.items():
        np.testing.assert_allclose(
            state[_path(name)], array.ravel(), atol=1e-5, err_msg=name
        )


def test_default_gradient_takes_u_and_v_as_constants(golden, variables, zeros):
    ours = _gradients(import_authors(variables), golden)
    expected = _reference_gradients(variables, golden, False)
    _assert_gradients_agree(ours, expected, zeros)
    # The difference that the option makes can be seen.
    other = _reference_gradients(variables, golden, True)
    name = "g_block5/snconv2/w"
    difference = np.linalg.norm(expected[name] - other[name])
    assert difference > 1e-2 * np.linalg.norm(other[name])


def _random_variables(random, width, classes, latent_dim, attention):
    """The authors' names, with random values, of another architecture.

    `attention` is the resolution, 32 or 64, or None.
    """
    shapes = {}

    def kernel(scope, *shape, bias="biases", name="w"):
        shapes[f"{scope}/{name}"] = shape
        shapes[f"{scope}/u"] = (1, shape[-1])
        if bias:
            shapes[f"{scope}/{bias}"] = shape[-1:]

    def non_local(scope, channels):
        shapes[f"{scope}/sigma_ratio"] = ()
        for name, sizes in {
            "theta": (channels, channels // 8),
            "phi": (channels, channels // 8),
            "g": (channels, channels // 2),
            "attn": (channels // 2, channels),
        }.items():
            kernel(f"{scope}/sn_conv_{name}", 1, 1, *sizes, bias=None)

    dense = (latent_dim, 256 * width)
    kernel("g_snh0", *dense, bias="bias", name="Matrix")
    before = 16
    for index, after in enumerate((16, 8, 4, 2, 1), start=1):
        for number, n in enumerate((before, after)):
            scope = f"g_block{index}/cbn_{number}"
            for name in ("gamma", "beta"):
                shapes[f"{scope}/{name}"] = (classes, n * width)
            for name in ("mean", "var"):
                shapes[f"{scope}/{name}"] = (1, 1, 1, n * width)
        for number, size, n in ((1, 3, before), (2, 3, after), (3, 1, before)):
            sizes = (size, size, n * width, after * width)
            kernel(f"g_block{index}/snconv{number}", *sizes)
        before = after
    for name in ("gamma", "beta", "moving_mean", "moving_variance"):
        shapes[f"g_bn/{name}"] = (width,)
    kernel("g_snconv_last", 3, 3, width, 3)
    before = 3
    for index, after in enumerate((1, 2, 4, 8, 16, 16), start=1):
        name = "optimized_block1" if index == 1 else f"block{index}"
        after *= width
        for number, size, n in ((1, 3, before), (2, 3, after), (3, 1, before)):
            if index < 6 or number < 3:
                scope = f"d_{name}/sn_conv{number}"
                kernel(scope, size, size, n, after)
        before = after
    kernel("d_sn_linear", 16 * width, 1, bias="bias", name="Matrix")
    shapes["d_embedding/embedding_map"] = (classes, 16 * width)
    shapes["d_embedding/u"] = (1, classes)
    if attention:
        non_local("g_non_local", {32: 4, 64: 2}[attention] * width)
        non_local("d_non_local", {32: 2, 64: 1}[attention] * width)
    return {
        f"model/{name}": random.uniform(0.5, 1.5, shape).astype("float32")
        if name.endswith(("gamma", "var", "variance"))
        else random.normal(0, 0.3, shape).astype("float32")
        for name, shape in shapes.items()
    }


@pytest.mark.parametrize(
    ("width", "classes", "latent_dim", "attention"),
    [(8, 7, 20, 64), (4, 1, 128, None), (4, 3, 5, 32)],
)
def test_architecture_is_read_from_the_names(
    random, width, classes, latent_dim, attention
):
    variables = _random_variables(random, width, classes, latent_dim, attention)
    extras = {
        "global_step": np.array(7),
        "model/beta1_power": np.array(0.0),
        "model/d_block2/sn_conv1/w/Adam": np.zeros(3),
        "model/d_block2/sn_conv1/w/Adam_1": np.zeros(3),
    }
    named = {f"{name}:0": array for name, array in variables.items()}
    generator, discriminator = import_authors({**named, **extras})
    reference = Reference(
        {n: tf.constant(a) for n, a in _short(variables).items()}, False
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


def _save_checkpoint(variables, folder):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        saved = [
            tf.compat.v1.get_variable(
                name, initializer=array, use_resource=False
            )
            for name, array in variables.items()
        ]
        session.run(tf.compat.v1.variables_initializer(saved))
        saver = tf.compat.v1.train.Saver(saved)
        return saver.save(session, str(folder / "model.ckpt"), 12)


def test_checkpoint_of_tensorflow_1(random, tmp_path):
    variables = _random_variables(random, 2, 2, 4, None)
    path = _save_checkpoint(
        {**variables, "model/g_snh0/Matrix/Adam": np.zeros((4, 512), "f")},
        tmp_path,
    )
    inputs = [np.ones((1, 4), "f"), np.ones(1, "int32")]
    expected = import_authors(variables)[0](inputs)
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
            r"`g_block2/snconv2/w` is of another shape: expected shape "
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
            "Two variables are the networks' `g_bn/beta`: `model/g_bn/beta` "
            "and `other/g_bn/beta`",
        ),
    ],
)
def test_another_architecture_is_named(random, change, message):
    variables = _random_variables(random, 2, 2, 4, None)
    change(variables)
    with pytest.raises(ValueError, match=message):
        import_authors(variables)


def test_unreadable_checkpoints_are_named(tmp_path):
    missing = tmp_path / "nowhere" / "model.ckpt"
    with pytest.raises(ValueError, match="model.ckpt cannot be read"):
        import_authors(missing)
    broken = tmp_path / "model.ckpt-3.index"
    broken.write_bytes(b"not a table")
    with pytest.raises(ValueError, match="model.ckpt-3 cannot be read"):
        import_authors(broken)
