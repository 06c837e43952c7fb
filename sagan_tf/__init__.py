"""Self-Attention GANs (Zhang et al., arXiv 1805.08318) in Keras 3.

Names are imported when they are first used, so that `import sagan_tf`, and
each command's `--help`, do not wait for TensorFlow. Our layers are registered
with Keras, for its files of models, as soon as both packages are imported.
"""

import importlib
import importlib.util
import pkgutil
import sys

from sagan_tf.version import __version__

__all__ = [
    "SAGAN",
    "Config",
    "__version__",
    "layers",
    "load_generator",
    "losses",
    "models",
    "optimizers",
]

# Where the names are that are not modules.
_MODULES = {"SAGAN": "gan", "Config": "config", "load_generator": "workdir"}


def __getattr__(name):
    path = f"{__name__}.{_MODULES.get(name, name)}"
    if importlib.util.find_spec(path) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(path)
    return getattr(module, name) if name in _MODULES else module


def __dir__():
    modules = {module.name for module in pkgutil.iter_modules(__path__)}
    return sorted({*globals(), *__all__, *modules})


class _KerasFinder:
    """Imports our layers after Keras, so that Keras finds them in its files.

    It stands on `sys.meta_path` until Keras is imported.
    """

    def find_spec(self, name, path=None, target=None):
        if name != "keras":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None:
            execute = spec.loader.exec_module

            def exec_module(module):
                execute(module)
                # Those two import Keras themselves, and are not ready yet.
                if not {f"{__name__}.layers", f"{__name__}.ops"} & {
                    *sys.modules
                }:
                    importlib.import_module(f"{__name__}.layers")

            spec.loader.exec_module = exec_module
        return spec


if "keras" in sys.modules:
    for _module in ("layers", "models", "gan", "optimizers"):
        importlib.import_module(f"{__name__}.{_module}")
else:
    sys.meta_path.insert(0, _KerasFinder())
