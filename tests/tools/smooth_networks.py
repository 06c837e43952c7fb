"""Small networks without ReLUs, whose gradients have no jumps."""

import keras

from sagan_tf import layers


def _normalized(layer):
    return layers.SpectralNormalization(layer)


def generator(conditional, synchronized):
    latents = keras.Input((4,))
    labels = keras.Input((), dtype="int32")
    features = _normalized(keras.layers.Dense(4 * 4 * 8))(latents)
    if conditional and synchronized is None:
        table = _normalized(keras.layers.Embedding(3, 4 * 4 * 8))
        features = keras.layers.Add()([features, table(labels)])
    features = keras.layers.Reshape((4, 4, 8))(features)
    features = _normalized(layers.UpsampleConv2D(8, 3))(features)
    if synchronized is not None:
        normalize = layers.ConditionalBatchNormalization(
            3, 0.9, synchronized=synchronized
        )
        features = normalize([features, labels])
    features = layers.SelfAttention(pool=False)(features)
    if synchronized is not None:
        features = keras.layers.BatchNormalization(
            momentum=0.9, synchronized=synchronized
        )(features)
    features = keras.layers.Activation("tanh")(features)
    images = _normalized(keras.layers.Conv2D(3, 3, padding="same"))(features)
    images = keras.layers.Activation("tanh")(images)
    return keras.Model([latents, labels] if conditional else latents, images)


def discriminator(conditioning):
    images = keras.Input((8, 8, 3))
    labels = keras.Input((), dtype="int32")
    features = _normalized(layers.DownsampleConv2D(8, 3))(images)
    features = keras.layers.Activation("tanh")(features)
    features = layers.SelfAttention(pool=False)(features)
    features = keras.layers.GlobalAveragePooling2D()(features)
    logits = _normalized(keras.layers.Dense(1))(features)
    if conditioning is None:
        return keras.Model(images, logits)
    if conditioning == "auxiliary_classifier":
        classes = _normalized(keras.layers.Dense(3))(features)
        return keras.Model(images, [logits, classes])
    # A table of its own, whose gradient is sparse.
    rows = keras.layers.Embedding(3, 8)(labels)
    projection = keras.layers.Dot(-1)([rows, features])
    logits = keras.layers.Add()([logits, projection])
    return keras.Model([images, labels], logits)
