"""Who acts, and what they may do.

There is one role today: whoever has signed in may do everything that people may do. Every endpoint, page, stream and
command about people asks here all the same, so that roles come as a table and not as a search through the code.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from schemas.errors import TendError


class Actor(NamedTuple):
    """Who does something: a customer, a person of the store, or a program."""

    kind: str
    """``customer``, ``staff`` or ``system``."""
    name: str = ""
    """Of a person of the store: their short name; of a program: which one."""

    @property
    def text(self) -> str:
        """As it stands in an event: ``customer``, ``staff:mei``, ``system:import``."""
        return f"{self.kind}:{self.name}" if self.name else self.kind


CUSTOMER: Final = Actor("customer")
SYSTEM: Final = Actor("system")


def staff(name: str) -> Actor:
    """A person of the store."""
    return Actor("staff", name)


class Act(StrEnum):
    """What can be done, as far as people are concerned."""

    WATCH = "watch"  # figures about all: Now, Care, health
    LOOK = "look"  # one customer: the page, the timeline, why
    OPEN_CONTACT = "open_contact"
    SEARCH = "search"
    CHANGE = "change"  # profile and consent
    WORK = "work"  # complaints and calls
    REDEEM = "redeem"
    EXPORT = "export"
    ERASE = "erase"
    READ_RULES = "read_rules"
    READ_LETTERS = "read_letters"
    REDRIVE = "redrive"
    STEER = "steer"  # a replay's pace
    SEND = "send"  # by a sender: contact at the moment of sending


class NotAllowed(TendError):
    """Somebody who may not do this has tried to."""


PEOPLE: Final = frozenset(Act) - {Act.SEND}
"""What people of the store may do."""
_RIGHTS: Final = {"staff": PEOPLE, "system": frozenset(Act), "customer": frozenset[Act]()}


def authorise(actor: Actor, act: Act, subject: str = "") -> None:
    """Let the actor do this, to this customer or thing where there is one.

    Raises:
        NotAllowed: the actor may not.
    """
    if act not in _RIGHTS.get(actor.kind, frozenset()):
        raise NotAllowed(f"{actor.text} may not {act.value.replace('_', ' ')}{' ' + subject if subject else ''}")
