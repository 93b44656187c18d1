"""Events and actions as rows of a customer's timeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from agents.rollups.model import MOST_TEXT, SentMessage, TimelineRow, encode
from schemas.customers import CustomerUpdated
from schemas.personal import classes_of
from schemas.times import Millis

_LEFT_OUT: Final = frozenset(
    {"id", "version", "customer", "time", "type", "simulated", "actor", "source", "hops", "life"}
)
LINES: Final = 6
"""Lines of an order that are kept to be shown."""
_CONTACT: Final = frozenset(
    name
    for name, told in classes_of(CustomerUpdated).items()
    if told is not None and told.sort == "contact" and not told.written
)
"""Never kept in a timeline; it says only that they were told."""


def timeline_row(told: Mapping[str, Any], kind: str, at: Millis) -> bytes:
    """An event as a row of the timeline, encoded; contact stays out of it."""
    data: dict[str, Any] = {}
    for name, value in told.items():
        if name in _LEFT_OUT or value is None:
            continue
        if name in _CONTACT:
            data.setdefault("told", []).append(name)
        elif name == "items":
            data["items"] = len(value)
            data["lines"] = [str(item.get("sku", "")) for item in value[:LINES]]
            data["quantities"] = [str(item.get("quantity", 1)) for item in value[:LINES]]
            data["prices"] = [str(item.get("price", 0)) for item in value[:LINES]]
        elif isinstance(value, dict):
            data |= {f"{name}.{part}": inner for part, inner in value.items() if isinstance(inner, str | int | float)}
        elif isinstance(value, list):
            data[name] = [str(part) for part in value[:6]]
        else:
            data[name] = value[:MOST_TEXT] if isinstance(value, str) else value
    return encode(TimelineRow(at, kind, str(told.get("id", "")), data, str(told.get("actor") or "")))


def sent_message(told: Mapping[str, Any], kind: str, at: Millis) -> SentMessage:
    """An action as it went out."""
    coupon = told.get("coupon") or {}
    data = {name: coupon[name] for name in ("code", "percent", "amount", "currency", "expires_at") if name in coupon}
    data |= {name: told[name] for name in ("queue", "urgency", "due_at", "complaint_id", "locale") if told.get(name)}
    return SentMessage(
        action_id=str(told.get("action_id", "")),
        at=at,
        kind=kind,
        channel=str(told.get("channel", "")),
        rule=str(told.get("rule", "")),
        text=str(told.get("text", ""))[:MOST_TEXT],
        reason=str(told.get("reason", ""))[:MOST_TEXT],
        data=data,
    )
