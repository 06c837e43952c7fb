"""Other programs' trained weights, as our models."""

from sagan_tf.importing.authors import import_authors
from sagan_tf.importing.mmgeneration import import_mmgeneration
from sagan_tf.importing.studiogan import import_studiogan

__all__ = ["import_authors", "import_mmgeneration", "import_studiogan"]
