"""Evaluates a SAGAN: `python eval.py --help`. Same as sagan-eval."""

from sagan_tf.commands import evaluate

if __name__ == "__main__":
    evaluate.run()
