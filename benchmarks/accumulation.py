"""Memory and time of a training step in micro-batches.

    python benchmarks/accumulation.py [--image_size=128] [--batch_size=64]

A step is one discriminator and one generator update on the whole batch, dealt
out into as many micro-batches as each row says (`accumulation_steps`), with
Adam and the averaged generator, on random images of 10 classes. Each row is a
process of its own, and they take turns. Peak and base are resident memory:
over all of the process, and before its first step, when it holds imports,
weights, optimizers and images. The difference is the step's own: activations,
which micro-batches save, and on a CPU also the graph, which grows with them.
"""

import os

import pairs
from absl import app, flags

# As in train.py.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_IMAGE_SIZE = flags.DEFINE_integer("image_size", 128, "In pixels.")
_BASE_CHANNELS = flags.DEFINE_integer("base_channels", 32, "See Config.")
_ATTENTION = flags.DEFINE_integer("attention", 32, "Size of its maps.")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 64, "Images per update.")
_STEPS = flags.DEFINE_list("steps", [1, 4, 8], "Values of accumulation_steps.")
_JIT_COMPILE = flags.DEFINE_bool("jit_compile", False, "Whether by XLA.")
flags.set_default(pairs.PAIRS, 3)


def _make(accumulation_steps):
    import tensorflow as tf

    from sagan_tf import Config, training

    tf.config.threading.set_intra_op_parallelism_threads(pairs.cores())
    batch, size = _BATCH_SIZE.value, _IMAGE_SIZE.value
    config = Config(
        image_size=size,
        base_channels=_BASE_CHANNELS.value,
        attention_resolutions=(_ATTENTION.value,),
        num_classes=10,
        batch_size=batch,
        accumulation_steps=int(accumulation_steps),
        ema_decay=0.999,
    )
    gan = training.build_gan(config, tf.distribute.get_strategy())
    data = (
        tf.random.uniform((batch, size, size, 3), -1, 1),
        tf.random.uniform((batch,), 0, config.num_classes, tf.int32),
    )
    step = tf.function(gan.train_step, jit_compile=_JIT_COMPILE.value)
    facts = {"base": pairs.resident("VmRSS")}
    return lambda: float(step(data)["generator_loss"]), facts


def main():
    """Measures and prints."""
    print(
        f"{pairs.machine()}\n{pairs.NOTE}\n{_IMAGE_SIZE.value} px, base "
        f"{_BASE_CHANNELS.value}, attention at {_ATTENTION.value}, batch "
        f"{_BATCH_SIZE.value}, XLA: {_JIT_COMPILE.value}\n\n"
        "| micro-batches | of images | s/step | ratio of pairs | peak GiB | "
        "base GiB | step's own GiB | first step s |\n"
        "|---|---|---|---|---|---|---|---|",
        flush=True,
    )
    children = pairs.alternate([str(steps) for steps in _STEPS.value])
    for child in children:
        base = child.facts["base"]
        print(
            f"| {child.name} | {_BATCH_SIZE.value // int(child.name)} | "
            f"{child.median:.2f} | {pairs.ratio(child, children[0]):.2f} | "
            f"{child.gibibytes:.2f} | {base:.2f} | "
            f"{child.gibibytes - base:.2f} | "
            f"{child.facts['first_seconds']:.0f} |"
        )


if __name__ == "__main__":
    app.run(lambda _: pairs.run(_make, main))
