"""Trying rules on a file of events, without any server: the pure core, one line after the other."""

from agents.rehearsal.lines import Line, read_lines
from agents.rehearsal.rehearsal import Rehearsed, Step, rehearse

__all__ = ["Line", "Rehearsed", "Step", "read_lines", "rehearse"]
