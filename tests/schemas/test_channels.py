"""Every channel of the contracts is declared, and none is guessed."""

from __future__ import annotations

from typing import get_args

import pytest

from schemas.channels import CHANNELS, TO_CUSTOMERS, channel_spec
from schemas.fields import Channel, ConsentChannel
from schemas.profile import Profile
from schemas.record import VERSION, Consent, CustomerRecord

STRANGER = CustomerRecord(VERSION, "c-1", 0)
KNOWN = CustomerRecord(
    VERSION,
    "c-2",
    0,
    profile=Profile(email="anna@example.com", phone="+441234567"),
    consents=[Consent(channel, "service", True, 0) for channel in TO_CUSTOMERS],
)


def test_every_channel_of_the_contracts_is_declared() -> None:
    assert set(CHANNELS) == set(get_args(Channel))
    assert set(TO_CUSTOMERS) == set(get_args(ConsentChannel)), "who is reached can say no"


def test_an_unknown_channel_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"there is no channel 'fax'; expected one of email, .*schemas.channels"):
        channel_spec("fax")


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_a_channel_reaches_those_who_have_its_address(name: str) -> None:
    assert CHANNELS[name].reaches(KNOWN)
    assert CHANNELS[name].reaches(STRANGER) == CHANNELS[name].is_for_staff
