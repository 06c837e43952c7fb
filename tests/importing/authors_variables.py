"""The authors' variables: their names here, random values, checkpoints."""

import tensorflow as tf

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


def path_of(name):
    """Returns the path of our variable, after "g:" or "d:", by its name."""
    scope, *part, kind = name.split("/")
    layer = _LAYERS.get(scope, scope[2:])
    if part:
        layer += _PARTS[part[0].removeprefix("sn").removeprefix("_")]
    kind = _KINDS.get(kind, kind)
    if kind in ("kernel", "bias", "embeddings"):
        layer += f"/{layer.split('/')[-1]}"
    return f"{scope[0]}:{layer}/{kind}"


def without_scope(variables):
    """Returns the variables by their names from `g_` or `d_` on."""
    return {name.split("/", 1)[1]: array for name, array in variables.items()}


def random_variables(random, width, classes, latent_dim, attention):
    """Returns random variables of another width, or with other attention.

    Args:
        random: `np.random.Generator`.
        width, classes, latent_dim: Integers.
        attention: Resolution of self-attention, 32 or 64, or None.
    """
    shapes = {
        **_generator_shapes(width, classes, latent_dim, attention),
        **_discriminator_shapes(width, classes, attention),
    }
    return {
        f"model/{name}": random.uniform(0.5, 1.5, shape).astype("float32")
        if name.endswith(("gamma", "var", "variance"))
        else random.normal(0, 0.3, shape).astype("float32")
        for name, shape in shapes.items()
    }


def _generator_shapes(width, classes, latent_dim, attention):
    shapes = _kernel(
        "g_snh0", latent_dim, 256 * width, bias="bias", name="Matrix"
    )
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
            shapes |= _kernel(f"g_block{index}/snconv{number}", *sizes)
        before = after
    for name in ("gamma", "beta", "moving_mean", "moving_variance"):
        shapes[f"g_bn/{name}"] = (width,)
    shapes |= _kernel("g_snconv_last", 3, 3, width, 3)
    if attention:
        shapes |= _attention("g_non_local", {32: 4, 64: 2}[attention] * width)
    return shapes


def _discriminator_shapes(width, classes, attention):
    shapes, before = {}, 3
    for index, after in enumerate((1, 2, 4, 8, 16, 16), start=1):
        name = "optimized_block1" if index == 1 else f"block{index}"
        after *= width
        for number, size, n in ((1, 3, before), (2, 3, after), (3, 1, before)):
            if index < 6 or number < 3:
                scope = f"d_{name}/sn_conv{number}"
                shapes |= _kernel(scope, size, size, n, after)
        before = after
    shapes |= _kernel("d_sn_linear", 16 * width, 1, bias="bias", name="Matrix")
    shapes["d_embedding/embedding_map"] = (classes, 16 * width)
    shapes["d_embedding/u"] = (1, classes)
    if attention:
        shapes |= _attention("d_non_local", {32: 2, 64: 1}[attention] * width)
    return shapes


def _kernel(scope, *shape, bias="biases", name="w"):
    shapes = {f"{scope}/{name}": shape, f"{scope}/u": (1, shape[-1])}
    return shapes | ({f"{scope}/{bias}": shape[-1:]} if bias else {})


def _attention(scope, channels):
    shapes = {f"{scope}/sigma_ratio": ()}
    for name, sizes in {
        "theta": (channels, channels // 8),
        "phi": (channels, channels // 8),
        "g": (channels, channels // 2),
        "attn": (channels // 2, channels),
    }.items():
        shapes |= _kernel(f"{scope}/sn_conv_{name}", 1, 1, *sizes, bias=None)
    return shapes


def save_checkpoint(variables, folder, step):
    """Writes a checkpoint of TensorFlow 1; returns the prefix of its files."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        saved = [
            tf.compat.v1.get_variable(
                name, initializer=array, use_resource=False
            )
            for name, array in variables.items()
        ]
        session.run(tf.compat.v1.variables_initializer(saved))
        saver = tf.compat.v1.train.Saver(saved)
        return saver.save(session, str(folder / "model.ckpt"), step)
