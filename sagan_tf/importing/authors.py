"""Checkpoints of the authors' TensorFlow 1 program."""

import os
import re

import keras
import tensorflow as tf

from sagan_tf import models
from sagan_tf.importing.variables import Variables, check_pair
from sagan_tf.layers import ConditionalBatchNormalization
from sagan_tf.models import architecture

_IMAGE_SIZE = 128
# In the order in which the authors' scopes are numbered.
_CONVOLUTIONS = ("convolution1", "convolution2", "shortcut")
_MOVING = ("moving_mean", "moving_variance")
# The authors' names of the convolutions in self-attention, and ours.
_ATTENTION = {
    "sn_conv_theta": "query_convolution",
    "sn_conv_phi": "key_convolution",
    "sn_conv_g": "value_convolution",
    "sn_conv_attn": "output_convolution",
}


def import_authors(
    variables_or_checkpoint, method="auto", differentiate_vectors=False
):
    """Builds our networks with the weights of the authors' program.

    The program's networks are `generator` and `generator_test` (attention at
    32 px), `generator_test_64`, and their discriminators, all at 128 px. Base
    width, number of classes, latent size and attention are read from the
    names and shapes of the variables. Weights, `u` vectors and moving
    statistics are taken over unchanged, so inference, a training step and its
    gradients have the authors' values.

    Args:
        variables_or_checkpoint: Mapping of variable names to arrays, such as
            `{"model/g_snh0/Matrix": ..., ...}`, or the path of a TensorFlow 1
            checkpoint (`.../model.ckpt-1000`) or of its directory. Scopes
            before `g_...` and `d_...`, variables of optimizers and step
            counters are ignored.
        method: See `build_generator`.
        differentiate_vectors: Boolean, see `SpectralNormalization`. True
            gives the authors' gradients.

    Returns:
        The generator and the discriminator, two `keras.Model`s.

    Raises:
        ValueError: If there is no checkpoint, if it cannot be read, or if
            a variable is missing, unexpected, or has another shape.

    Example:

    >>> generator, discriminator = import_authors("logs/model.ckpt-1000000")

    Reference:
        - https://github.com/brain-research/self-attention-gan
    """
    variables = _read(variables_or_checkpoint)
    options = {
        "method": method,
        "differentiate_vectors": differentiate_vectors,
    }
    generator = _generator(variables, options)
    discriminator = _discriminator(variables, options)
    variables.check_all_read()
    check_pair(generator, discriminator)
    return generator, discriminator


def _read(source):
    if not isinstance(source, (str, os.PathLike)):
        names = _network_variables(source)
        arrays = {short: source[name] for short, name in names.items()}
        return Variables(arrays, "The mapping")
    path = checkpoint_prefix(source)
    try:
        reader = tf.train.load_checkpoint(path)
        names = _network_variables(reader.get_variable_to_shape_map())
        arrays = {
            short: reader.get_tensor(name) for short, name in names.items()
        }
    except (tf.errors.OpError, RuntimeError, ValueError) as error:
        raise ValueError(
            f"{path} cannot be read as a TensorFlow 1 checkpoint, that is "
            f"{path}.index and {path}.data-00000-of-00001 "
            f"({str(error).splitlines()[0]})"
        ) from None
    return Variables(arrays, path)


def checkpoint_prefix(path):
    """Returns the prefix that the names of a checkpoint's files share.

    Args:
        path: The prefix itself, the path of one of the files, or a directory,
            whose last checkpoint is taken.
    """
    path = os.fspath(path)
    if os.path.isdir(path):
        try:
            return tf.train.latest_checkpoint(path) or path
        except ValueError as error:
            raise ValueError(
                f"{path} cannot be read as a folder of checkpoints ({error})"
            ) from None
    return re.sub(r"\.(index|meta|data-\d+-of-\d+)$", "", path)


def _network_variables(names):
    """Returns a dictionary of the networks' variables.

    Its keys are names from `g_` or `d_` on, its values whole names. Variables
    of Adam, and counters, are left out.
    """
    found = {}
    for name in sorted(names):
        match = re.search(
            r"(?:^|/)([gd]_\w+/.+?)(/Adam(?:_\d+)?)?(?::0)?$", name
        )
        if match is None or match[2]:
            continue
        if match[1] in found:
            raise ValueError(
                f"Two variables end with `{match[1]}`: "
                f"`{found[match[1]]}` and `{name}`"
            )
        found[match[1]] = name
    return found


def _generator(variables, options):
    latent_dim, units = variables.shape("g_snh0/Matrix", (None, None))
    (_, width), *up_blocks = architecture.generator_blocks(_IMAGE_SIZE)
    base_channels = max(1, units // (16 * width))
    num_classes, _ = variables.shape("g_block1/cbn_0/gamma", (None, None))
    generator = models.build_generator(
        image_size=_IMAGE_SIZE,
        base_channels=base_channels,
        num_classes=num_classes,
        latent_dim=latent_dim,
        attention_resolutions=_attention_resolutions(
            variables, "g_non_local", up_blocks, base_channels
        ),
        **options,
    )
    _take_kernel(variables, generator.get_layer("dense"), "g_snh0")
    for index in range(1, len(up_blocks) + 1):
        for number in (1, 2):
            _take_normalization(
                variables,
                generator.get_layer(f"block{index}_normalization{number}"),
                f"g_block{index}/cbn_{number - 1}",
            )
        for number, name in enumerate(_CONVOLUTIONS, start=1):
            _take_kernel(
                variables,
                generator.get_layer(f"block{index}_{name}"),
                f"g_block{index}/snconv{number}",
            )
    _take_attention(variables, generator, "g_non_local")
    _take_normalization(variables, generator.get_layer("normalization"), "g_bn")
    _take_kernel(variables, generator.get_layer("convolution"), "g_snconv_last")
    return generator


def _discriminator(variables, options):
    down_blocks = architecture.discriminator_blocks(_IMAGE_SIZE)
    *_, base_channels = variables.shape(
        "d_optimized_block1/sn_conv1/w", (3, 3, 3, None)
    )
    num_classes, _ = variables.shape("d_embedding/embedding_map", (None, None))
    discriminator = models.build_discriminator(
        image_size=_IMAGE_SIZE,
        base_channels=base_channels,
        num_classes=num_classes,
        attention_resolutions=_attention_resolutions(
            variables, "d_non_local", down_blocks, base_channels
        ),
        **options,
    )
    layers = {layer.name: layer for layer in discriminator.layers}
    for index in range(1, len(down_blocks) + 1):
        block = "optimized_block1" if index == 1 else f"block{index}"
        for number, name in enumerate(_CONVOLUTIONS, start=1):
            # The last block has no convolution in the shortcut.
            if layer := layers.get(f"block{index}_{name}"):
                _take_kernel(variables, layer, f"d_{block}/sn_conv{number}")
    _take_attention(variables, discriminator, "d_non_local")
    _take_kernel(variables, layers["linear"], "d_sn_linear")
    _take_kernel(variables, layers["embedding"], "d_embedding")
    return discriminator


def _attention_resolutions(variables, scope, blocks, base_channels):
    name = f"{scope}/sn_conv_theta/w"
    if not any(other.startswith(f"{scope}/") for other in variables.names()):
        return ()
    *_, channels, _ = variables.shape(name, (1, 1, None, None))
    # The authors' networks have attention once. The width of its input tells
    # after which block it is.
    for resolution, width in blocks:
        if width * base_channels == channels:
            return (resolution,)
    widths = sorted({width * base_channels for _, width in blocks})
    raise ValueError(
        f"{variables.origin} has another architecture: variable `{name}` "
        f"has {channels} input channels, expected one of {widths}"
    )


def _take_attention(variables, network, scope):
    for layer in network.layers:
        if layer.name.startswith("attention"):
            layer.gamma.assign(variables.take(f"{scope}/sigma_ratio", ()))
            for name, attribute in _ATTENTION.items():
                _take_kernel(
                    variables, getattr(layer, attribute), f"{scope}/{name}"
                )


def _take_kernel(variables, layer, scope):
    """Copies the kernel, `u` and bias of a spectrally normalized layer."""
    wrapped = layer.layer
    if isinstance(wrapped, keras.layers.Embedding):
        names = {"embeddings": "embedding_map"}
    elif isinstance(wrapped, keras.layers.Dense):
        names = {"kernel": "Matrix", "bias": "bias"}
    elif wrapped.use_bias:
        names = {"kernel": "w", "bias": "biases"}
    else:
        names = {"kernel": "w"}
    for attribute, name in names.items():
        variable = getattr(wrapped, attribute)
        variable.assign(variables.take(f"{scope}/{name}", variable.shape))
    layer.u.assign(variables.take(f"{scope}/u", (1, *layer.u.shape))[0])


def _take_normalization(variables, layer, scope):
    """Copies the four variables of a (conditional) batch normalization."""
    for name in ("gamma", "beta"):
        variable = getattr(layer, name)
        variable.assign(variables.take(f"{scope}/{name}", variable.shape))
    conditional = isinstance(layer, ConditionalBatchNormalization)
    names = ("mean", "var") if conditional else _MOVING
    for attribute, name in zip(_MOVING, names, strict=True):
        variable = getattr(layer, attribute)
        shape = (1, 1, 1, *variable.shape) if conditional else variable.shape
        variable.assign(variables.take(f"{scope}/{name}", shape).ravel())
