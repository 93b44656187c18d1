"""Structs take no event that the models refuse, and say the same of those that they take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from schemas.event import Event
from schemas.events import AnyEvent, Invalid, decode_event, readdressed, receive_event
from schemas.examples import example
from schemas.topics import TOPIC_OF

BY_THE_MODEL = {
    "customer.registered", "customer.updated", "customer.identified", "customer.merged", "custom.happened",
}  # fmt: skip
"""Told as nothing is not the same as left out; the class counts; or the values are of any type."""
MOMENTS = (
    "2026-03-05T20:00:00+01:00", "2026-03-05T20:00:00Z", "2026-03-05T20:00:00.5Z", "2026-03-05T20:00:00.123456Z",
    "2026-03-05T20:00:00.1234567Z", "2026-03-05T20:00:00.9999999Z", "2026-03-05 20:00:00z", "2026-03-05T20:00Z",
    "2026-03-05T24:00:00Z", "2026-03-05T23:59:60Z", "2026-03-05T20:00:00-00:00", "2026-03-05T20:00:00+0100",
    "2026-03-05T20:00:00+23:59", "2026-03-05T20:00:00+24:00", "2026-02-30T20:00:00Z", "2026-03-05T20:00:00",
    "1899-12-31T23:59:59Z", "1900-01-01T00:00:00Z", "1900-01-01T00:00:00+14:00", "1901-01-01T00:00:00+14:00",
    "8999-12-31T23:59:59Z", "9000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "1772740800", "20260305T200000Z", "2026-03-05t20:00:00Z", "2026-03-05T20:00:00,5Z", "+2026-03-05T20:00:00Z",
)  # fmt: skip
TEXTS = (
    "", " ", "a", "a\n", "\n", "a b", "EUR", "eur", "X" * 3, "EUR\n", "DEM", "o" * 64, "o" * 65, "\U0001f989" * 64,
    "\U0001f989" * 65, "\x00", "\x7f", "\x85", "\u2028", "\u200b", "é", "ſ", "１", "staff:mei", "staff:mei\n", "nobody",
    "https://example.org/a", "+4912345678", "a@b.c", "low", "other", "overall",
)  # fmt: skip
NUMBERS = (-1, 0, 1, 5, 6, 8, 9, 10**9, 10**9 + 1, 10**12, 10**12 + 1, 2**63, 2**64, 1.0, 1.5, -0.0, 1e3)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(NUMBERS),
    st.sampled_from(TEXTS),
    st.sampled_from(MOMENTS),
    st.text(max_size=70),
    st.integers(),
    st.lists(st.sampled_from(TEXTS), max_size=12),
    st.just([{"sku": "s", "price": 1}]),
    st.just([{"sku": "s", "price": 1, "size": 2}]),
    st.just({"overall": 5, "service": 1}),
    st.just({"overall": 6}),
    st.just({}),
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """An example with some of its fields changed, dropped, doubled or added; its text changed here and there."""
    kind = draw(st.sampled_from(sorted(TOPIC_OF)))
    event: dict[str, Any] = dict(example("events", kind))
    names = [*event, "simulated", "actor", "source", "hops", "left_out", "at", "moments", "", "reason", "promised_at"]
    for name in draw(st.lists(st.sampled_from(names), max_size=3)):
        event[name] = draw(VALUES)
    for name in draw(st.lists(st.sampled_from(sorted(event)), max_size=1)):
        del event[name]
    pairs = [orjson.dumps(name) + b":" + orjson.dumps(value) for name, value in event.items() if is_said(value)]
    pairs += draw(st.lists(st.sampled_from(pairs or [b'"a":1']), max_size=1))
    body = b"{" + b",".join(draw(st.permutations(pairs))) + b"}"
    at = draw(st.integers(0, len(body)))
    junk = st.sampled_from([b"", b"", b"", b"\xff", b"\x00", b" ", b"\\ud800", b"\\u0041", b"e0", b".0", b"NaN", b"//"])
    return body[:at] + draw(junk) + body[at:]


def is_said(value: Any) -> bool:
    """Whether orjson can write it."""
    return not isinstance(value, int) or -(2**63) <= value < 2**64


def plain(value: Any) -> Any:
    """Without the classes of the two."""
    if isinstance(value, tuple):
        return tuple(plain(one) for one in value)
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    return msgspec.structs.asdict(value) if isinstance(value, msgspec.Struct) else value


def told(decode: Callable[[bytes], AnyEvent], body: bytes) -> dict[str, Any]:
    """Everything that the core may ask of an event, or why there is none."""
    try:
        event = decode(body)
    except Invalid as refused:
        return {"reason": refused.reason, "field": refused.field, "said": str(refused)}
    names = type(decode_event(body)).model_fields
    return {name: plain(getattr(event, name)) for name in [*names, "at", "left_out"]}


@settings(max_examples=400, deadline=None)
@given(bodies())
def test_both_refuse_the_same_and_say_the_same(body: bytes) -> None:
    assert told(receive_event, body) == told(decode_event, body)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("field", ["time", "promised_at"])
def test_of_moments_too(field: str, moment: str) -> None:
    body = orjson.dumps({**example("events", "order.placed"), field: moment})

    assert told(receive_event, body) == told(decode_event, body)


@pytest.mark.parametrize("kind", sorted(TOPIC_OF))
def test_structs_take_every_kind_of_event_but_those_that_they_cannot_tell(kind: str) -> None:
    event = receive_event(orjson.dumps(example("events", kind)))

    assert isinstance(event, Event) == (kind in BY_THE_MODEL)


@pytest.mark.parametrize("kind", sorted(TOPIC_OF))
def test_told_of_another_customer_both_are_the_same_bytes(kind: str) -> None:
    body = orjson.dumps(example("events", kind))

    assert readdressed(receive_event(body), "bea") == readdressed(decode_event(body), "bea")
