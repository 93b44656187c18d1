"""What a provider is to a sender: something that takes a message, or says why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from schemas.actions import AnyAction


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An action at the moment of sending, with everything that was left open."""

    action: AnyAction
    name: str
    """As the customer wants to be addressed; empty where it is not known."""
    address: str
    """Of the channel; empty for desks and webhooks."""
    links: Mapping[str, str]


class Temporary(Exception):
    """The provider does not take it now, and certainly has nothing: it may be given again.

    ``of_recipient`` says that others may well be taken: this one is put off alone, not tried at once.
    """

    def __init__(self, reason: str, retry_after: float | None = None, *, of_recipient: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.retry_after, self.of_recipient = reason, retry_after, of_recipient


class Permanent(Exception):
    """The provider never takes it. ``dead`` says that the address itself is of no use."""

    def __init__(self, reason: str, *, dead: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.dead = reason, dead


class OptedOut(Permanent):
    """The customer has told the provider that they want nothing more, as by answering an SMS with STOP."""


class Doubtful(Exception):
    """Nobody knows whether the provider has it."""


class Provider(Protocol):
    """Takes messages of one channel."""

    @property
    def repeats(self) -> bool:
        """Whether it answers a message that it was given before, under the same action id, without sending it again."""
        ...

    async def send(self, message: Outgoing) -> str:
        """Give it a message; returns what the provider calls it.

        Raises:
            Temporary, Permanent, Doubtful: it was not taken, or nobody knows.
        """
        ...
