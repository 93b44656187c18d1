"""The lean reference job: one piece of work that all peers do alike, its load, and the check of its results."""
