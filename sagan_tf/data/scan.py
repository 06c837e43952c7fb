"""The files below a folder of images."""

import collections
import os
import pathlib

from sagan_tf.data import pictures


class Found:
    """What is below a folder, in the order of the paths' parts.

    Attributes:
        files: Paths of files that are named like pictures.
        unusable: Pairs (path, reason) of pictures that cannot be read.
        others: Numbers of other files by their extension.
        runs: Paths of folders that hold a run.
        deeper: The first path below a class folder's own folder, or None.
    """

    def __init__(self, root):
        self.files, self.unusable, self.runs = [], [], []
        self.others = collections.Counter()
        for folder, names in _walk(root, self.runs):
            for name in names:
                self._add(folder / name)
        self.files.sort(key=lambda file: file.parts)
        depth = len(root.parts)
        self.deeper = next(
            (file for file in self.files if len(file.parts) > depth + 2), None
        )

    def _add(self, path):
        suffix = path.suffix.lower()
        if suffix in pictures.FOREIGN_EXTENSIONS:
            self.unusable.append(
                (str(path), f"{suffix} is not read: save it as PNG or JPEG")
            )
        elif suffix not in pictures.EXTENSIONS:
            self.others[suffix or "no extension"] += 1
        elif path.is_file():
            self.files.append(path)
        else:
            self.unusable.append((str(path), "a broken link, or not a file"))

    def notes(self):
        """Yields what a person should know about the folder."""
        if self.others:
            kinds = ", ".join(sorted(self.others)[:5])
            yield (
                f"{sum(self.others.values())} files are left out that are not "
                f"named like pictures ({kinds})."
            )
        if self.runs:
            yield f"Left out, because it holds a run: {self.runs[0]}."
        if self.deeper is not None:
            yield (
                "Images in deeper folders belong to the class of the "
                f"uppermost folder, for example {self.deeper}."
            )


def _walk(root, runs):
    """Yields each folder below `root` and the names of its files.

    Links to folders are followed, unless they lead to a folder that they are
    in. Folders of runs are added to `runs` instead.
    """
    above = {os.path.dirname(str(root)): frozenset()}
    for folder, folders, names in os.walk(
        root, onerror=_raise, followlinks=True
    ):
        chain, real = above[os.path.dirname(folder)], os.path.realpath(folder)
        if real in chain:
            folders.clear()
            continue
        if _is_a_run(folders, names):
            runs.append(pathlib.Path(folder))
            folders.clear()
            continue
        above[folder] = chain | {real}
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield (
            pathlib.Path(folder),
            [name for name in names if not name.startswith(".")],
        )


def _is_a_run(folders, names):
    """Returns whether a folder is that of a run, or of one that begins."""
    if "config.json" in names:
        others = {"checkpoints", "samples", "tensorboard", "eval"}
        return bool(
            others.intersection(folders)
            or {"metrics.jsonl", "lock"}.intersection(names)
        )
    return (
        bool(names)
        and not folders
        and {"lock", "config.json.tmp"}.issuperset(names)
    )


def listing(folder):
    """Returns the names of the folders and of the files in a folder."""
    _, folders, names = next(os.walk(folder, onerror=_raise))
    return folders, names


def holds_a_run(folder):
    """Returns whether a folder is that of a run."""
    return _is_a_run(*listing(folder))


def _raise(error):
    raise error
