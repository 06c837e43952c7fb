"""`python -m sagan_tf.importing` is `sagan-import`."""

from sagan_tf.importing import command

command.run()
