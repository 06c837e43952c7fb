"""How the layers compute: attention, minimal filtering."""

from sagan_tf.ops.attention import attend, attend_at_once

__all__ = ["attend", "attend_at_once"]
