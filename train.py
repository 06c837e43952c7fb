"""Trains a SAGAN: `python train.py --help`. Same as sagan-train."""

from sagan_tf.commands import train

if __name__ == "__main__":
    train.run()
