"""The calls of single layers that `benchmarks/layers.py` times."""

import time

from . import pairs, workloads

CHANNELS = 128
# Batch, size of the inputs, channels, filters, by kind of layer.
_CONVOLUTIONS = {
    "WinogradConv2D": (
        (16, 4, 1024, 1024), (8, 8, 1024, 1024), (8, 16, 512, 512),
        (8, 32, 256, 256), (8, 64, 128, 128), (8, 128, 64, 64),
    ),
    "UpsampleConv2D": (
        (8, 4, 1024, 1024), (8, 8, 1024, 512), (8, 16, 512, 256),
        (8, 32, 256, 128), (8, 64, 128, 64),
    ),
    "DownsampleConv2D": (
        (16, 8, 1024, 1024), (16, 16, 512, 512), (16, 32, 256, 256),
        (16, 64, 128, 128), (16, 128, 64, 64),
    ),
}  # fmt: skip
_METHODS = {
    "WinogradConv2D": ("direct", "winograd"),
    "UpsampleConv2D": ("direct", "strided", "winograd"),
    "DownsampleConv2D": ("direct", "strided", "winograd"),
}


def attention(blockwise, precision, size, batch_size):
    """Makes a call of `SelfAttention` and its gradients.

    The result is the peak of resident memory that the call adds, in GiB.
    """
    tf = workloads.tensorflow()
    from sagan_tf import layers

    policy = workloads.POLICIES[precision]
    layer = layers.SelfAttention(blockwise=blockwise, dtype=policy)
    layer.build((None, None, None, CHANNELS))
    layer.gamma.assign(0.5)

    @tf.function
    def gradients(inputs, upstream):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=True)
        sources = [inputs, *layer.trainable_variables]
        return outputs, tape.gradient(outputs, sources, upstream)

    def prepared(size, batch_size):
        shape = (batch_size, size, size, CHANNELS)
        inputs, upstream = (
            tf.random.normal(shape, dtype=layer.compute_dtype) for _ in "ab"
        )
        function = gradients.get_concrete_function(inputs, upstream)
        return lambda: function(inputs, upstream)

    # Small maps load the code of the kernels.
    for small_batch in (1, 16):
        prepared(16, small_batch)()
    call = prepared(size, batch_size)
    before = pairs.memory("VmRSS")

    def work():
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")  # The peak starts again from what is held now.
        call()
        return pairs.memory() - before

    return work, {"size": size, "images": batch_size}


def convolutions(precision, shapes):
    """Makes one turn of all convolutions.

    The result is a list of seconds, in the order of the fact `rows`, which has
    the layer, its shape, its method and its error.
    """
    tf = workloads.tensorflow()
    from sagan_tf import layers

    rows, steps = [], []
    for kind, all_shapes in _CONVOLUTIONS.items():
        for shape in all_shapes[:shapes]:
            batch_size, size, channels, filters = shape
            inputs = tf.random.normal((batch_size, size, size, channels))
            make = getattr(layers, kind)
            padding = {"padding": "same"} if kind == "WinogradConv2D" else {}
            exact = make(filters, 3, method="direct", **padding)
            expected = exact(inputs)
            for method in _METHODS[kind]:
                layer = make(
                    filters,
                    3,
                    method=method,
                    dtype=workloads.POLICIES[precision],
                    **padding,
                )
                layer.build(inputs.shape)
                layer.kernel.assign(exact.kernel)
                step = _convolution_step(layer, inputs)
                error = abs(tf.cast(step()[0], "float32") - expected)
                relative = tf.reduce_max(error) / tf.reduce_max(abs(expected))
                rows.append([kind, shape, method, float(relative)])
                steps.append(step)

    def work():
        seconds = []
        for step in steps:
            start = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - start)
        return seconds

    return work, {"rows": rows}


def _convolution_step(layer, inputs):
    tf = workloads.tensorflow()

    @tf.function
    def step(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs)
        gradients = tape.gradient(outputs, [inputs, layer.kernel.value])
        return outputs, *gradients

    inputs = tf.cast(inputs, layer.compute_dtype)
    return lambda: step(inputs)
