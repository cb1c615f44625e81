"""Measures Uptick on this machine: ``python -m bench``, or ``make bench``.

Every figure stands beside a raw one taken in the same run, because on shared hardware
only their ratio means something. Load goes to 127.0.0.1 alone and stops by itself.
"""
