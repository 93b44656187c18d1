"""The one way out: a customer's name and addresses, masked unless a purpose asks for them in the open."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from agents.access.audit import Audit
from agents.access.authority import Act, Actor, authorise
from schemas.audit import AuditEntry
from schemas.record import CustomerRecord

_SHOWN_DIGITS: Final = 4
_MASK: Final = "***"


class ContactPurpose(StrEnum):
    """What somebody wants a customer's name or address for."""

    LOOK = "look"  # masked
    ANSWER = "answer"
    CALL = "call"
    CORRECT = "correct"
    EXPORT = "export"
    SEND = "send"


_ACT: Final = {
    ContactPurpose.LOOK: Act.LOOK,
    ContactPurpose.EXPORT: Act.EXPORT,
    ContactPurpose.SEND: Act.SEND,
}


class ShownContact(msgspec.Struct, frozen=True):
    """Name and addresses; empty where none was told."""

    name: str = ""
    email: str = ""
    phone: str = ""
    masked: bool = True


async def contact_of(record: CustomerRecord, *, actor: Actor, purpose: ContactPurpose, audit: Audit) -> ShownContact:
    """The contact of a customer for this purpose.

    Opened for a person, it is written down before it is given. A sender's opening is told by its receipt.

    Raises:
        NotAllowed: the actor may not have it.
        DependencyUnavailable: it could not be written down.
    """
    authorise(actor, _ACT.get(purpose, Act.OPEN_CONTACT), record.id)
    if record.erased:
        return ShownContact(masked=False)
    profile = record.profile
    if purpose is ContactPurpose.LOOK:
        return ShownContact(mask_name(profile.name), mask_email(profile.email), mask_phone(profile.phone))
    if purpose is not ContactPurpose.SEND:
        await audit.write(AuditEntry(actor.text, "contact.opened", record.id, purpose.value))
    return ShownContact(profile.name, profile.email, profile.phone, masked=False)


def mask_name(name: str) -> str:
    """The first letter of each part: ``E*** M***``; of a Chinese name the family name: ``张**``."""
    if not name:
        return ""
    if " " not in name and len(name) <= 4 and not name.isascii():
        return name[0] + "**"
    return " ".join(part[0] + _MASK for part in name.split())


def mask_email(email: str) -> str:
    """The first letter and the end of the domain: ``e***@***.com``."""
    if not email:
        return ""
    local, _, domain = email.partition("@")
    return f"{local[:1]}{_MASK}@{_MASK}.{domain.rpartition('.')[2]}"


def mask_phone(phone: str) -> str:
    """The last four digits: ``+86 *** 5678``."""
    return f"{phone[:3]} {_MASK} {phone[-_SHOWN_DIGITS:]}" if phone else ""
