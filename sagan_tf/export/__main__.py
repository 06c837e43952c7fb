"""`python -m sagan_tf.export` is `sagan-export`."""

from sagan_tf.export import command

command.run()
