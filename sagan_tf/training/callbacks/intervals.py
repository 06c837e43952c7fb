"""When something is due during training."""


def due(step, interval, config):
    """Returns whether something is due at `step`.

    It is due every `interval` steps and at the last step; never if the
    interval is 0.
    """
    return bool(interval) and (step % interval == 0 or step == config.steps)
