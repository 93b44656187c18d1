"""The spans of one action. The action's id is the trace id, so whoever has an action has its trace.

An action's id is 128 bits in hexadecimal, which is what a trace id is. Everything that knows an action knows its trace
without carrying one more header: the ledger, the message, the sender's log, each receipt. Ids of spans are derived, so
a decision or receipt that is exported again is the same span. A trace carries no customer and no address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from schemas.ids import digest
from schemas.outcome import Decision
from schemas.times import Millis


class TraceSpan(NamedTuple):
    """One part of a trace."""

    trace: str
    """32 hexadecimal digits: the action's id."""
    name: str
    own: str
    """16 hexadecimal digits."""
    parent: str
    """The span above; empty for the first."""
    begins: Millis
    ends: Millis
    about: Mapping[str, str | int]
    failed: bool = False


def spans_of_decision(decision: Decision) -> Iterable[TraceSpan]:
    """The event, and what was decided on it: acted, held, released, not sent."""
    trace = decision.action_id
    event = _span_id(trace, "event")
    yield TraceSpan(
        trace,
        decision.trigger,
        event,
        "",
        decision.at,
        decision.acting,
        {"tend.event.id": decision.trigger_id, "tend.event.type": decision.trigger},
    )
    about: dict[str, str | int] = {
        "tend.rule": decision.rule,
        "tend.rulebook": decision.rulebook,
        "tend.verdict": decision.verdict.value,
        "tend.channel": decision.channel,
    }
    if decision.reason is not None:
        about["tend.reason"] = decision.reason.value
    own = _span_id(trace, f"decided {decision.verdict.value}")
    yield TraceSpan(trace, f"{decision.verdict.value} {decision.rule}", own, event, decision.at, decision.acting, about)


def span_of_receipt(told: Mapping[str, Any], at: Millis) -> TraceSpan | None:
    """What a sender or the customer said about an action; None where it is about none of ours."""
    trace, kind = str(told.get("action_id", "")), str(told.get("type", ""))
    if not is_trace(trace):
        return None
    own = _span_id(trace, f"receipt {told.get('id', '')}")
    about = {"tend.event.id": str(told.get("id", "")), "tend.event.type": kind}
    return TraceSpan(trace, kind, own, _span_id(trace, "event"), at, at, about, failed=kind == "receipt.failed")


def is_trace(text: str) -> bool:
    """Whether an action's id can be a trace id; a shop's own ids of calls cannot."""
    return len(text) == 32 and set(text) <= set("0123456789abcdef") and set(text) != {"0"}


def _span_id(trace: str, what: str) -> str:
    return digest("span", trace, what, size=8).hex()
