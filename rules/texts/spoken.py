"""What a text may hold in a rule file: one message in one language."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import Len
from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from rules.defaults import Section
from schemas.message import Target

Words = Annotated[str, StringConstraints(min_length=1, max_length=400)]
Paragraph = Annotated[str, StringConstraints(min_length=1, max_length=1_500)]


def _as_list(value: Any) -> Any:
    """One may be written without brackets."""
    return [value] if isinstance(value, str | dict) else value


class SpokenFacts(Section):
    """Rows of facts; a row whose value is not known is left out."""

    caption: Words
    """Above the rows."""
    rows: Annotated[dict[Words, Words], Len(1, 8)]
    """Label to value."""
    total: Annotated[dict[Words, Words], Len(1, 1)] | None = None
    """Label to value of the last row, under a double rule."""


class SpokenButton(Section):
    """A button."""

    label: Words
    """What comes when one presses it."""
    to: Target | Literal["product"]
    """Where it leads."""


class NamedLines(Section):
    """Lines to take instead where the name is known; ``{{ customer.name }}`` stands for it."""

    subject: Words


class Spoken(Section):
    """One message in one language, in Liquid. Written as one string, it is the whole message in a sentence."""

    when: Annotated[str, StringConstraints(min_length=1, max_length=1_000)] | None = None
    """CEL condition under which this variant is taken; the first that applies and has all its values is."""
    subject: Words
    """Subject of the mail, title on a desk: at most 45 letters, the news first."""
    preheader: Words | None = None
    """What an inbox shows after the subject; goes on where it stopped."""
    headline: Words | None = None
    """One sentence that says it all; the subject where it is not given."""
    body: Annotated[tuple[Paragraph, ...], Len(0, 6), BeforeValidator(_as_list)] = ()
    """Paragraphs."""
    facts: SpokenFacts | None = None
    """Rows of facts below them."""
    out: Words | None = None
    """Below the scale of a survey: the way out for those who cannot answer."""
    buttons: Annotated[tuple[SpokenButton, ...], Len(0, 2), BeforeValidator(_as_list)] = ()
    """One, or two of equal weight. A button whose page has no address is left out."""
    small: Paragraph | None = None
    """Below the buttons."""
    why: Paragraph | None = None
    """Why one gets this, in a sentence; consent or service is added."""
    sms: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    """The whole SMS, without signature and opt-out."""
    push: Words | None = None
    """The notification, at most 90 letters; the headline where it is not given."""
    named: NamedLines | None = None
    """Lines with the name in them."""
    plain: Literal[True] | None = Field(default=None, exclude=True)
    """Whether it was written as one string."""

    @model_validator(mode="before")
    @classmethod
    def _sentence(cls, value: Any) -> Any:
        return {"subject": value, "sms": value, "plain": True} if isinstance(value, str) else value


Variants = Annotated[tuple[Spoken, ...], Len(1, 6), BeforeValidator(_as_list)]
