"""The channels by which actions reach people: one declaration each. What is not declared is refused, never guessed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from schemas.record import CustomerRecord


class ChannelSpec(NamedTuple):
    """One channel."""

    name: str
    address: str
    """Last part of the reference ``customer/<id>/…`` to the address; empty for the store's own desks."""
    reaches: Callable[[CustomerRecord], bool]
    """Whether the record has such an address."""
    has_room: bool = False
    """Whether a message shows a picture of its product and the slip of its coupon, beside the words."""

    @property
    def is_for_staff(self) -> bool:
        """Whether the store's own people read it: no address and no consent are needed."""
        return not self.address

    @property
    def in_profile(self) -> bool:
        """Whether the address is what customers tell of themselves: a field of the profile."""
        return self.address in ("email", "phone")


def _granted(channel: str) -> Callable[[CustomerRecord], bool]:
    # The address, such as a device, is known to the service alone: that the customer granted it says that there is one.
    return lambda record: any(one.channel == channel and one.granted for one in record.consents)


_DECLARED: Final = (
    ChannelSpec("email", "email", lambda record: bool(record.profile.email), has_room=True),
    ChannelSpec("sms", "phone", lambda record: bool(record.profile.phone)),
    ChannelSpec("push", "push", _granted("push"), has_room=True),
    ChannelSpec("call", "phone", lambda record: bool(record.profile.phone)),
    ChannelSpec("desk", "", lambda record: True),
)
CHANNELS: Final[Mapping[str, ChannelSpec]] = MappingProxyType({spec.name: spec for spec in _DECLARED})
"""All channels, by name; ``schemas.fields.Channel`` is what contracts admit."""
TO_CUSTOMERS: Final = tuple(spec.name for spec in _DECLARED if not spec.is_for_staff)
"""Those that reach customers, who can allow and refuse them."""


def channels_at(address: str) -> tuple[str, ...]:
    """The channels that use this address: a number that is dead is so for calls and for SMS."""
    return tuple(spec.name for spec in _DECLARED if spec.address == address)


def channel_spec(name: str) -> ChannelSpec:
    """The declaration of a channel.

    Raises:
        ValueError: there is no such channel.
    """
    if name not in CHANNELS:
        raise ValueError(f"there is no channel {name!r}; expected one of {', '.join(CHANNELS)} (schemas/channels.py)")
    return CHANNELS[name]
