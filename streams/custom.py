"""Events and attributes of the store's own, as its rulebook declares them."""

from __future__ import annotations

from collections.abc import Mapping

from rules.context import EventContext
from schemas.custom import CustomHappened, OwnValue
from schemas.outcome_codes import OutcomeCode
from schemas.record import MAX_ATTRIBUTES
from streams.texts import clipped

TEXT_BYTES = 64


def happen(context: EventContext, event: CustomHappened) -> OutcomeCode | None:
    """It triggers rules under its own name, and changes nothing else.

    Raises:
        NotDeclared: the rulebook in force does not declare it so.
    """
    context.rulebook.own.check_event(event)
    context.notice(event.name)
    return None


def tell(context: EventContext, told: Mapping[str, OwnValue | None], *, late: bool) -> None:
    """Attributes of the customer: those left out stay, none clears one. What is late only fills gaps."""
    kept = dict(context.record.attributes)
    for name, value in told.items():
        if late and name in kept:
            continue
        if value is None:
            kept.pop(name, None)
        elif name in kept or len(kept) < MAX_ATTRIBUTES:
            kept[name] = clipped(value, TEXT_BYTES) if isinstance(value, str) else value
        else:
            context.count(OutcomeCode.CAP_ATTRIBUTES)
    context.record.attributes = kept
