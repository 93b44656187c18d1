"""Epochs: event time cut into equal pieces, at whose ends common knowledge may change."""

from __future__ import annotations

from schemas.times import Millis


def epoch_of(moment: Millis, length: Millis) -> int:
    """The number of the epoch that holds the moment."""
    return moment // length


def end_of(epoch: int, length: Millis) -> Millis:
    """The first moment that is no longer in the epoch."""
    return (epoch + 1) * length
