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
    folded=True,
    kernel_initializer="glorot_uniform",
    differentiate_vectors=False,
    blockwise_attention=True,
    name="discriminator",
):
    """Builds SAGAN's discriminator as a functional model.

    Residual down-blocks, self-attention after the first block of each given
    resolution, ReLU, **sum** pooling to features h, and the logit::

        logit = w^T h + b + embedding[label]^T h

    With `conditioning="auxiliary_classifier"` the logit is w^T h + b, and a
    second dense layer gives the logits of the classes (AC-GAN).

    There is no batch normalization, so a batch of real and generated images
    gives the same logits as each apart.

    Args:
        image_size: 32, 64, 128 or 256, height and width of the images in
            pixels.
        base_channels: Integer, channels of the first block at 128 px; the
            paper's network: 64.
        num_classes: Integer, or None for an unconditional discriminator,
            which has no `labels` input and no projection.
        attention_resolutions: Feature-map sizes after which there is
            self-attention. Authors' code: (32,); the paper's headline row,
            StudioGAN and MMGeneration: (64,), at 128 px.
        spectral_normalization: Boolean, whether all kernels and the class
            embedding are spectrally normalized.
        attention_variant: "released" (values of C/2, 2x2 max pool, as in all
            public code) or "paper" (values of C/8, no pool).
        residual_resolutions: Feature-map sizes after which there is a
            residual block of as many parameters in the place of
            self-attention, as in the paper's table 1.
        conditioning: "projection" (paper) or "auxiliary_classifier" (Odena
            et al.); without effect if `num_classes` is None.
        rectified_shortcut: Boolean, whether the shortcuts after the first
            block start from the ReLU of their input, as StudioGAN's do by
            its in-place ReLU. Authors' code: False.
        folded: Boolean, whether convolutions are folded with pooling, and
            computed by minimal filtering where that is faster; False computes
            the same values by the plain composition. "products" and
            "convolution" ask for one form throughout, see `DownsampleConv2D`.
        kernel_initializer: Name of a Keras initializer.
        differentiate_vectors: Boolean, see `SpectralNormalization`.
        blockwise_attention: Boolean, see `blockwise` of `SelfAttention`.
        name: String, name of the model.

    Returns:
        A `keras.Model` from `images`, float32
        (batch, image_size, image_size, 3) in [-1, 1], and `labels`, int32
        (batch,) in [0, num_classes), to `logits`, float32 (batch, 1). With
        an auxiliary classifier from `images` alone to `logits` and
        `class_logits`, float32 (batch, num_classes).

    Raises:
        ValueError: If `image_size`, `base_channels`, `num_classes`,
            `attention_resolutions`, `residual_resolutions`, `conditioning`
            or `attention_variant` is not as above.

    Example:

    >>> discriminator = build_discriminator(image_size=32, num_classes=10,
    ...                                     attention_resolutions=(16,))
    >>> images = np.zeros((2, 32, 32, 3), "float32")
    >>> discriminator([images, np.array([3, 7])]).shape
    (2, 1)

    Reference:
        - Zhang et al., [Self-Attention Generative Adversarial Networks](
          https://arxiv.org/abs/1805.08318), and the authors' code; Miyato
          and Koyama, [cGANs with Projection Discriminator](
          https://arxiv.org/abs/1802.05637); Odena et al., [Conditional
          Image Synthesis With Auxiliary Classifier GANs](
          https://arxiv.org/abs/1610.09585).
    """
    down_blocks = architecture.discriminator_blocks(image_size)
    architecture.check_arguments(
        "discriminator",
        down_blocks,
        image_size,
        attention_resolutions,
        residual_resolutions,
        num_classes,
        base_channels=base_channels,
    )
    if conditioning not in CONDITIONINGS:
        raise ValueError(
            f"`conditioning` must be one of {CONDITIONINGS}. "
            f"Received: conditioning={conditioning!r}"
        )
    convolutions = blocks.Convolutions(
        spectral_normalization,
        folded,
        kernel_initializer,
        differentiate_vectors,
        attention_variant,
        blockwise_attention,
    )
    images = keras.Input(
        (image_size, image_size, 3), name="images", dtype="float32"
    )
    features = images
    visited = set()
    for index, (resolution, width) in enumerate(down_blocks, start=1):
        channels = width * base_channels
        features = blocks.discriminator_block(
            features,
            channels,
            convolutions,
            f"block{index}",
            downsample=resolution < features.shape[1],
            first=index == 1,
            rectified_shortcut=rectified_shortcut,
        )
        if resolution not in visited:
            visited.add(resolution)
            features = blocks.insert(
                features,
                resolution,
                attention_resolutions,
                residual_resolutions,
                convolutions,
            )
    features = keras.layers.ReLU()(features)
    # A sum over positions, and a logit, need float32's mantissa.
    features = keras.ops.sum(keras.ops.cast(features, "float32"), axis=(1, 2))
    projected = num_classes is not None and conditioning == "projection"
    logits_name = "linear" if projected else "logits"
    logits = convolutions.dense(1, logits_name, dtype="float32")(features)
    if num_classes is None:
        return keras.Model(images, logits, name=name)
    if not projected:
        class_logits = convolutions.dense(
            num_classes, "class_logits", dtype="float32"
        )(features)
        return keras.Model(images, [logits, class_logits], name=name)
    labels = keras.Input((), name="labels", dtype="int32")
    embedding = convolutions.embedding(
        num_classes, channels, "embedding", dtype="float32"
    )(labels)
    projection = keras.layers.Dot(axes=-1, name="projection", dtype="float32")(
        [features, embedding]
    )
    logits = keras.layers.Add(name="logits", dtype="float32")(
        [logits, projection]
    )
    return keras.Model([images, labels], logits, name=name)
