"""Churn: the probability that a customer does not order within a horizon, learned online from mature labels.

The way of a customer through these functions, all pure but for the record they are given to change:

- at an order: ``settle`` what is mature, ``counts_of`` (ordered), ``remember_order``, then ``score`` and ``ask``;
- at a tick (``next_tick``): ``settle``, ``counts_of``, ``score``, ``ask``;
- at any other signal: ``remember_signal``;
- at the end of an epoch, in the learner: ``learning.learn_sample`` of a ``sampling.Sample`` of the lessons, and the
  added counts. Lanes do without it, and without what it stands on: River takes a second to import.
"""

from __future__ import annotations

from streams.churn.beginning import begin
from streams.churn.buying import KINDS, remember_order, remember_signal
from streams.churn.causes import causes
from streams.churn.counting import counts_of
from streams.churn.questions import ask, next_maturity, settle
from streams.churn.scoring import score
from streams.churn.ticks import next_tick

__all__ = [
    "KINDS",
    "ask",
    "begin",
    "causes",
    "counts_of",
    "next_maturity",
    "next_tick",
    "remember_order",
    "remember_signal",
    "score",
    "settle",
]
