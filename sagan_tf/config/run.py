"""Fields of a configuration: how a run computes, and what it records."""

import dataclasses

from sagan_tf.utils import fields


@dataclasses.dataclass
class RunFields(fields.Fields):
    """How a run computes, and what it records."""

    strategy: str = fields.field(
        "auto",
        "Devices: one; all GPUs of this machine (mirrored); all machines in "
        "TF_CONFIG; or auto, the largest of these that there is. See "
        "docs/distributed.md.",
        choices=("auto", "one_device", "mirrored", "multi_worker", "tpu"),
    )
    precision: str = fields.field(
        "float32",
        "Keras' dtype policy of both networks.",
        choices=("float32", "mixed_bfloat16"),
    )
    jit_compile: bool = fields.field(
        False, "Whether XLA compiles the training step; one device only."
    )
    steps_per_call: int = fields.field(
        1, "Training steps that one call into TensorFlow runs.", at_least=1
    )
    log_every_steps: int = fields.field(
        100,
        "Steps between two records of the metrics. The other three intervals "
        "must be multiples of it.",
        at_least=1,
    )
    sample_every_steps: int = fields.field(
        1000, "Steps between two sample grids.", at_least=1
    )
    checkpoint_every_steps: int = fields.field(
        1000, "Steps between two checkpoints.", at_least=1
    )
    eval_every_steps: int = fields.field(
        0,
        "Steps between two evaluations; 0 for none. The checkpoint with the "
        "best Frechet distance is kept.",
        at_least=0,
    )
    eval_images: int = fields.field(
        10_000, "Number of generated images per evaluation.", at_least=10
    )
    extractor: str = fields.field(
        "inception",
        'Feature extractor of evaluations: "inception"; "classifier", trained '
        "on the labelled images; or the path of a network.",
    )
