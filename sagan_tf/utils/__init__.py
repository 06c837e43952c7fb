"""Files, progress and signals: nothing of GANs."""
