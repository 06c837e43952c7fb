"""Names of a package that are imported when they are first used."""

import importlib
import sys


def attach(package, names):
    """Returns a package's `__getattr__` and `__dir__` (PEP 562).

    Args:
        package: String, `__name__` of the package.
        names: Dictionary from each public name to the submodule that has it.
            A submodule that is public itself has None.
    """

    def __getattr__(name):
        if name not in names:
            raise AttributeError(
                f"module {package!r} has no attribute {name!r}"
            )
        if names[name] is None:
            return importlib.import_module(f"{package}.{name}")
        module = importlib.import_module(f"{package}.{names[name]}")
        value = getattr(module, name)
        setattr(sys.modules[package], name, value)
        return value

    def __dir__():
        return sorted({*vars(sys.modules[package]), *names})

    return __getattr__, __dir__
