"""The read API below ``/api/v1/``: what the pages show, for programs.

A `Resource` is one list: which rows, in which orders, written how. Its address, its
streams, its export from a page and its export by command are made of it.
"""
