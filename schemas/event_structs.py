"""The contracts of events once more, as msgspec Structs made from the pydantic models: a quick way in.

Nearly all events are valid, and Structs decide that in half of the time. They have the fields of the models, under the
same names, and accept nothing that the models refuse; a test holds both. What they refuse goes to the models, which
say what is wrong, or accept it all the same. A contract that cannot be said in a Struct is left to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Final, Literal, Union, get_args, get_origin, get_type_hints

import annotated_types
import msgspec
from pydantic import BaseModel, StringConstraints
from pydantic.fields import FieldInfo

from schemas import fields
from schemas.currencies import DIGITS, checked_currency
from schemas.event import Event
from schemas.personal import Personal
from schemas.times import to_millis

FINE: Final = re.compile(rb"\.[0-9]{7}")
"""Parts of a second finer than microseconds: models cut them off, msgspec rounds them."""
_SURE: Final = fields.EARLIEST.year, fields.LATEST.year - 1
"""Moments of years between these lie within the bounds of moments, whatever their offset."""


def decoder_of(models: Iterable[type[Event]]) -> Decoder:
    """Of the Structs of all models that have one."""
    structs = []
    for model in models:
        try:
            structs.append(struct_of(model))
        except NoStruct:
            continue
    return msgspec.json.Decoder(Union[tuple(structs)])  # noqa: UP007 - made of a list


def decode(decoder: Decoder, body: bytes) -> EventStruct | None:
    """The event in a body, or None where the models are to decide."""
    try:
        event = decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if not _SURE[0] < event.time.year < _SURE[1]:
        return None
    for name in event.moments:
        moment = getattr(event, name)
        if moment is not None and not _SURE[0] < moment.year < _SURE[1]:
            return None
    if FINE.search(body):
        return None
    event.__dict__["at"] = to_millis(event.time)
    return event


class NoStruct(TypeError):
    """A contract that Structs cannot say."""


class EventStruct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """What an event is to the core, as ``schemas.event.Event``; ``at`` is put beside its fields."""

    left_out: ClassVar[tuple[str, ...]] = ()
    type: ClassVar[str] = ""
    moments: ClassVar[tuple[str, ...]] = ()
    """Its other fields that are moments; msgspec has no bounds for these."""
    time: datetime


Decoder = msgspec.json.Decoder[EventStruct]


class PartStruct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A part of an event, such as a line of an order."""


def struct_of(model: type[Event]) -> type[EventStruct]:
    """The Struct of an event's contract.

    Raises:
        NoStruct: a check of the model cannot be said in a Struct.
    """
    kind = model.model_fields["type"].default
    named = {name: info for name, info in model.model_fields.items() if name not in ("type", "time")}
    made = msgspec.defstruct(
        model.__name__,
        [("time", _struct_type(get_type_hints(model, include_extras=True)["time"])), *_fields_of(model, named)],
        bases=(EventStruct,),
        namespace={"type": kind, "moments": _moments_of(model)},
        tag_field="type",
        tag=kind,
        kw_only=True,
        frozen=True,
        dict=True,
        forbid_unknown_fields=True,
    )
    assert issubclass(made, EventStruct)
    return made


def _part_of(model: type[BaseModel]) -> type[PartStruct]:
    made = msgspec.defstruct(
        model.__name__,
        _fields_of(model, model.model_fields),
        bases=(PartStruct,),
        kw_only=True,
        frozen=True,
        gc=False,
        forbid_unknown_fields=True,
    )
    assert issubclass(made, PartStruct)
    return made


def _moments_of(model: type[BaseModel]) -> tuple[str, ...]:
    hints = get_type_hints(model, include_extras=True)
    return tuple(name for name, hint in hints.items() if name != "time" and fields.Moment in (hint, *get_args(hint)))


def _fields_of(model: type[BaseModel], named: dict[str, FieldInfo]) -> list[Any]:
    checks = model.__pydantic_decorators__
    if checks.model_validators or checks.field_validators or checks.root_validators or checks.validators:
        raise NoStruct(f"{model.__name__} has checks of its own")
    hints = get_type_hints(model, include_extras=True)
    found: list[Any] = []
    for name, info in named.items():
        kind = _struct_type(hints[name])
        if info.default_factory is not None:
            raise NoStruct(f"{name} of {model.__name__} has a default that is made anew each time")
        found.append((name, kind) if info.is_required() else (name, kind, info.default))
    return found


def _struct_type(hint: Any) -> Any:
    """The type of a field, with its bounds as msgspec says them."""
    origin, parts = get_origin(hint), get_args(hint)
    if hint in _PLAIN or origin is Literal:
        return hint
    if origin is Annotated:
        return _bounded(hint)
    if origin in (Union, UnionType):
        return Union[tuple(_struct_type(part) for part in parts)]  # noqa: UP007 - made of a list
    if origin is tuple and parts[1:] == (...,):
        return tuple[_struct_type(parts[0]), ...]  # type: ignore[misc]  # made at run time
    if origin is dict:
        return dict[_struct_type(parts[0]), _struct_type(parts[1])]  # type: ignore[misc]  # made at run time
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return _part_of(hint)
    raise NoStruct(f"no Struct for {hint}")


_PLAIN: Final = (str, int, bool, NoneType)


def _bounded(hint: Any) -> Any:
    base, *checks = get_args(hint)
    if hint == fields.Moment:
        return Annotated[datetime, msgspec.Meta(tz=True)]
    bounds: dict[str, Any] = {}
    for check in checks:
        if isinstance(check, Personal):
            continue
        if getattr(check, "func", None) is checked_currency:
            return Literal[tuple(sorted(DIGITS))]
        for one in check.metadata if isinstance(check, FieldInfo) else [check]:
            bounds |= _bounds_of(one)
    return Annotated[_struct_type(base), msgspec.Meta(**bounds)] if bounds else _struct_type(base)


def _bounds_of(check: Any) -> dict[str, Any]:
    """What a check bounds.

    Raises:
        NoStruct: it is none that is known here.
    """
    for kind, say in _BOUNDS.items():
        if type(check) is kind:
            return say(check)
    raise NoStruct(f"no bound for {check!r}")


def _of_text(check: StringConstraints) -> dict[str, Any]:
    if check.strip_whitespace or check.to_lower or check.to_upper or check.strict is False:
        raise NoStruct(f"{check!r} changes what is told")
    told = {"min_length": check.min_length, "max_length": check.max_length, "pattern": _pattern(check.pattern)}
    return {name: value for name, value in told.items() if value is not None}


def _pattern(pattern: Any) -> str | None:
    """As the models mean it: ``$`` is the very end, where Python's would let a line's end follow."""
    if pattern is None:
        return None
    if not isinstance(pattern, str) or not pattern.endswith("$") or "$" in pattern[:-1]:
        raise NoStruct(f"a pattern that is not whole: {pattern!r}")
    return pattern[:-1] + r"\Z"


_BOUNDS: Final[dict[type, Callable[[Any], dict[str, Any]]]] = {
    StringConstraints: _of_text,
    annotated_types.Ge: lambda check: {"ge": check.ge},
    annotated_types.Le: lambda check: {"le": check.le},
    annotated_types.MinLen: lambda check: {"min_length": check.min_length},
    annotated_types.MaxLen: lambda check: {"max_length": check.max_length},
}
