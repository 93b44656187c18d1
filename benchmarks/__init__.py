"""Measurements: each module is one, with its own command line."""
