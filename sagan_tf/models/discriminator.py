"""The discriminator: images and labels to logits."""

import keras

from sagan_tf.models import architecture, blocks

CONDITIONINGS = ("projection", "auxiliary_classifier")


def build_discriminator(
    image_size=128,
    base_channels=64,
    num_classes=1000,
    attention_resolutions=(32,),
    spectral_normalization=True,
    attention_variant="released",
    residual_resolutions=(),
    conditioning="projection",
    rectified_shortcut=False,
    method="auto",
    kernel_initializer="glorot_uniform",
    differentiate_vectors=False,
    name="discriminator",
):
    """Builds SAGAN's discriminator as a functional model.

    Residual down-blocks, self-attention after the first block of each given
    resolution, ReLU, **sum** pooling to features h, and the logit::

        logit = w^T h + b + embedding[label]^T h

    Args:
        image_size, base_channels, attention_*, residual_resolutions,
            kernel_initializer, differentiate_vectors: See `build_generator`.
        num_classes: Integer, or None for an unconditional discriminator,
            which has no `labels` input and no projection.
        spectral_normalization: Boolean, whether kernels and the class
            embedding are spectrally normalized.
        conditioning: "projection" (paper) or "auxiliary_classifier" (Odena
            et al.): the logit is w^T h + b, and a second dense layer gives
            the logits of the classes. Ignored if `num_classes` is None.
        rectified_shortcut: Boolean, whether the shortcuts after the first
            block start from the ReLU of their input, because StudioGAN's
            ReLU works in place. Authors' code: False.
        method: "auto", "direct", "strided" or "winograd", how 3x3
            convolutions are computed; see `DownsampleConv2D`.

    Returns:
        A `keras.Model` from `images`, float32
        (batch, image_size, image_size, 3) in [-1, 1], and `labels`, int32
        (batch,) in [0, num_classes), to `logits`, float32 (batch, 1). With
        an auxiliary classifier from `images` alone to `logits` and
        `class_logits`, float32 (batch, num_classes).

    Raises:
        ValueError: If an argument is not as above.

    Example:

    >>> discriminator = build_discriminator(image_size=32, num_classes=10,
    ...                                     attention_resolutions=(16,))
    >>> images = np.zeros((2, 32, 32, 3), "float32")
    >>> discriminator([images, np.array([3, 7])]).shape
    (2, 1)

    Reference:
        - Zhang et al., https://arxiv.org/abs/1805.08318, and the authors'
          code; Miyato and Koyama, https://arxiv.org/abs/1802.05637, for the
          projection; Odena et al., https://arxiv.org/abs/1610.09585.
    """
    parts = blocks.Parts(
        spectral_normalization,
        attention_variant,
        attention_resolutions,
        residual_resolutions,
        method,
        kernel_initializer,
        differentiate_vectors,
    )
    down_blocks = architecture.discriminator_blocks(image_size)
    architecture.check_resolutions("discriminator", down_blocks, parts)
    architecture.check_sizes(base_channels=base_channels)
    if num_classes is not None:
        architecture.check_sizes(num_classes=num_classes)
    _check_conditioning(conditioning)
    images = keras.Input(
        (image_size, image_size, 3), name="images", dtype="float32"
    )
    features, previous = images, image_size
    for index, (resolution, width) in enumerate(down_blocks, start=1):
        features = blocks.discriminator_block(
            features,
            width * base_channels,
            parts,
            f"block{index}",
            downsample=resolution < previous,
            first=index == 1,
            rectified_shortcut=rectified_shortcut,
        )
        if resolution < previous:
            features = parts.insert(features, resolution)
        previous = resolution
    features = keras.layers.ReLU()(features)
    # A sum over positions, and a logit, need float32's mantissa.
    features = keras.ops.sum(keras.ops.cast(features, "float32"), axis=(1, 2))
    if num_classes is None:
        logits = parts.dense(1, "logits", "float32")(features)
        return keras.Model(images, logits, name=name)
    if conditioning == "auxiliary_classifier":
        logits = parts.dense(1, "logits", "float32")(features)
        classify = parts.dense(num_classes, "class_logits", "float32")
        return keras.Model(images, [logits, classify(features)], name=name)
    labels = keras.Input((), name="labels", dtype="int32")
    logits = _projection(features, labels, num_classes, parts)
    return keras.Model([images, labels], logits, name=name)


def _check_conditioning(conditioning):
    if conditioning not in CONDITIONINGS:
        raise ValueError(
            f"`conditioning` must be one of {CONDITIONINGS}. "
            f"Received: conditioning={conditioning!r}"
        )


def _projection(features, labels, num_classes, parts):
    """Returns the logit w^T h + b + embedding[label]^T h."""
    logits = parts.dense(1, "linear", "float32")(features)
    embed = parts.embedding(num_classes, features.shape[-1], "embedding")
    projection = keras.layers.Dot(axes=-1, name="projection", dtype="float32")(
        [features, embed(labels)]
    )
    return keras.layers.Add(name="logits", dtype="float32")(
        [logits, projection]
    )
