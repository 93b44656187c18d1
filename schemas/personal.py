"""What a contract's field says of a customer, told beside its type: so whoever keeps, shows or erases can ask.

Every field of what comes in and goes out has a class; a test holds it. The published contracts show it as
``x-personal``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec
from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

Sort = Literal["contact", "life"]
"""``contact`` is what a customer can be found or addressed by, and their own words; ``life`` all else about them."""
KEYWORD: Final = "x-personal"


@dataclass(frozen=True)
class Personal:
    """The class of a field."""

    sort: Sort
    written: bool = False
    """Whether it is free text, which may say anything."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(core), KEYWORD: self.sort}


CONTACT: Final = Personal("contact")
WORDS: Final = Personal("contact", written=True)
LIFE: Final = Personal("life")
SAID: Final = Personal("life", written=True)
"""What the store says, made of facts of a customer's life: their name and address stay open in it until it is sent."""
Shape = type[BaseModel] | type[msgspec.Struct]
"""A contract, in either of the two ways in which contracts are written."""


def classes_of(model: Shape) -> dict[str, Personal | None]:
    """Each field with its class; None where a text has none. Of several parts the most personal counts.

    Numbers, yes or no, and words from a closed list are ``life`` by themselves.
    """
    hints = get_type_hints(model, include_extras=True)
    return {name: _class_of(hints[name]) for name in _names_of(model)}


def _names_of(model: Shape) -> Iterable[str]:
    return model.__struct_fields__ if issubclass(model, msgspec.Struct) else model.model_fields


def _class_of(hint: Any) -> Personal | None:
    """None where one of its texts has none."""
    found = list(_classes_in(hint))
    if None in found:
        return None
    return max((one for one in found if one), key=lambda one: (one.sort == "contact", one.written), default=None)


def _classes_in(hint: Any) -> Iterator[Personal | None]:
    if get_origin(hint) is Annotated and (told := [one for one in hint.__metadata__ if isinstance(one, Personal)]):
        yield from told
    elif get_origin(hint) is Literal or hint in (int, float, bool) or _is_a(hint, Enum):
        yield LIFE
    elif hint in (str, datetime):
        yield None
    elif _is_a(hint, BaseModel) or _is_a(hint, msgspec.Struct):
        yield from classes_of(hint).values()
    else:
        for part in get_args(hint):
            yield from _classes_in(part)


def _is_a(hint: Any, kind: type) -> bool:
    return isinstance(hint, type) and issubclass(hint, kind)
