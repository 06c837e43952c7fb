"""What train.py, eval.py and the sagan-* commands do; their flags live here."""
