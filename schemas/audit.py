"""Lines of the audit trail, ``tend.audit``: who saw or changed what."""

from __future__ import annotations

from typing import Annotated

import msgspec

from schemas.personal import LIFE, WORDS


class AuditEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the audit trail. It carries ids and names of fields, never a customer's name or address."""

    actor: Annotated[str, LIFE]
    """Who did it: ``staff:mei``, ``system:import``."""
    act: Annotated[str, LIFE]
    """What was done, such as ``contact.opened``."""
    subject: Annotated[str, LIFE] = ""
    """The customer, rule or letter concerned."""
    purpose: Annotated[str, LIFE] = ""
    """What for."""
    detail: Annotated[str, WORDS] = ""
    """What was asked for, or why, in the words of whoever did it."""
    at: Annotated[str, LIFE] = ""
    """By the clock of the program that writes it; RFC 3339."""
