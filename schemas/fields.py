"""Bounded field types that all contracts share: every string and list has a limit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

from schemas.currencies import checked_currency
from schemas.personal import CONTACT, LIFE, WORDS

EventId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$"), LIFE]
"""Printable ASCII without spaces, unique per event; sending an event again keeps its id."""
CustomerId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:@+-]+$"), LIFE]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$"), LIFE]
"""An id given by another system: order, cart, complaint, campaign."""
ActionId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$"), LIFE]
Sku = Annotated[str, StringConstraints(min_length=1, max_length=64), LIFE]
Label = Annotated[str, StringConstraints(min_length=1, max_length=64), LIFE]
"""A short name from the sender's own vocabulary: category, carrier, reason."""
Title = Annotated[str, StringConstraints(max_length=200), LIFE]
"""What a product is called."""
Text = Annotated[str, StringConstraints(max_length=2_000), WORDS]
Query = Annotated[str, StringConstraints(max_length=200), WORDS]
Name = Annotated[str, StringConstraints(min_length=1, max_length=80), CONTACT]
Minor = Annotated[int, Field(ge=0, le=10**12)]
"""An amount of money in minor units (cents) of its currency."""
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), AfterValidator(checked_currency), LIFE]
"""ISO 4217 code; any other is refused."""
Quantity = Annotated[int, Field(ge=1, le=100_000)]
Zone = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_+/-]+$"), LIFE]
"""IANA time zone, such as Europe/Berlin."""
Locale = Annotated[str, StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"), LIFE]
"""BCP 47 language tag."""
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{4,14}$"), CONTACT]
"""E.164 number."""
Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s]{1,64}@[^@\s]{1,189}$"), CONTACT]
ActorText = Annotated[str, StringConstraints(pattern=r"^(customer|staff|system)(:[A-Za-z0-9._-]{1,40})?$"), LIFE]
"""Who caused an event: ``customer``, ``staff:mei``, ``system:import``."""
Person = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,40}$"), LIFE]
"""A person of the store, by their short name."""
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Bounds of moments: what lies beyond is a mark of some system for never, and cannot be reckoned with."""


def _within_bounds(moment: datetime) -> datetime:
    if not EARLIEST <= moment < LATEST:
        raise ValueError("expected a time between 1900 and 8999; leave the field out where there is none")
    return moment


def _dashed(value: object) -> object:
    # Numbers, and digits in quotation marks, would be taken for seconds since 1970.
    if not isinstance(value, datetime) and not (isinstance(value, str) and value[4:5] == "-"):
        raise ValueError("expected RFC 3339 with its offset, such as 2026-03-05T20:00:00+01:00")
    return value


Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_dashed), AfterValidator(_within_bounds), LIFE]
"""RFC 3339 time with its offset, between 1900 and 8999."""

ConsentChannel = Literal["sms", "email", "push", "call"]
"""Where customers are reached, if they allow it."""
Channel = Literal[ConsentChannel, "desk"]
"""Where an action goes; ``desk`` is a queue of the store's own people and needs no consent."""
Purpose = Literal["service", "marketing"]
ConsentPurpose = Literal["service", "marketing", "profiling"]
"""What a customer may allow: messages of a purpose, or that marketing is chosen by their profile."""
ConsentScope = Literal[ConsentChannel, "any"]
"""One channel, or all of them."""
ComplaintCategory = Literal[
    "delivery", "product", "payment", "service", "account", "privacy", "safety", "other", "counterfeit"
]
Urgency = Literal["low", "normal", "high", "critical"]
SurveyDimension = Literal["overall", "product", "service", "delivery", "after_sales"]
ContactChannel = Literal["call", "chat", "visit", "social", "email"]
"""How customer and store talked to each other."""
CheckoutStage = Literal["login", "recipient", "delivery", "payment"]
"""Steps from the till to the order."""
Calendar = Literal["solar", "lunar"]
