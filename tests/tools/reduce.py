"""Makes the small files of tests/golden from the full golden tensors.

    python tests/tools/reduce.py FULL_DIR

Needs torch. tests/golden/README.md says what the files are.
"""

import pathlib
import sys

import numpy as np
import torch

GOLDEN = pathlib.Path(__file__).parents[1] / "golden"
# A gradient with more than LARGE elements is reduced to every STRIDE-th.
LARGE, STRIDE = 10_000, 16


def reduce_authors(full):
    """Writes the tensors of the authors' program."""
    arrays = dict(np.load(full / "authors_feat32.npz"))
    for name, array in arrays.items():
        if "_grad/" in name and array.size > LARGE:
            arrays[name] = array.ravel()[::STRIDE]
    # Every other pixel of each row.
    for name in ("out/fake_images_training", "out/fake_images_inference"):
        arrays[name] = arrays[name][:, :, ::2]
    np.savez(GOLDEN / "authors_feat32.npz", **arrays)


def reduce_pytorch(name, checkpoints, inputs_and_outputs, left_out=()):
    """Writes the tensors of a PyTorch program.

    Args:
        name: String, name of the file to write.
        checkpoints: List of paths of files with state dictionaries.
        inputs_and_outputs: Path of an `.npz` file.
        left_out: Tuple of prefixes of names to leave out.
    """
    arrays = {}
    for path in checkpoints:
        state = torch.load(path, map_location="cpu", weights_only=True)
        for key, value in state["state_dict"].items():
            if not key.startswith(left_out):
                arrays[f"{path.stem}/{key}"] = value.numpy()
    for key, value in np.load(inputs_and_outputs).items():
        arrays[f"io/{key}"] = value
    np.savez(GOLDEN / name, **arrays)


def main(full):
    reduce_authors(full)
    reduce_pytorch(
        "studiogan_cifar10.npz",
        [full / f"studiogan_sagan_cifar10_{part}.pth" for part in "GD"],
        full / "studiogan_sagan_cifar10_io.npz",
    )
    reduce_pytorch(
        "mmgeneration_imagenet128.npz",
        [full / "mmgen_sagan_imagenet128.pth"],
        full / "mmgen_sagan_imagenet128_io.npz",
        # The weights that are not averaged; the tests make them up.
        left_out=("generator.",),
    )


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
