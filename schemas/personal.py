"""What a contract's field says of a customer, told beside its type: so whoever keeps, shows or erases can ask.

Every field of an event has a class; a test holds it. The published contracts show it as ``x-personal``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

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


def classes_of(model: type[BaseModel]) -> dict[str, Personal | None]:
    """Each field with its class; None where a text has none. Of several parts the most personal counts.

    Numbers, yes or no, and words from a closed list are ``life`` by themselves.
    """
    hints = get_type_hints(model, include_extras=True)
    return {name: _class_of(hints[name]) for name in model.model_fields}


def _class_of(hint: Any) -> Personal | None:
    """None where one of its texts has none."""
    found = list(_classes_in(hint))
    if None in found:
        return None
    return max((one for one in found if one), key=lambda one: (one.sort == "contact", one.written), default=None)


def _classes_in(hint: Any) -> Iterator[Personal | None]:
    if get_origin(hint) is Annotated and (told := [one for one in hint.__metadata__ if isinstance(one, Personal)]):
        yield from told
    elif get_origin(hint) is Literal or hint in (int, float, bool):
        yield LIFE
    elif hint in (str, datetime):
        yield None
    elif isinstance(hint, type) and issubclass(hint, BaseModel):
        yield from classes_of(hint).values()
    else:
        for part in get_args(hint):
            yield from _classes_in(part)
