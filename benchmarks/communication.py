"""Measures what replicas exchange in a training step.

    python benchmarks/communication.py [--image_size=128]

Two workers, processes of this machine, train the network by
MultiWorkerMirroredStrategy with one image each. The bytes are those that the
loopback interface carried during a step. Each worker sends half of them. Other
traffic on that interface would be counted too. In a ring of n replicas each
sends 2 (n - 1) / n times the bytes of the gradients: once, with two replicas.

From these bytes and the multiply-adds that `step.py` counts, the report
estimates the fraction of a step that more replicas would spend on arithmetic.
The optimizer needs the sum of all gradients, and the generator's update needs
the discriminator's new weights, so no exchange happens during arithmetic.

The result is benchmarks/results/communication.json.
"""

import json
import os
import socket
import subprocess
import sys
import time

from absl import app, flags
from harness import pairs, record, workloads

_IMAGE_SIZE = flags.DEFINE_integer("image_size", 128, "In pixels.")
_BASE_CHANNELS = flags.DEFINE_integer("base_channels", 64, "See `Config`.")
_STEPS = flags.DEFINE_integer("steps", 3, "Steps that are measured.")

_IS_WORKER = "SAGAN_TF_COMMUNICATION_BENCHMARK"
_WORKERS = 2


def _work():
    """Trains as one worker, and prints what it saw."""
    tf = workloads.tensorflow()
    from sagan_tf import distribution, training

    config = workloads.configuration(
        _IMAGE_SIZE.value,
        base_channels=_BASE_CHANNELS.value,
        attention_resolutions=[_IMAGE_SIZE.value // 4],
        batch_size=_WORKERS,
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
    # This waits until every worker has finished the step.
    distribution.any_worker(strategy, False)
    before, seconds = _loopback_bytes(), []
    for _ in range(_STEPS.value):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    distribution.any_worker(strategy, False)
    both = (_loopback_bytes() - before) / _STEPS.value
    gradients = {
        name: sum(
            variable.value.shape.num_elements() * 4
            for variable in getattr(gan, name).trainable_variables
        )
        for name in ("generator", "discriminator")
    }
    facts = {
        "sent_bytes": both / _WORKERS,
        "gradient_bytes": gradients,
        **record.times(seconds),
    }
    print("@" + json.dumps(facts))


def _loopback_bytes():
    with open("/proc/net/dev", encoding="ascii") as file:
        for line in file:
            name, _, counts = line.partition(":")
            if name.strip() == "lo":
                return int(counts.split()[8])
    raise RuntimeError("/proc/net/dev has no loopback interface")


def _start(addresses, index):
    task = {"type": "worker", "index": index}
    cluster = {"cluster": {"worker": addresses}, "task": task}
    return subprocess.Popen(
        [sys.executable, *sys.argv],
        env={
            **pairs.environment(),
            _IS_WORKER: "1",
            "TF_CONFIG": json.dumps(cluster),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def main(_):
    if _IS_WORKER in os.environ:
        _work()
        return
    servers = [socket.create_server(("localhost", 0)) for _ in range(_WORKERS)]
    addresses = [f"localhost:{s.getsockname()[1]}" for s in servers]
    for server in servers:
        server.close()
    workers = [_start(addresses, index) for index in range(_WORKERS)]
    outputs = [worker.communicate()[0] for worker in workers]
    if any(worker.returncode for worker in workers):
        sys.exit("a worker failed:\n" + "\n".join(outputs))
    rows = []
    for index, output in enumerate(outputs):
        (line,) = [x for x in output.splitlines() if x.startswith("@")]
        rows.append({"name": f"worker {index}", **json.loads(line[1:])})
    record.write(
        "communication",
        rows,
        image_size=_IMAGE_SIZE.value,
        base_channels=_BASE_CHANNELS.value,
        num_classes=workloads.SIZES[_IMAGE_SIZE.value][0],
    )
    record.print_rows("communication", rows)


if __name__ == "__main__":
    app.run(main)
