"""The lines of a rehearsal: events of the contract as JSON, with a few conveniences for those who write them by hand.

- ``id`` may be left out;
- ``time`` may be ``+3 days``: that long after the customer's line before;
- ``"$welcome"`` in ``action_id``, ``code`` or ``coupons`` stands for what the rule ``welcome`` gave the customer last.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from agents.lines import bounded_lines
from rules.durations import parse_duration
from schemas.errors import TendError
from schemas.times import Millis, to_rfc3339

_STANDS_FOR: Final = "$"
_LATER: Final = "+"


class EventLine(NamedTuple):
    """One line of a file that is not empty."""

    number: int
    body: bytes


class Given(NamedTuple):
    """What a rule gave a customer last."""

    action_id: str
    coupon: str


def read_lines(path: Path) -> list[EventLine]:
    """The lines of a file, by number from 1; empty ones and those that begin with ``//`` are left out.

    Raises:
        TendError: it cannot be read, or a line is longer than any event.
    """
    try:
        with path.open("rb") as file:
            lines = [EventLine(number, body.strip()) for number, body in enumerate(bounded_lines(file, str(path)), 1)]
    except OSError as error:
        raise TendError(f"{path}: {error.strerror}. Expected a file of events, one JSON object a line.") from None
    found = [line for line in lines if line.body and not line.body.startswith(b"//")]
    if not found:
        raise TendError(f"{path}: holds no event. Expected one JSON object a line; see docs/events.md.")
    return found


def opened(line: EventLine, present: Mapping[str, Millis]) -> dict[str, Any] | None:
    """What a line tells, with its id and its time filled in; None where it is no JSON object.

    Args:
        present: the time of each customer's line before.

    Raises:
        ValueError: a time is later than nothing, or by no span.
    """
    try:
        told = orjson.loads(line.body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(told, dict):
        return None
    told.setdefault("id", f"line-{line.number}")
    who, time = str(told.get("customer")), told.get("time")
    if isinstance(time, str) and time.startswith(_LATER):
        if who not in present:
            raise ValueError(f"time: {time!r} is later than nothing: {who} has no line before this one")
        told["time"] = to_rfc3339(present[who] + parse_duration(time.removeprefix(_LATER).strip()))
    return told


def stand_in(told: dict[str, Any], given: Mapping[tuple[str, str], Given]) -> None:
    """Put what a rule gave the customer last where the line names the rule.

    Raises:
        ValueError: the rule gave nothing.
    """
    who = str(told.get("customer"))
    if _is_stand_in(told.get("action_id")):
        told["action_id"] = _given("action_id", told["action_id"], who, given).action_id
    if _is_stand_in(told.get("code")):
        told["code"] = _coupon("code", told["code"], who, given)
    codes = told.get("coupons")
    if isinstance(codes, list):
        told["coupons"] = [_coupon("coupons", one, who, given) if _is_stand_in(one) else one for one in codes]


def _is_stand_in(value: object) -> bool:
    return isinstance(value, str) and value.startswith(_STANDS_FOR)


def _coupon(field: str, name: str, who: str, given: Mapping[tuple[str, str], Given]) -> str:
    found = _given(field, name, who, given)
    if not found.coupon:
        raise ValueError(f"{field}: rule {name.removeprefix(_STANDS_FOR)} gives no coupon")
    return found.coupon


def _given(field: str, name: str, who: str, given: Mapping[tuple[str, str], Given]) -> Given:
    rule = name.removeprefix(_STANDS_FOR)
    if (who, rule) not in given:
        so_far = ", ".join(sorted(one for customer, one in given if customer == who)) or "nothing"
        raise ValueError(f"{field}: rule {rule!r} has given {who} nothing so far; given so far: {so_far}")
    return given[who, rule]
