"""All events as one contract, and their way in and out of bytes."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Final, cast, get_args

import msgspec
import orjson
from pydantic import Field, TypeAdapter, ValidationError

from schemas import event_structs
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

_MODELS: Final[dict[str, type[Event]]] = {one.model_fields["type"].default: one for one in get_args(AnyEvent)}
_STRICT: Final = ("version", "type", "simulated", "hops")
"""Fields with a default that are not for leaving out."""

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
        return _without_bad_options(body, error)


def receive_event(body: bytes) -> AnyEvent:
    """The same for the core, which does not write it again: nearly always in half of the time.

    What comes back has the fields of the model, and is none: it cannot tell what was left out from what was told as
    nothing. Where that counts the models decide.

    Raises:
        Invalid: the body is not JSON, or not an event of the contract.
    """
    if len(body) > MAX_BYTES:
        return decode_event(body)
    event = event_structs.decode(_structs(), body)
    return decode_event(body) if event is None else cast(AnyEvent, event)


@cache
def _structs() -> event_structs.Decoder:
    return event_structs.decoder_of(model for kind, model in _MODELS.items() if kind not in _AS_MODELS)


_AS_MODELS: Final = ("customer.registered", "customer.updated", "customer.identified", "customer.merged")
"""Of the first two a field told as nothing is cleared; the others are told from all events by their class."""


def encode_event(event: Event) -> bytes:
    """The event as JSON; fields that were not told are left out, and those told as nothing are null."""
    plain = event.model_dump(mode="json", exclude_none=True)
    cleared = event.model_fields_set - plain.keys()
    return orjson.dumps(plain | dict.fromkeys(sorted(cleared)))


def was_mended(event: Event) -> bool:
    """Whether a decoded event is not its body as it stands: something was left out, or taken for nothing told."""
    return "left_out" in event.__dict__


def readdressed(event: AnyEvent, customer: str) -> bytes:
    """The event as JSON, as if told of another customer."""
    received: object = event
    model = received if isinstance(received, Event) else _model_of(received)
    return encode_event(model.model_copy(update={"customer": customer}))


def _model_of(event: object) -> AnyEvent:
    """Of a Struct: what it does not tell was left out."""
    plain = {name: value for name, value in msgspec.to_builtins(event).items() if value is not None}
    return _ADAPTER.validate_json(orjson.dumps(plain))


def _without_bad_options(body: bytes, error: ValidationError) -> AnyEvent:
    """The event without the optional fields that are wrong; an empty text in one of them is nothing told.

    Raises:
        Invalid: something else is wrong as well.
    """
    try:
        plain = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _invalid(error) from None
    left_out = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        field = _option(problem["loc"])
        if field is None or problem["type"] == "extra_forbidden":
            raise _invalid(error) from None
        if plain.get(field) == "":
            plain[field] = None
        elif field in plain and plain[field] is not None:
            del plain[field]
            left_out.append(field)
    try:
        event = _ADAPTER.validate_json(orjson.dumps(plain))
    except ValidationError:
        raise _invalid(error) from None
    event.__dict__["left_out"] = tuple(left_out)
    return event


def _option(location: tuple[int | str, ...]) -> str | None:
    """The optional field of an event that an error lies in."""
    if len(location) < 2 or location[0] not in _MODELS:
        return None
    name = str(location[1])
    field = _MODELS[str(location[0])].model_fields.get(name)
    return name if field is not None and not field.is_required() and name not in _STRICT else None


def _invalid(error: ValidationError) -> Invalid:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    # The location starts with the event type that the discriminator chose: it is no field.
    location = [str(part) for part in first["loc"]]
    fields = location[1:] if location and "." in location[0] else location
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        fields = ["type"]
    return Invalid(_REASONS.get(first["type"], "wrong_field"), ".".join(fields), first["msg"])
