"""What replicas exchange in a step, measured, and what follows on paper.

    python benchmarks/communication.py [--image_size=128]

Two workers, processes of this machine, train the network by
MultiWorkerMirroredStrategy with one image each. The bytes are those that the
loopback interface carried for a step, half of them sent by each: a ring of n
replicas sends 2 (n - 1) / n times what is reduced, for two once. Other traffic
on that interface would be counted too.

The predicted efficiency is the share of a step that is not spent exchanging:
the optimizer needs the sum of all gradients, and the generator's update the
discriminator's new weights, so nothing is hidden behind arithmetic. Replicas
come in machines of eight; within one they exchange by NVLink (--nvlink), then
the machines do by their network. Latency is left out, so is input.
"""

import json
import os
import socket
import subprocess
import sys

import pairs
from absl import app, flags

_IMAGE_SIZE = flags.DEFINE_integer("image_size", 128, "Pixels.")
_BASE_CHANNELS = flags.DEFINE_integer("base_channels", 64, "Width.")
_STEPS = flags.DEFINE_integer("steps", 3, "Steps that are measured.")
_IMAGES = flags.DEFINE_integer("images", 32, "Images of a replica, on paper.")
_MULTIPLY_ADDS = flags.DEFINE_float(
    "multiply_adds", 32.9e9, "For an image, from multiply_adds.py."
)
_FLOPS = flags.DEFINE_float(
    "flops", 50e12, "Sustained by a replica, an assumption."
)
_NVLINK = flags.DEFINE_float("nvlink", 300e9, "Bytes a second and direction.")
_REPLICAS_OF_A_MACHINE = 8
_CHILD_OF = "SAGAN_TF_COMMUNICATION_BENCHMARK"


def _child():
    import tensorflow as tf

    from sagan_tf import Config, distribution, training

    config = Config(
        image_size=_IMAGE_SIZE.value,
        base_channels=_BASE_CHANNELS.value,
        attention_resolutions=(_IMAGE_SIZE.value // 4,),
        num_classes=1000,
        batch_size=2,
        strategy="multi_worker",
    )
    strategy = training.make_strategy(config)
    gan = training.build_gan(config, strategy)
    size = config.image_size
    dataset = tf.data.Dataset.from_tensors(
        (tf.zeros((1, size, size, 3)), tf.zeros((1,), tf.int32))
    ).repeat()
    iterator = iter(
        strategy.distribute_datasets_from_function(lambda context: dataset)
    )

    @tf.function
    def step():
        strategy.run(gan.train_step, args=(next(iterator),))

    step()
    # Both are between two steps here.
    distribution.any_worker(strategy, False)
    before = _bytes()
    for _ in range(_STEPS.value):
        step()
    distribution.any_worker(strategy, False)
    trained = {
        name: sum(
            variable.value.shape.num_elements() * 4
            for variable in getattr(gan, name).trainable_variables
        )
        for name in ("generator", "discriminator")
    }
    print(
        "@"
        + json.dumps({"sent": (_bytes() - before) / _STEPS.value, **trained})
    )


def _bytes():
    with open("/proc/net/dev", encoding="ascii") as file:
        for line in file:
            name, _, counts = line.partition(":")
            if name.strip() == "lo":
                return int(counts.split()[8])
    raise RuntimeError("/proc/net/dev has no loopback interface")


def main(_):
    if _CHILD_OF in os.environ:
        _child()
        return
    sockets = [socket.create_server(("localhost", 0)) for _ in range(2)]
    addresses = [f"localhost:{s.getsockname()[1]}" for s in sockets]
    for server in sockets:
        server.close()
    children = []
    for index in range(2):
        task = {"type": "worker", "index": index}
        cluster = {"cluster": {"worker": addresses}, "task": task}
        children.append(
            subprocess.Popen(
                [sys.executable, *sys.argv],
                env={
                    **os.environ,
                    _CHILD_OF: "1",
                    "TF_CONFIG": json.dumps(cluster),
                },
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    output = [child.communicate()[0] for child in children]
    if any(child.returncode for child in children):
        sys.exit("a worker failed:\n" + "\n".join(output))
    (line,) = [x for x in output[0].splitlines() if x.startswith("@")]
    report(json.loads(line[1:]))


def report(facts):
    """Prints what was measured and what follows."""
    paper = facts["generator"] + facts["discriminator"]
    print(pairs.machine())
    print(
        f"\nGradients on paper: generator {facts['generator'] / 1e6:.1f} MB, "
        f"discriminator {facts['discriminator'] / 1e6:.1f} MB, together "
        f"{paper / 1e6:.1f} MB."
    )
    sent = facts["sent"] / 2
    print(
        f"Sent by each of two workers in a step: {sent / 1e6:.1f} MB, "
        f"{sent / paper:.3f} of it.\n"
    )
    seconds = _IMAGES.value * _MULTIPLY_ADDS.value * 2 / _FLOPS.value
    print(
        f"Assumed: {_IMAGES.value} images a replica, {_FLOPS.value / 1e12:g} "
        f"TFLOP/s sustained, so {seconds * 1e3:.0f} ms of arithmetic.\n"
    )
    print("| replicas | network | exchange, ms | predicted efficiency |")
    print("|---|---|---|---|")
    for replicas in (8, 64, 512):
        machines = replicas // _REPLICAS_OF_A_MACHINE
        inside = _ring(paper, _REPLICAS_OF_A_MACHINE, _NVLINK.value)
        networks = {"10 Gb/s": 1.25e9, "100 Gb/s": 12.5e9}
        if machines == 1:
            networks = {"NVLink": float("inf")}
        for name, bandwidth in networks.items():
            exchange = inside + _ring(paper, machines, bandwidth)
            print(
                f"| {replicas} | {name} | {exchange * 1e3:.1f} "
                f"| {seconds / (seconds + exchange):.0%} |"
            )


def _ring(size, members, bandwidth):
    return 2 * (members - 1) / members * size / bandwidth


if __name__ == "__main__":
    app.run(main)
