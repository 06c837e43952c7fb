"""Bad input to eval.py: sets of images."""

import io

import numpy as np
import pytest
from PIL import Image

# Of sets of images; {tmp}/a has two pictures, {tmp}/one a single one.
_BAD_SETS = {
    "only one": (["--generated={tmp}/a"], "--workdir must be given, or"),
    "both tasks": (
        ["--generated={tmp}/a", "--real={tmp}/a", "--workdir={tmp}"],
        "--workdir must be given, or",
    ),
    "nothing there": (
        ["--generated={tmp}/none", "--real={tmp}/a"],
        "`--generated` must be a folder of pictures",
    ),
    "empty folder": (
        ["--generated={tmp}/empty", "--real={tmp}/a"],
        "has no pictures",
    ),
    "one picture": (
        ["--generated={tmp}/one", "--real={tmp}/a"],
        "At least 2 images are needed. Received: {tmp}/one, with 1",
    ),
    "two sizes": (
        ["--generated={tmp}/sizes", "--real={tmp}/a"],
        "one size unless `--image_size` is given",
    ),
    "another size": (
        ["--generated={tmp}/large", "--real={tmp}/a"],
        "`--image_size` must be given for images of different sizes",
    ),
    "uint8 in [0, 1]": (
        ["--generated={tmp}/binary.npy", "--real={tmp}/a"],
        "must have values from 0 to 255",
    ),
    "floats without a range": (
        ["--generated={tmp}/floats.npy", "--real={tmp}/a"],
        "`--generated_range` must be given",
    ),
    "floats over 1": (
        ["--generated={tmp}/floats.npy", "--real={tmp}/a"]
        + ["--generated_range=0,1"],
        "must be in `--generated_range=0,1`",
    ),
    "NaN": (
        ["--generated={tmp}/nan.npy", "--real={tmp}/a"]
        + ["--generated_range=0,1"],
        "Images must be finite",
    ),
    "range": (
        ["--generated={tmp}/a", "--real={tmp}/a", "--real_range=1,0"],
        "`--real_range` must be two numbers",
    ),
    "statistics of other features": (
        ["--generated={tmp}/a", "--real={tmp}/other.npz"],
        "must have as many features",
    ),
    "broken file": (
        ["--generated={tmp}/broken.npz", "--real={tmp}/a"],
        "cannot be read as an array",
    ),
    "cut-off file": (
        ["--generated={tmp}/cut.npz", "--real={tmp}/a"],
        "cannot be read as an array",
    ),
    "cut-off statistics": (
        ["--generated={tmp}/a", "--real={tmp}/flipped.npz"],
        "cannot be read",
    ),
    "broken picture": (
        ["--generated={tmp}/damaged", "--real={tmp}/a"],
        "{tmp}/damaged/1.png",
    ),
    "other classes": (
        ["--generated={tmp}/cats", "--real={tmp}/digits"],
        "must have the same classes",
    ),
    "no labels": (
        ["--generated={tmp}/a", "--real={tmp}/a", "--metrics=intra_fid"],
        "intra_fid needs labels",
    ),
    "unknown metric": (
        ["--generated={tmp}/a", "--real={tmp}/a", "--metrics=lpips"],
        "`--metrics` must be some of fid",
    ),
    "no such split": (
        ["--generated=digits:val", "--real={tmp}/a"],
        "`--split` of digits must be 'train' or 'test'",
    ),
    "no split": (
        ["--generated=tfds:mnist", "--real={tmp}/a"],
        "must be named tfds:NAME:SPLIT",
    ),
    "a flag of runs": (
        ["--generated={tmp}/a", "--real={tmp}/a", "--preset=paper"],
        "--preset has no effect with --generated",
    ),
    "a flag of sets": (
        ["--workdir={tmp}/run", "--image_size=8"],
        "--image_size has no effect with --workdir",
    ),
    "three tasks": (
        ["--generated={tmp}/a", "--real={tmp}/a", "--compare={tmp}/a"],
        "--workdir must be given, or",
    ),
    "a flag without effect": (
        ["--compare={tmp}/a.json", "{tmp}/b.json", "--metrics=fid"],
        "--metrics has no effect with --compare without --real",
    ),
    "no metric": (
        ["--generated={tmp}/a", "--real={tmp}/a", "--metrics="],
        "must be some of fid",
    ),
    "images that are not drawn": (
        ["--generated={tmp}/a", "--real={tmp}/a", "--num_images=50"],
        "`--num_images` has no effect unless",
    ),
    "compared alone": (["--compare={tmp}/a"], "--compare needs two or more"),
    "compared without real": (
        ["--compare={tmp}/a", "{tmp}/a"],
        "is not an evaluation",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def image_files():
    """Files of the cases above, by path."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (2, 32, 32, 3), np.uint8)
    png = [_encoded(Image.fromarray(each)) for each in pixels]
    large = [
        _encoded(Image.fromarray(each).resize((48, 48))) for each in pixels
    ]
    arrays = {
        "binary": pixels % 2,
        "floats": pixels.astype("float32"),
        "nan": np.full((2, 32, 32, 3), np.nan, "float32"),
    }
    found = {
        "empty": None,
        "one/0.png": png[0],
        "sizes/0.png": png[0],
        "sizes/1.png": large[0],
        "damaged/0.png": png[0],
        "damaged/1.png": png[1][:200],
        "broken.npz": b"broken",
    }
    for index in range(2):
        found[f"a/{index}.png"] = png[index]
        found[f"large/{index}.png"] = large[index]
        for name, classes in (("cats", "wild tame"), ("digits", "0 1")):
            for each in classes.split():
                found[f"{name}/{each}/{index}.png"] = png[index]
    for name, array in arrays.items():
        file = io.BytesIO()
        np.save(file, array)
        found[f"{name}.npy"] = file.getvalue()
    file = io.BytesIO()
    np.savez(file, mu=np.zeros(5), sigma=np.eye(5))
    content = found["other.npz"] = file.getvalue()
    found["cut.npz"] = content[:200]
    found["flipped.npz"] = content[:150] + b"!" + content[151:]
    return found


def _encoded(picture):
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("case", _BAD_SETS)
def test_sets(refused, image_files, extractor, run, cache, tmp_path, case):
    arguments, message = _BAD_SETS[case]
    if "--real" in str(arguments) and "--workdir" not in str(arguments):
        arguments = [*arguments, f"--extractor={extractor}"]
    message = message.replace("{tmp}", str(tmp_path))
    refused("eval.py", image_files, arguments, message)


@pytest.fixture
def cache(monkeypatch, tmp_path_factory):
    """A cache outside the folder that must not change."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
