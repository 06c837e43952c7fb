"""The calls of generators that `benchmarks/generate.py` times."""

import numpy as np

from . import workloads


def _random_inputs(config):
    """Returns random latents and labels, the same at each call."""
    random = np.random.default_rng(0)
    shape = (config.batch_size, config.latent_dim)
    latents = random.standard_normal(shape, "float32")
    return latents, random.integers(0, config.num_classes, config.batch_size)


def export(path, method="auto", **fields):
    """Makes the export of a generator with random weights.

    Args:
        path: Directory to write.
        method: String, how convolutions are computed; see `build_generator`.
        **fields: Arguments of `workloads.configuration`.
    """
    workloads.tensorflow()
    from sagan_tf import models
    from sagan_tf.export import export_generator

    config = workloads.configuration(**fields)
    arguments = workloads.network_arguments(config, method)
    generator = models.build_generator(**arguments)
    return lambda: export_generator(generator, path), {}


def exported_generator(path, signature, **fields):
    """Makes a call of an exported generator, loaded as a server does.

    Args:
        path: Directory that `export` wrote.
        signature: String, the signature to call.
        **fields: Arguments of `workloads.configuration`.
    """
    tf = workloads.tensorflow()
    config = workloads.configuration(**fields)
    served = tf.saved_model.load(path).signatures[signature]
    latents, labels = _random_inputs(config)
    inputs = {
        "latents": tf.constant(latents),
        "labels": tf.constant(labels, tf.int32),
    }

    def work():
        return served(**inputs)["images"].numpy().shape

    return work, {"images": config.batch_size}


def pytorch_generator(options, **fields):
    """Makes a call of StudioGAN's generator in evaluation mode.

    Args:
        options: List of "channels_last" and "compiled".
        **fields: Arguments of `workloads.configuration`.
    """
    import torch
    from peers import pytorch_sagan

    config = workloads.configuration(**fields)
    generator, _ = workloads.pytorch_networks(config)
    if "channels_last" in options:
        generator = generator.to(memory_format=torch.channels_last)
    if "compiled" in options:
        generator = torch.compile(generator)
    inputs = [torch.from_numpy(array) for array in _random_inputs(config)]

    def work():
        return pytorch_sagan.generate(generator, *inputs).numpy().shape

    return work, {"images": config.batch_size}
