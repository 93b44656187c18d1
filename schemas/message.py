"""What an action says, in parts: a sender lays them out as a mail, an SMS, a notification or a page of a desk.

Nothing personal stands here. Name and address come last: ``named`` holds the lines that sound better with a name, with
the slot ``{{ customer.name }}`` open, and the addresses of signed links are open as well, ``{{ link.coupon }}``. Who
sends asks the resolver for both, at the moment of sending.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.event import Contract
from schemas.fields import Label
from schemas.personal import LIFE, SAID

NAME_SLOT = "{{ customer.name }}"
"""Where the name goes, in the lines of ``named``."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=300), SAID]
Paragraph = Annotated[str, StringConstraints(min_length=1, max_length=2_000), SAID]
Url = Annotated[str, StringConstraints(max_length=400, pattern=r"^https?://[^\s<>\"]+$"), LIFE]
Https = Annotated[str, StringConstraints(max_length=400, pattern=r"^https://[^\s<>\"]+$"), LIFE]
Target = Literal[
    "survey", "reopen", "settled", "preferences", "unsubscribe", "coupon", "order", "cart", "account", "contact"
]
"""Where a button leads: a signed page, or a page of the shop."""


def link_slot(target: str) -> str:
    """Where the address of a signed link goes."""
    return f"{{{{ link.{target} }}}}"


class Row(Contract):
    """A row of facts."""

    label: Line
    value: Line


class ShownProduct(Contract):
    """A product that the message is about: its picture, which leads to its page."""

    title: Line
    """What the picture shows, for whoever does not see it."""
    image: Https
    url: Https | None = None


class Facts(Contract):
    """Rows of facts under a caption, ruled like a ledger; ``total`` stands below a double rule."""

    caption: Line
    rows: Annotated[tuple[Row, ...], Field(min_length=1, max_length=12)]
    total: Row | None = None


class Slip(Contract):
    """A coupon: worth, code, and on what terms."""

    worth: Line
    code_label: Line
    code: Line
    rows: Annotated[tuple[Row, ...], Field(max_length=6)] = ()
    law: Line | None = None
    """What the law of the reader's country makes the store say."""


class Choice(Contract):
    """One answer of a scale: number and word."""

    value: Annotated[int, Field(ge=0, le=10)]
    label: Line


class Scale(Contract):
    """A question that is answered by one click, ascending, none preselected."""

    choices: Annotated[tuple[Choice, ...], Field(min_length=2, max_length=11)]
    out: Line | None = None
    """For those who cannot answer: it has not arrived. It leads to the same page with ``?a=0``."""


class Button(Contract):
    """A button, or a link of the footer: ``url`` where the address is fixed, else a signed link by its name."""

    label: Line
    to: Target | Literal["privacy", "imprint"]
    url: Url | None = None


class Brand(Contract):
    """Whose message it is, in the reader's language and for their country."""

    name: Line
    colour: Annotated[str, StringConstraints(pattern=r"^#[0-9A-F]{6}$"), LIFE]
    logo: Url | None = None
    logo_dark: Url | None = None
    home: Url | None = None
    sender: Annotated[str, StringConstraints(max_length=254), LIFE] | None = None
    """The store's own address."""
    reply_to: Annotated[str, StringConstraints(max_length=254), LIFE] | None = None
    legal: Annotated[tuple[Line, ...], Field(max_length=6)] = ()
    """Postal address, imprint and contact of the store, line by line."""


class Sms(Contract):
    """The text of an SMS as it is sent, signature and opt-out included, with the slots of links still open."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=600), SAID]
    encoding: Literal["GSM-7", "UCS-2"]
    parts: Annotated[int, Field(ge=1, le=4)]
    """How many an operator charges, with links of the usual length."""


class Named(Contract):
    """Lines with the name in them, with ``NAME_SLOT`` open."""

    subject: Line | None = None
    greeting: Line | None = None


class Message(Contract):
    """The parts of a message."""

    locale: Annotated[str, StringConstraints(max_length=35), LIFE]
    """Language and region that it is written for."""
    subject: Line
    preheader: Line | None = None
    headline: Line
    greeting: Line | None = None
    body: Annotated[tuple[Paragraph, ...], Field(max_length=6)] = ()
    product: ShownProduct | None = None
    facts: Facts | None = None
    slip: Slip | None = None
    scale: Scale | None = None
    buttons: Annotated[tuple[Button, ...], Field(max_length=2)] = ()
    small: Paragraph | None = None
    sign_off: Line | None = None
    why: Paragraph | None = None
    footer: Annotated[tuple[Button, ...], Field(max_length=5)] = ()
    named: Named = Named()
    """Lines to take instead where the resolver gives a name."""
    brand: Brand
    sms: Sms | None = None
    push: Line | None = None
    survey_dimension: Label | None = None
