"""What the layers are computed on."""

import keras


def on_cpu():
    """Whether the default device is a CPU, where some forms are faster."""
    if keras.config.backend() not in ("tensorflow", "jax"):
        return False
    return keras.distribution.list_devices()[0].startswith("cpu")
