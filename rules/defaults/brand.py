"""Whose messages they are, and the words that surround every one of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from annotated_types import Len
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from rules.defaults.section import Section
from schemas.mail_domain import in_ascii

Tongue = Annotated[str, StringConstraints(pattern=r"^([a-z]{2,3}(-[A-Za-z0-9]{2,8})*|\*)$")]
"""A language, such as ``de`` or ``zh-TW``; ``*`` for all others."""
Country = Annotated[str, StringConstraints(pattern=r"^([A-Z]{2}|\*)$")]
"""A country, such as ``DE``; ``*`` for all others."""
Line = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[^\r\n<>\"]+$")]
SmsName = Annotated[str, StringConstraints(min_length=2, max_length=14, pattern=r"^[^\r\n【】]+$")]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$"), AfterValidator(str.upper)]


def _mailed(address: str) -> str:
    """As servers take it: mails come from it, and answers go to it."""
    local, _, domain = address.rpartition("@")
    if not local.isascii():
        raise ValueError(f"{local!r} has letters that few mail servers take: write it without accents")
    try:
        return f"{local}@{in_ascii(domain)}"
    except ValueError:
        raise ValueError(f"{domain!r} is no domain") from None


Address = Annotated[
    str,
    StringConstraints(max_length=254, pattern=r"^[^@\s<>\"]{1,64}@[^@\s<>\"]{1,189}$"),
    AfterValidator(_mailed),
]
Page = Annotated[str, StringConstraints(max_length=300, pattern=r"^https?://[^\s<>\"]+$")]
_CODE: Final = re.compile(r"[A-Z]{2}")
Number = Annotated[str, StringConstraints(min_length=2, max_length=40, pattern=r"^[^\r\n<>\"]+$")]


def _by_country(told: object) -> object:
    """One number is that of all countries."""
    numbers = told if isinstance(told, Mapping) else {"*": told}
    if any(isinstance(number, int) for number in numbers.values()):
        raise ValueError("put the number in quotation marks, as YAML drops zeros at its beginning")
    if strange := [country for country in numbers if country != "*" and not _CODE.fullmatch(str(country))]:
        raise ValueError(f'{strange[0]!r} is no country: write its code, such as DE, or "*" for all others')
    if numbers and "*" not in numbers:
        raise ValueError(f'there is one for {", ".join(numbers)} only: give one for "*" as well, for everybody else')
    return numbers


PhoneByCountry = Annotated[dict[Country, Number], BeforeValidator(_by_country)]
"""A number, or several by country of the reader."""


STORES_OWN: Final = ("name", "sms_name", "postal", "phone", "hours")
"""What one store says of itself: given in a rulebook, nothing of another store's stays beside it."""


class StoreBrand(Section):
    """The store, as its messages show it. A link without its address is left out of them."""

    name: Annotated[dict[Tongue, Name], Len(1, 20)]
    """Name of the store by language."""
    sms_name: dict[Tongue, SmsName] = Field(default_factory=dict)
    """Short name for SMS by language; in China 2 to 8 characters, as registered with the carrier."""
    colour: Colour = "#1A1D21"
    """Of ribbon, buttons and links, as #RRGGBB; made darker or lighter where it could not be read."""
    logo: Page | None = None
    """PNG at twice its size, 26 px high; without it the name stands as text."""
    logo_dark: Page | None = None
    """The logo for dark ground."""
    sender: Address | None = None
    """Address that mails come from; nothing is mailed without."""
    reply_to: Address | None = None
    """Address that answers go to, read by people; without it the sender's."""
    phone: PhoneByCountry = Field(default_factory=dict)
    """Number of the customer service, as people write it; or several by country of the reader, ``*`` for all others."""
    hours: dict[Tongue, Line] = Field(default_factory=dict)
    """When somebody answers it, by language; ``de-CH`` goes before ``de`` for readers in Switzerland."""
    postal: dict[Country, Annotated[tuple[Line, ...], Len(1, 4)]] = Field(default_factory=dict)
    """Postal address and imprint by country of the reader, line by line; marketing is refused without."""
    base_url: Page | None = None
    """Where the public pages are reached: https://shop.example. Signed links are below it."""
    home_url: Page | None = None
    """The shop."""
    order_url: Page | None = None
    """Page of an order; ``{id}`` stands for its id."""
    cart_url: Page | None = None
    """The cart."""
    account_url: Page | None = None
    """The customer's account."""
    contact_url: Page | None = None
    """How to reach the customer service."""
    privacy_url: Page | None = None
    """The privacy notice."""
    imprint_url: Page | None = None
    """The imprint, where the law wants one."""
    ad_mark: dict[Country, Line] = Field(default_factory=dict)
    """What the subject of advertising begins with, by country."""
    coupon_law: dict[Country, Line] = Field(default_factory=dict)
    """What the law of a country excludes from coupons, said below each."""
    sms_stop: dict[Country, Line] = Field(default_factory=dict)
    """How to stop SMS by country: the last words of marketing; ``{link}`` stands for the link."""


class Phrases(Section):
    """What surrounds each message in one language."""

    greeting: Line
    """Without a name."""
    greeting_named: Line
    """With a name: ``{name}`` stands for it."""
    why: Line
    """Opens the line that says why one gets this."""
    service: dict[Literal["order", "complaint", "account"], Line]
    """Ends that line where the message is about something of the customer's."""
    marketing: Line
    """Ends it where the customer agreed."""
    signed_service: Line
    """Below messages of service; ``{name}`` is the store."""
    unsubscribe: Line
    preferences: Line
    privacy: Line
    imprint: Line
    code: Line
    """Above the code of a coupon."""
    worth: Line
    """What a coupon takes off; ``{off}`` stands for it."""
    until: Line
    """Before its last day."""
    last_day: Line
    """That day; ``{day}`` stands for it."""
    minimum: Line
    """Before the smallest order that it is good for."""
    from_amount: Line
    """That amount; ``{amount}`` stands for it."""
    scale: Annotated[tuple[Line, ...], Len(5, 5)]
    """The answers of a survey, from 1 to 5."""
