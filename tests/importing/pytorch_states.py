"""State dictionaries that the tests derive from MMGeneration's golden file."""

import numpy as np

_STUDIOGAN = {
    "noise2feat": "linear0",
    "conv_1.conv": "conv2d1",
    "conv_2.conv": "conv2d2",
    "shortcut.conv": "conv2d0",
    "norm_1.norm": "bn1.bn",
    "norm_2.norm": "bn2.bn",
    "norm_1.weight_embedding": "bn1.gain",
    "norm_2.weight_embedding": "bn2.gain",
    "norm_1.bias_embedding": "bn1.bias",
    "norm_2.bias_embedding": "bn2.bias",
    "theta.conv": "conv1x1_theta",
    "phi.conv": "conv1x1_phi",
    "g.conv": "conv1x1_g",
    "o.conv": "conv1x1_attn",
    "gamma": "sigma",
    "to_rgb.bn": "bn4",
    "to_rgb.conv": "conv2d5",
    "decision": "linear1",
    "proj_y": "embedding",
}


def as_studiogan(state):
    """Renames the variables as StudioGAN does.

    Args:
        state: Mapping of MMGeneration's names to arrays.

    Returns:
        Two mappings of StudioGAN's names to arrays: the averaged generator
        and the discriminator.
    """
    networks = []
    for prefix, shift in (("generator_ema.", 0), ("discriminator.", 1)):
        renamed = {}
        for name, array in state.items():
            if not name.startswith(prefix):
                continue
            part = name.removeprefix(prefix)
            block = ""
            if part.startswith("conv_blocks."):
                _, index, part = part.split(".", 2)
                block = f"blocks.{int(index) + shift}.0."
            elif part.startswith("from_rgb."):
                block, part = "blocks.0.0.", part.removeprefix("from_rgb.")
            layer, kind = part, ""
            if part != "gamma":
                layer, kind = part.rsplit(".", 1)
            if "_embedding" in layer:
                array = array.T
            if part == "gamma":
                array = array.reshape(1)
            kind = f".{kind}" if kind else ""
            renamed[f"{block}{_STUDIOGAN[layer]}{kind}"] = array
        networks.append(renamed)
    return networks


def enlarged(state, factor, classes, random):
    """Makes random weights of a wider network with more classes.

    Args:
        state: Mapping of MMGeneration's names to arrays, with 5 classes.
        factor: Integer by which the widths are multiplied.
        classes: Integer, the new number of classes.
        random: `np.random.Generator`.

    Returns:
        A mapping of the same names.
    """

    def size(name, axis, n):
        if (axis > 1 and array.ndim == 4) or n == 3 or name == "decision":
            return n if axis != 1 or name != "decision" else n * factor
        if name == "noise2feat" and axis == 1:
            return n
        return classes if n == 5 and axis == 0 else n * factor

    result = {}
    for name, array in state.items():
        layer = name.split(".")[1]
        if name.endswith(("weight_u", "weight_v")):
            continue
        shape = [size(layer, axis, n) for axis, n in enumerate(array.shape)]
        if name.endswith("decision.bias"):
            shape = [1]
        if array.dtype.kind == "i":
            result[name] = array
            continue
        new = random.standard_normal(shape, dtype="float32")
        if name.endswith("running_var"):
            new = np.abs(new) + 0.5
        result[name] = new
        if name.endswith("weight_orig"):
            matrix = new.reshape(new.shape[0], -1)
            v = random.standard_normal(matrix.shape[1], dtype="float32")
            v /= np.linalg.norm(v)
            u = matrix @ v
            base = name.removesuffix("_orig")
            result[f"{base}_u"] = u / np.linalg.norm(u)
            result[f"{base}_v"] = v
    return result
