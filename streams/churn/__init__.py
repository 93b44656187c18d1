"""Churn: the probability that a customer does not order within a horizon, learned online from mature labels.

The way of a customer through these functions, all pure but for the record they are given to change:

- at an order: ``mature`` what is known by now, ``counts_of`` (ordered), ``remember_order``, then ``score`` and
  ``enqueue``;
- at a tick (``schemas.churn.Tick``): ``mature``, ``counts_of``, ``score``, ``enqueue``;
- at any other signal: ``remember_signal``;
- at the end of an epoch, in the learner: ``learning.learn_sample`` of a ``sampling.Sample`` of the labelled examples,
  and the added counts. Workers do without it, and without River, on which it stands: that takes a second to import.
"""

from __future__ import annotations

from streams.churn.explanations import explanations
from streams.churn.initial import initial_state
from streams.churn.joining import joined_features
from streams.churn.pending_labels import enqueue, mature, next_maturity
from streams.churn.population_stats import counts_of
from streams.churn.purchase_features import KINDS, remember_order, remember_signal
from streams.churn.scoring import score

__all__ = [
    "KINDS",
    "counts_of",
    "enqueue",
    "explanations",
    "initial_state",
    "joined_features",
    "mature",
    "next_maturity",
    "remember_order",
    "remember_signal",
    "score",
]
