"""Bad input to train.py: flags, config files, image folders, workdirs."""

import pytest
from damage import checkpoints
from pictures import bomb, huge, picture

_DEEP = "[" * 100_000
_BAD_FLAGS = {
    "no workdir": (["--workdir="], "has files that are not"),
    "bucket": (["--workdir=s3://runs/1"], "not a s3:// address"),
    "word": (["digits"], "digits is not a flag"),
    "twice": (
        ["--config.steps=1", "--config.steps=2"],
        "flag --config.steps is given 2 times",
    ),
    "unknown flag": (["--workdri=x"], "workdri"),
    "unknown field": (["--config.batchsize=3"], "batchsize"),
    "no number": (["--config.batch_size=many"], "batch_size=many"),
    "zero": (["--config.batch_size=0"], "`--config.batch_size` must be at lea"),
    "batch": (
        ["--config.batch_size=2147483647"],
        "`--config.batch_size` times `--config.discriminator_steps`=1 must "
        "be below 2^30",
    ),
    "fraction": (["--config.batch_size=1.5"], "batch_size=1.5"),
    "64 bits": (["--config.steps=9223372036854775807"], "`--config.steps` mus"),
    "70 bits": (["--config.seed=1180591620717411303424"], "`--config.seed` mu"),
    "negative seed": (["--config.seed=-1"], "`--config.seed` must be at least"),
    "nan": (
        ["--config.generator_learning_rate=nan"],
        "`--config.generator_learning_rate` must be finite",
    ),
    "inf": (["--config.adam_epsilon=inf"], "`--config.adam_epsilon` must be f"),
    "nan cache": (["--config.cache_gibibytes=nan"], "must be finite"),
    "1e999": (["--config.discriminator_learning_rate=1e999"], "be finite"),
    "negative rate": (
        ["--config.generator_learning_rate=-1"],
        "`--config.generator_learning_rate` must be above 0",
    ),
    "texts in a tuple": (
        ["--config.attention_resolutions=('a',)"],
        "attention_resolutions",
    ),
    "no tuple": (["--config.attention_resolutions=x"], "attention_resolut"),
    "size of no feature map": (
        ["--config.attention_resolutions=(7,)"],
        "`--config.attention_resolutions` must be among",
    ),
    "huge in a tuple": (
        ["--config.attention_resolutions=(99999999999999999999,)"],
        "`--config.attention_resolutions` must be at most",
    ),
    "unknown augmentation": (
        ["--config.augmentations=('cutout', 'blur')"],
        "`--config.augmentations` must be some of",
    ),
    "augmentation twice": (
        ["--config.augmentations=('cutout', 'cutout')"],
        "`--config.augmentations` must be some of",
    ),
    "lecam": (["--config.lecam_weight=-1"], "`--config.lecam_weight` must be"),
    "size": (["--config.image_size=1073741824"], "`--config.image_size` must"),
    "no classes": (["--config.num_classes=0"], "`--config.num_classes` must b"),
    "classes without labels": (
        ["--config.num_classes=3", "--config.labels=False"],
        "`--config.num_classes` must be None with labels=False",
    ),
    "strategy": (["--config.strategy=many"], "`--config.strategy` must be one"),
    "choice": (["--config.loss=\u00e9\u4e2d"], "`--config.loss` must be one o"),
    "classes": (["--config.num_classes=5"], "Labels must be in [0, 5)"),
    "interval": (
        ["--config.log_every_steps=2", "--config.sample_every_steps=3"],
        "`--config.sample_every_steps` must be a multiple",
    ),
    "data set": (["--config.dataset=../../etc"], "`--config.dataset` must be"),
    "no data set": (["--config.dataset="], "`--config.dataset` must be"),
    "split": (["--config.split=train["], "`--config.split` of digits must be"),
    "no folder": (["--config.dataset=image_folder"], "`--config.data_dir` mus"),
    "replicas": (
        ["--config.strategy=one_device", "--config.jit_compile=perhaps"],
        "perhaps",
    ),
    "inception": (
        [
            "--config.eval_every_steps=1",
            "--config.extractor=inception",
            "--inception={tmp}/none",
        ],
        "`--inception` must be a SavedModel",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", _BAD_FLAGS)
def test_flags(refused, config_file, case):
    flags, message = _BAD_FLAGS[case]
    arguments = [f"--config={config_file}", *flags]
    if not flags[0].startswith("--workdir="):
        arguments.append("--workdir={tmp}/new")
    refused("train.py", {}, arguments, message)


_BAD_CONFIGS = {
    "missing": (None, "there is no file"),
    "not Python": ("{", "was never closed"),
    "binary": (b"\x00\x01\xff", "null bytes"),
    "not UTF-8": (b"x = '\xff'\n", "utf-8"),
    "no function": ("x = 1\n", "get_config"),
    "other type": ("def get_config(): return [1]\n", "sagan_tf.Config"),
    "exception": ("raise RuntimeError('two\\nlines')\n", "two lines"),
    "no message": ("raise RuntimeError\n", "RuntimeError"),
    "recursion": (
        "def get_config(): return get_config()\n",
        "maximum recursion depth",
    ),
    "field of another type": (
        "from sagan_tf import Config\n"
        "def get_config(): return Config(steps='x' * 10**6)\n",
        "`--config.steps` must be",
    ),
}


@pytest.mark.parametrize("case", _BAD_CONFIGS)
def test_config_files(refused, case):
    content, message = _BAD_CONFIGS[case]
    files = {} if content is None else {"config.py": content}
    arguments = ["--config={tmp}/config.py", "--workdir={tmp}/new"]
    refused("train.py", files, arguments, message)


_FOLDER_FLAGS = (
    "--workdir={tmp}/new",
    "--config.dataset=image_folder",
    "--config.data_dir={tmp}/images",
)
_NO_IMAGE = "cannot be read as an image: repair or remove such"
# A file beside an intact image, and a part of the error.
_BAD_IMAGES = {
    "zero bytes": ("1.png", lambda: b"", _NO_IMAGE),
    "text": ("1.jpg", lambda: b"hello", _NO_IMAGE),
    "HTML": ("1.jpg", lambda: b"<html>404</html>", _NO_IMAGE),
    "truncated JPEG": ("1.jpg", lambda: picture("jpeg")[:300], _NO_IMAGE),
    "JPEG without its end": ("1.jpg", lambda: picture("jpeg")[:-9], _NO_IMAGE),
    "truncated PNG": ("1.png", lambda: picture()[:-40], _NO_IMAGE),
    "truncated GIF": ("1.gif", lambda: picture("gif")[:-200], _NO_IMAGE),
    "truncated BMP": ("1.bmp", lambda: picture("bmp")[:-90], _NO_IMAGE),
    "huge PNG": ("1.png", lambda: huge("png"), "decompression bomb"),
    "huge JPEG": ("1.jpg", lambda: huge("jpeg"), "decompression bomb"),
    "huge GIF": ("1.gif", lambda: huge("gif"), "decompression bomb"),
    "huge BMP": ("1.bmp", lambda: huge("bmp"), "decompression bomb"),
    "bomb": ("1.png", bomb, "decompression bomb"),
    "truncated WebP": ("1.webp", lambda: picture("webp")[:-90], _NO_IMAGE),
    "truncated TIFF": ("1.tif", lambda: picture("tiff")[:-90], _NO_IMAGE),
    "unknown range": (
        "1.tif",
        lambda: picture("tiff", "F"),
        "the range of its pixels, of Pillow's mode 'F', is unknown",
    ),
    "another format": ("1.jpg", lambda: picture("ico"), "is none of JPEG, PNG"),
    "another name": ("1.heic", picture, ".heic is not read: save it as"),
    "broken link": ("1.png", lambda: ("link", "no.png"), "a broken link"),
    "small": (
        "1.png",
        lambda: picture(size=(40, 31)),
        "1.png with 31 pixels along its shorter side",
    ),
    "unicode name": ("\u00e9\u4e2d\U0001f600.png", lambda: b"x", _NO_IMAGE),
    "two lines in a name": ("a\nb.png", lambda: b"x", "a b.png cannot be"),
    "name that is no text": (b"\xff.png", lambda: b"x", _NO_IMAGE),
}


@pytest.mark.parametrize("case", _BAD_IMAGES)
def test_images(refused, config_file, case):
    name, content, message = _BAD_IMAGES[case]
    if isinstance(name, bytes):
        name = name.decode(errors="surrogateescape")
    files = {"images/0.png": picture(), f"images/{name}": content()}
    arguments = [f"--config={config_file}", *_FOLDER_FLAGS]
    refused("train.py", files, arguments, message)


_BAD_FOLDERS = {
    "missing": ({}, "which is no folder"),
    "file": ({"images": b""}, "which is no folder"),
    "empty": ({"images": None}, "has no images"),
    "loop": ({"images": ("link", "images")}, "which is no folder"),
    "images that are loops": (
        {"images/1.png": ("link", "1.png"), "images/2.png": ("link", "none")},
        "2.png: a broken link",
    ),
    "image that is a folder": ({"images/1.png": None}, "has no images"),
    "folder in itself": (
        {"images/a/1.png": picture(), "images/a/a": ("link", "../a")},
        "only one class, in a/",
    ),
    "class that is a loop": (
        {"images/a/1.png": picture(), "images/b": ("link", "b")},
        "only one class, in a/",
    ),
    "only a part of a set": (
        {"images/test/1.png": picture(), "images/val/1.png": picture()},
        "the splits test, val, which are not classes: `--config.split` must",
    ),
    "beside and inside": (
        {"images/a/1.png": picture(), "images/1.png": picture()},
        "beside and inside class folders",
    ),
}


@pytest.mark.parametrize("case", _BAD_FOLDERS)
def test_folders(refused, config_file, case):
    files, message = _BAD_FOLDERS[case]
    arguments = [f"--config={config_file}", *_FOLDER_FLAGS]
    refused("train.py", files, arguments, message)


_BAD_DATA_FLAGS = {
    "--config.background=nocolour": "`--config.background` must be a colour",
    "--config.background=#12345678": "`--config.background` must be a colour",
    "--config.bad_images=maybe": "`--config.bad_images` must be one of",
    "--config.small_images=shrink": "`--config.small_images` must be one of",
    "--config.split=test[:10%]": "`--config.split` must be 'train'",
    "--config.label=kind": "`--config.label` must be '' for image_folder",
}


@pytest.mark.parametrize("flag", _BAD_DATA_FLAGS)
def test_flags_of_the_data(refused, config_file, flag):
    files = {"images/0.png": picture(), "images/1.png": picture()}
    arguments = [f"--config={config_file}", *_FOLDER_FLAGS, flag]
    refused("train.py", files, arguments, _BAD_DATA_FLAGS[flag])


_BAD_WORKDIRS = {
    "file": ({"new": b""}, "{tmp}/new", "is not a directory"),
    "below a file": ({"new": b""}, "{tmp}/new/run", "Not a directory"),
    "not to be written": ({}, "/proc/new", "/proc/new"),
    "device": ({}, "/dev/null", "is not a directory"),
    "loop": ({"new": ("link", "new")}, "{tmp}/new", "new"),
    "long name": ({}, "{tmp}/" + "x" * 300, "File name too long"),
    "other files": ({"new/thesis.txt": "x"}, "{tmp}/new", "are not a run's"),
    "config of another run": (
        {"new/config.json": '{"batch_size": 3}'},
        "{tmp}/new",
        "has a run of another configuration (dataset",
    ),
    "config that is a loop": (
        {"new/config.json": ("link", "config.json")},
        "{tmp}/new",
        "new",
    ),
    "config that is nested": (
        {"new/config.json": _DEEP},
        "{tmp}/new",
        "config.json is not a configuration: maximum recursion depth",
    ),
}


@pytest.mark.parametrize("case", _BAD_WORKDIRS)
def test_workdirs(refused, config_file, case):
    files, workdir, message = _BAD_WORKDIRS[case]
    arguments = [f"--config={config_file}", f"--workdir={workdir}"]
    refused("train.py", files, arguments, message)


_DATA = "data-00000-of-00001"
_DAMAGED_CHECKPOINTS = {
    "index of zero bytes": checkpoints("index", b""),
    "index of garbage": checkpoints("index", b"garbage" * 99),
    "data of zero bytes": checkpoints(_DATA, b""),
    "short data": checkpoints(_DATA, "x"),
}


@pytest.mark.parametrize("case", _DAMAGED_CHECKPOINTS)
def test_damaged_checkpoints(refused, config_file, run, case):
    arguments = [f"--config={config_file}", "--workdir={tmp}/run"]
    files = _DAMAGED_CHECKPOINTS[case]
    refused("train.py", files, arguments, "ckpt-1 is damaged")


_NO_RECORD = "metrics.jsonl has a line that is not a record"
_DAMAGED_METRICS = {
    "list": ("[1]\n", _NO_RECORD),
    "no step": ("{}\n", _NO_RECORD),
    "nested": (_DEEP + "\n", _NO_RECORD),
    "garbage": (b"\xff\xfe\n", _NO_RECORD),
    "folder": (None, "metrics.jsonl"),
}


@pytest.mark.parametrize("case", _DAMAGED_METRICS)
def test_damaged_metrics(refused, config_file, run, case):
    content, message = _DAMAGED_METRICS[case]
    arguments = [f"--config={config_file}", "--workdir={tmp}/run"]
    refused("train.py", {"run/metrics.jsonl": content}, arguments, message)
