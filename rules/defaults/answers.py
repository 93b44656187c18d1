"""Texts to begin an answer from: people of the store choose one, change it and send it."""

from __future__ import annotations

from typing import Annotated, Final

from annotated_types import Len
from pydantic import AfterValidator, StringConstraints

from rules.defaults.brand import Name, Tongue
from rules.defaults.section import Section
from rules.templates.liquid import read_liquid
from schemas.fields import ComplaintCategory, Label

UNWRITTEN: Final = "[...]"
"""What stands where somebody has to write something; no answer is sent with it."""
SLOTS: Final = ("complaint.id", "order.id", "brand.name", "brand.phone", "brand.hours", "staff.name")
"""What such a text may ask for. The customer's name is not among it: whoever answers may write it."""


def _checked(text: str) -> str:
    for asked in read_liquid(text).asked:
        if asked.name not in SLOTS:
            raise ValueError(f"there is no {asked.name} for an answer; there are {', '.join(SLOTS)}")
    return text


AnswerText = Annotated[str, StringConstraints(min_length=1, max_length=1_500), AfterValidator(_checked)]


class AnswerTemplate(Section):
    """A text to begin from."""

    title: Annotated[dict[Tongue, Name], Len(1, 20)]
    """What it is called on the desk, by the language of who works there."""
    text: Annotated[dict[Tongue, AnswerText], Len(1, 20)]
    """The text in Liquid, by the customer's language."""
    resolution: Label | None = None
    """The way of settling that it belongs to; shown first where that is chosen."""
    categories: tuple[ComplaintCategory, ...] = ()
    """The complaints that it is for; none given: all."""
