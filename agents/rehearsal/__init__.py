"""Trying rules on a file of events, without any server: the pure core, one line after the other."""

from agents.rehearsal.lines import EventLine, read_lines
from agents.rehearsal.rehearsal import Rehearsed, RehearsedStep, rehearse

__all__ = ["EventLine", "Rehearsed", "RehearsedStep", "read_lines", "rehearse"]
