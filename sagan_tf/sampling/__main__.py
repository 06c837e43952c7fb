"""`python -m sagan_tf.sampling` is `sagan-sample`."""

from sagan_tf.sampling import command

command.run()
