"""Makes the small files of this directory from the full golden tensors.

    python tests/tools/reduce.py GOLDEN_DIR

Needs torch. README.md in this directory says what they are.
"""

import pathlib
import sys

import numpy as np
import torch

HERE = pathlib.Path(__file__).parent
# Of a gradient with more elements, every `STRIDE`-th is kept.
LARGE, STRIDE = 10_000, 16


def reduce_authors(golden):
    arrays = dict(np.load(golden / "authors_feat32.npz"))
    for name, array in arrays.items():
        if "_grad/" in name and array.size > LARGE:
            arrays[name] = array.ravel()[::STRIDE]
    # Images are compared at every other pixel of a row.
    for name in ("out/fake_images_training", "out/fake_images_inference"):
        arrays[name] = arrays[name][:, :, ::2]
    np.savez(HERE / "authors_feat32.npz", **arrays)


def reduce_pytorch(name, checkpoints, inputs_and_outputs, left_out=()):
    arrays = {}
    for path in checkpoints:
        state = torch.load(path, map_location="cpu", weights_only=True)
        for key, value in state["state_dict"].items():
            if not key.startswith(left_out):
                arrays[f"{path.stem}/{key}"] = value.numpy()
    for key, value in np.load(inputs_and_outputs).items():
        arrays[f"io/{key}"] = value
    np.savez(HERE / name, **arrays)


def main(golden):
    reduce_authors(golden)
    reduce_pytorch(
        "studiogan_cifar10.npz",
        [golden / f"studiogan_sagan_cifar10_{part}.pth" for part in "GD"],
        golden / "studiogan_sagan_cifar10_io.npz",
    )
    reduce_pytorch(
        "mmgeneration_imagenet128.npz",
        [golden / "mmgen_sagan_imagenet128.pth"],
        golden / "mmgen_sagan_imagenet128_io.npz",
        # The weights without averaging; the tests make them up.
        left_out=("generator.",),
    )


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
