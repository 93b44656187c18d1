"""Drift: when predictions become worse than their own doubts say, automation waits and the model learns faster.

Two of River's detectors watch the excess of the log loss over the entropy of the predictions, a mean over at least
``BUCKET`` outcomes at a time: ADWIN notices what creeps, Page-Hinkley what jumps (after a shock the model recovers
within weeks, sooner than ADWIN is sure). Their state is the bounded list of these means, from which they are rebuilt
each epoch: to the bit, and without unpickling.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from river.drift import ADWIN, PageHinkley

from schemas.churn import HorizonState
from streams.churn.monitoring import Outcome, entropy, loss_of

BUCKET = 50
"""Outcomes behind one value: fewer are noise."""
REMEMBERED = 120
"""Values kept."""
DELTA, UNIT = 0.01, 10.0
"""ADWIN's significance, and the scale it sees: its bound takes values for parts of 1, and 0.1 nats is much."""
FEWEST, SLACK, JUMP = 15, 0.03, 0.5
"""Page-Hinkley: values before it says anything, nats that are let pass each time, and their sum that is a jump."""
LEAST_EXCESS = 0.02
"""Nats per outcome: a change for the worse that is smaller is not worth a pause."""
PAUSE = 14.0
"""Days without automation after a drift was noticed; longer while the excess stays."""
LATEST = 7
"""Values that tell whether it stays."""
FEWEST_EXAMPLES = 500
"""Examples before a model is trusted at all."""


def watched(state: HorizonState, outcomes: Sequence[Outcome], epoch: int, days: float) -> tuple[HorizonState, bool]:
    """The state after looking at the outcomes of an epoch of so many days, and whether a drift was noticed."""
    count, excess = state.bucket
    count += sum(weight for _, _, weight in outcomes)
    excess += sum(weight * (loss_of(z, y) - entropy(z)) for z, y, weight in outcomes)
    if count < BUCKET:
        return msgspec.structs.replace(state, bucket=(count, excess)), False
    losses = [*state.losses, excess / count][-REMEMBERED:]
    kept, worse = _since_change(losses)
    paused_until = state.automation_paused_until
    if worse or (epoch <= paused_until and _mean(kept[-LATEST:]) > 2.0 * LEAST_EXCESS):
        paused_until = epoch + round(PAUSE / days)
    changed = msgspec.structs.replace(
        state,
        bucket=(0.0, 0.0),
        losses=kept,
        drifts=state.drifts + worse,
        automation_paused_until=paused_until,
    )
    return changed, worse


def trusted(state: HorizonState, examples: int, epoch: int) -> bool:
    """Whether the scores of this horizon are good enough to act on without a person."""
    better = state.quality.log_loss < state.quality.base_loss
    return examples >= FEWEST_EXAMPLES and better and epoch > state.automation_paused_until


def warming_up(state: HorizonState, examples: int, epoch: int) -> HorizonState:
    """The state with the epoch noted in which the model had enough examples."""
    if state.warm_since >= 0 or examples < FEWEST_EXAMPLES:
        return state
    return msgspec.structs.replace(state, warm_since=epoch)


def past_warm_up(state: HorizonState, predicted: int, days: float, horizons: float = 0.5) -> bool:
    """Whether a prediction of that epoch was made past warm-up: what a model says before proves nothing.

    Args:
        days: in an epoch.
        horizons: how long warm-up lasts once there are enough examples.
    """
    return 0 <= state.warm_since <= predicted - state.horizon * horizons / days


def _since_change(losses: list[float]) -> tuple[list[float], bool]:
    """The newest values, as far back as they are alike, and whether they are worse than those before."""
    detector = ADWIN(delta=DELTA, clock=1, min_window_length=3, grace_period=10)
    for value in losses:
        detector.update(value * UNIT)
    kept = losses[-max(int(detector.width), 1) :]
    if len(kept) == len(losses) and _jumped(losses):
        return losses[-LATEST:], True
    return kept, len(kept) < len(losses) and _mean(kept) - _mean(losses[: -len(kept)]) > LEAST_EXCESS


def _jumped(losses: list[float]) -> bool:
    detector = PageHinkley(min_instances=FEWEST, delta=SLACK, threshold=JUMP, mode="up")
    for value in losses:
        detector.update(value)
    return detector.drift_detected


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
