"""All events as one contract, and their way in and out of bytes."""

from __future__ import annotations

from typing import Annotated, Any, Final

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from schemas.browse import BrowseEvent
from schemas.complaints import ComplaintEvent
from schemas.customers import CustomerEvent
from schemas.event import Event
from schemas.feedback import FeedbackEvent
from schemas.orders import OrderEvent
from schemas.receipts import ReceiptEvent

AnyEvent = OrderEvent | BrowseEvent | ComplaintEvent | CustomerEvent | FeedbackEvent | ReceiptEvent

MAX_BYTES: Final = 65_536
"""A body above this is refused unread: the largest valid order is about half of it."""

_ADAPTER: TypeAdapter[AnyEvent] = TypeAdapter(Annotated[AnyEvent, Field(discriminator="type")])

_REASONS: Final = {
    "json_invalid": "wrong_json",
    "union_tag_invalid": "unknown_type",
    "union_tag_not_found": "missing_field",
    "missing": "missing_field",
    "string_too_long": "too_long",
    "too_long": "too_long",
}


class Invalid(ValueError):
    """A body that is no event of the contract.

    ``reason`` is one of ``wrong_json``, ``unknown_type``, ``missing_field``, ``wrong_field``, ``too_long``;
    ``field`` names the field in dotted form, or is empty; the message says what was expected.
    """

    def __init__(self, reason: str, field: str, message: str) -> None:
        super().__init__(f"{reason}: {field + ': ' if field else ''}{message}")
        self.reason = reason
        self.field = field


def decode_event(body: bytes) -> AnyEvent:
    """The event in a JSON body.

    Raises:
        Invalid: the body is not JSON, or not an event of the contract.
    """
    if len(body) > MAX_BYTES:
        raise Invalid("too_long", "", f"{len(body)} bytes; at most {MAX_BYTES} are accepted")
    try:
        return _ADAPTER.validate_json(body)
    except ValidationError as error:
        raise _invalid(error) from None


def encode_event(event: Event) -> bytes:
    """The event as JSON; fields that were not told are left out."""
    return orjson.dumps(event.model_dump(mode="json", exclude_none=True))


def event_schema() -> dict[str, Any]:
    """JSON Schema of all events."""
    return _ADAPTER.json_schema()


def _invalid(error: ValidationError) -> Invalid:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    # The location starts with the event type that the discriminator chose: it is no field.
    location = [str(part) for part in first["loc"]]
    fields = location[1:] if location and "." in location[0] else location
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        fields = ["type"]
    return Invalid(_REASONS.get(first["type"], "wrong_field"), ".".join(fields), first["msg"])
