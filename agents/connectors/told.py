"""What connectors have in common: events in the making, and amounts, moments and ids as other systems write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from schemas.currencies import DIGITS
from schemas.fields import EARLIEST, LATEST
from schemas.identity import carried_reference
from schemas.ids import digest

Told = dict[str, Any]
"""An event's fields, before it is admitted."""
Body = Mapping[str, Any]

MOST_ITEMS: Final = 200
_MOST_COUPONS: Final = 10
_MOST_QUANTITY: Final = 100_000
_LARGEST: Final = 10**12
_REFERENCE: Final = re.compile(r"[\x21-\x7e]{1,64}")
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+")
_DIGITS: Final = range(7, 16)
"""As many as a number has from its country on (E.164), or nearly."""
_NAME, MOST_LABEL = 80, 64


class LeftOut(Exception):
    """It is understood, and there is nothing in it to record; the text says why, in words that can be counted."""


class Refused(ValueError):
    """It cannot be read: names the field of the other system, and what was expected there."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: {expected}")
        self.field = field


class ToldFact(NamedTuple):
    """Something of an order that its system tells once, or as it is at a moment."""

    name: str
    told: str
    at: int = 0
    """Of what changes: the moment, in milliseconds, for which it holds; the latest counts. 0: it never changes."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message of another system says."""

    events: tuple[Told, ...] = ()
    """With their customer."""
    order: str = ""
    """The order it is about, by the id that the system itself uses."""
    customer: str = ""
    """Whose order that is, where the message says so."""
    number: str = ""
    """How that order is called in events, where the message says so."""
    loose: tuple[Told, ...] = field(default=())
    """Events of that order whose message names neither customer nor number: they wait until both are known."""
    facts: tuple[ToldFact, ...] = ()
    """Of that order; what follows is read off all that were told."""


def news(system: str, kind: str, own: str, ref: str, told: Told) -> Told:
    """An event of something with an id in that system; ``ref`` tells it from others of its kind."""
    return {"type": kind, "id": told_id(system, kind, own, ref), **told}


def own_id(body: Body) -> str:
    """The id that the system gave. Raises Refused."""
    own = number(body.get("id"))
    if not own:
        raise Refused("id", "expected the id that the system gave")
    return own


def told_id(*parts: str) -> str:
    """The id of an event: the same for the same news, whichever delivery brings it."""
    return digest("connector", *parts, size=16).hex()


def minor(name: str, value: Any, currency: str, *, signed: bool = False) -> int:
    """An amount in minor units, rounded half up.

    Args:
        signed: whether it may be below nothing.

    Raises:
        Refused: it is no amount, is below nothing, or its currency is unknown.
    """
    if currency not in DIGITS:
        raise Refused("currency", "expected an ISO 4217 code such as EUR")
    try:
        amount = Decimal(str(value)).scaleb(DIGITS[currency]).quantize(Decimal(1), ROUND_HALF_UP)
    except InvalidOperation:
        raise Refused(name, "expected an amount such as 49.98") from None
    if not amount.is_finite() or not (-_LARGEST if signed else 0) <= amount <= _LARGEST:
        raise Refused(name, "expected an amount" if signed else "expected an amount of at least 0")
    return int(amount)


def moment(name: str, value: Any, *, utc: bool = False) -> datetime:
    """A moment with its offset.

    Args:
        utc: whether a moment without an offset is meant in UTC, as in WooCommerce's ``…_gmt``.

    Raises:
        Refused: it is none.
    """
    try:
        read = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Refused(name, "expected a time such as 2026-11-20T10:15:02+01:00") from None
    if read.tzinfo is None:
        if not utc:
            raise Refused(name, "expected an offset, such as +01:00 or Z")
        read = read.replace(tzinfo=UTC)
    if not EARLIEST.year <= read.year < LATEST.year:
        raise Refused(name, f"expected a time between {EARLIEST.year} and {LATEST.year}")
    return read


def reference(name: str, value: Any) -> str:
    """The id of an order, cart or refund as events can carry it.

    Raises:
        Refused: there is none.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Refused(name, "expected an id")
    try:
        return carried_reference(str(value))
    except ValueError as problem:
        raise Refused(name, str(problem)) from None


def text(value: Any) -> str:
    """A text without blanks around it; empty where there is none."""
    return value.strip() if isinstance(value, str) else ""


def number(value: Any) -> str:
    """An id that is a number or a text; empty where there is none, or 0."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and value else text(value)


def guest_of(addresses: Iterable[Any], phones: Iterable[Any]) -> str:
    """Who has no id: the first that is an address, else the first that is a number; what was typed in for want of one
    is neither. A number begins with a plus, so that a pseudonym is made of it.

    Raises:
        LeftOut: there is none.
    """
    told = [one for one in map(text, addresses) if _ADDRESS.fullmatch(one)]
    for one in map(text, phones):
        digits = re.sub(r"\D", "", one)
        if len(digits) in _DIGITS:
            told.append(f"+{digits.removeprefix('00')}")
    if not told:
        raise LeftOut("no customer is named")
    return told[0]


def quantity(value: Any) -> int:
    """Pieces of an article: at least one, at most what the contract carries."""
    try:
        return min(max(1, int(Decimal(str(value)))), _MOST_QUANTITY)
    except (InvalidOperation, ValueError, OverflowError):
        return 1


def stars(name: str, value: Any) -> int:
    """Stars of a review, halves rounded up. Raises Refused."""
    try:
        given = int(Decimal(str(value)).quantize(Decimal(1), ROUND_HALF_UP))
    except (InvalidOperation, ValueError, OverflowError):
        given = 0
    if not 1 <= given <= 5:
        raise Refused(name, "expected 1 to 5 stars")
    return given


def codes(values: Any) -> tuple[str, ...]:
    """Coupon codes as events can carry them; others are left out."""
    given = [text(value) for value in values if isinstance(value, str)]
    return tuple(code for code in given if _REFERENCE.fullmatch(code))[:_MOST_COUPONS]


def details(**found: str) -> Told:
    """A customer's details that were told; what is too long for the contract is shortened or left out."""
    kept = {name: value for name, value in found.items() if value}
    if "name" in kept:
        kept["name"] = kept["name"][:_NAME]
    if "region" in kept:
        kept["region"] = kept["region"][:MOST_LABEL]
    return dict(kept)


def label(value: Any) -> str:
    """A short name, shortened to what the contract carries; empty where there is none."""
    return text(value)[:MOST_LABEL]


def mapping(value: Any) -> Body:
    """An object; an empty one where there is none."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: Any) -> list[Body]:
    """The objects of a list; none where there is no list."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def rfc3339(at: datetime) -> str:
    """A moment as events carry it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
