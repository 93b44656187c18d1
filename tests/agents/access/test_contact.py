"""Name and addresses are masked unless a purpose asks for them, and opening them is written down first."""

from __future__ import annotations

import pytest

from agents.access import CUSTOMER, SYSTEM, Act, AuditEntry, ContactPurpose, NotAllowed, authorise, contact_of, staff
from schemas.errors import DependencyUnavailable
from schemas.profile import Profile
from schemas.record import VERSION, CustomerRecord

RECORD = CustomerRecord(
    VERSION, "h-1", 0, profile=Profile(name="Edda Marlow", email="edda@example.org", phone="+12025550143")
)


class Kept:
    """An audit trail in a list; away where told so."""

    def __init__(self, *, away: bool = False) -> None:
        self.entries: list[AuditEntry] = []
        self._away = away

    async def write(self, entry: AuditEntry) -> None:
        if self._away:
            raise DependencyUnavailable("Kafka does not answer")
        self.entries.append(entry)


async def test_whoever_only_looks_sees_a_mask_and_leaves_no_trace() -> None:
    audit = Kept()

    found = await contact_of(RECORD, actor=staff("mei"), purpose=ContactPurpose.LOOK, audit=audit)

    assert (found.name, found.email, found.phone) == ("E*** M***", "e***@***.org", "+12 *** 0143")
    assert audit.entries == []


async def test_opening_a_contact_is_written_down_with_its_purpose_and_without_the_contact() -> None:
    audit = Kept()

    found = await contact_of(RECORD, actor=staff("mei"), purpose=ContactPurpose.CALL, audit=audit)

    assert found.phone == "+12025550143"
    assert [(e.actor, e.act, e.subject, e.purpose) for e in audit.entries] == [
        ("staff:mei", "contact.opened", "h-1", "call")
    ]
    assert "2025550143" not in repr(audit.entries)


async def test_nothing_is_opened_that_could_not_be_written_down() -> None:
    with pytest.raises(DependencyUnavailable):
        await contact_of(RECORD, actor=staff("mei"), purpose=ContactPurpose.ANSWER, audit=Kept(away=True))


async def test_only_a_sender_sends() -> None:
    assert (await contact_of(RECORD, actor=SYSTEM, purpose=ContactPurpose.SEND, audit=Kept())).email
    with pytest.raises(NotAllowed):
        await contact_of(RECORD, actor=staff("mei"), purpose=ContactPurpose.SEND, audit=Kept())


async def test_of_an_erased_customer_nothing_is_given() -> None:
    erased = CustomerRecord(VERSION, "h-1", 0, profile=RECORD.profile, erased=1)

    found = await contact_of(erased, actor=staff("mei"), purpose=ContactPurpose.CALL, audit=Kept())

    assert (found.name, found.email, found.phone) == ("", "", "")


@pytest.mark.parametrize("act", list(Act))
def test_a_customer_may_do_nothing_that_the_stores_people_do(act: Act) -> None:
    with pytest.raises(NotAllowed, match="customer may not"):
        authorise(CUSTOMER, act, "h-1")
