"""The device that the layers are computed on."""

import keras


def default():
    """Returns "cpu" if the default device is a CPU, else "gpu".

    Some forms of a convolution are faster on a CPU only. On backends other
    than TensorFlow and JAX it returns "gpu", whatever the device is.
    """
    if keras.config.backend() not in ("tensorflow", "jax"):
        return "gpu"
    first = keras.distribution.list_devices()[0]
    return "cpu" if first.startswith("cpu") else "gpu"
