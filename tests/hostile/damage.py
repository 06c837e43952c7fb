"""Damage to the files of a run."""


def checkpoints(part, content):
    """Returns files that damage both checkpoints of the fixture `run`.

    Args:
        part: "index" or "data-00000-of-00001", the end of the files' names.
        content: What each file becomes; see the fixture `refused`.
    """
    return {f"run/checkpoints/ckpt-{n}.{part}": content for n in (1, 2)}
