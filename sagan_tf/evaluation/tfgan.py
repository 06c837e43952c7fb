"""tensorflow-gan's metrics. Only this file imports tensorflow_gan."""

import functools
import importlib
import importlib.machinery
import importlib.util
import pathlib
import sys
import warnings

_PACKAGES = (
    "tensorflow_gan",
    "tensorflow_gan.python",
    "tensorflow_gan.python.eval",
)


@functools.cache
def classifier_metrics():
    """Imports `tensorflow_gan.python.eval.classifier_metrics`.

    tensorflow-gan 2.1.0 cannot be imported on TensorFlow 2.16 and later,
    because its estimators need `tf.estimator`, nor on Python 3.12 and later,
    because it needs `distutils`. The metrics need neither. So they are
    imported while empty packages replace their parents, whose `__init__`
    would fail. The empty packages are removed afterwards, so that a later
    `import tensorflow_gan` imports the real package.
    """
    if "tensorflow_gan" in sys.modules:
        return importlib.import_module(
            "tensorflow_gan.python.eval.classifier_metrics"
        )
    specification = importlib.util.find_spec("tensorflow_gan")
    if specification is None:
        raise ImportError(
            "Evaluation needs tensorflow-gan: pip install tensorflow-gan"
        )
    root = pathlib.Path(specification.origin).parent
    before = set(sys.modules)
    try:
        for name in _PACKAGES:
            path = root.joinpath(*name.split(".")[1:])
            package = importlib.machinery.ModuleSpec(
                name, None, is_package=True
            )
            package.submodule_search_locations = [str(path)]
            sys.modules[name] = importlib.util.module_from_spec(package)
        with warnings.catch_warnings():
            # tensorflow-probability uses deprecated version classes.
            warnings.simplefilter("ignore", DeprecationWarning)
            return importlib.import_module(
                f"{_PACKAGES[-1]}.classifier_metrics"
            )
    finally:
        for name in set(sys.modules) - before:
            if name.split(".")[0] == "tensorflow_gan":
                del sys.modules[name]
