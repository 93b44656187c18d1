"""What comes in by a door is brought into one form, checked, and carries who caused it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.access import CUSTOMER, AccessKeys, admit, staff
from schemas.events import Invalid, decode_event
from schemas.ids import partition_of
from schemas.topics import CUSTOMERS

KEYS = AccessKeys.of(b"a secret of the installation")
TOLD: dict[str, Any] = {
    "type": "customer.updated",
    "id": "e-1",
    "customer": "h-1",
    "time": "2026-03-02T12:00:00Z",
    "phone": "0049 (151) 123-456",
}


def admitted(told: dict[str, Any] | bytes = TOLD) -> Any:
    return admit(told, actor=staff("mei"), source="console", keys=KEYS, partitions=8)


def test_an_event_goes_to_its_topic_and_to_its_customers_partition() -> None:
    found = admitted()

    assert (found.topic, found.partition, found.key) == (CUSTOMERS, partition_of("h-1", 8), b"h-1")


def test_an_event_carries_the_actor_and_the_door() -> None:
    body = orjson.loads(admitted().body)

    assert (body["actor"], body["source"]) == ("staff:mei", "console")


def test_what_a_message_says_of_its_actor_does_not_count() -> None:
    found = admit(TOLD | {"actor": "staff:boss"}, actor=CUSTOMER, source="form", keys=KEYS, partitions=8)

    assert found.event.actor == "customer"


def test_numbers_are_brought_into_one_form() -> None:
    assert orjson.loads(admitted().body)["phone"] == "+49151123456"


@pytest.mark.parametrize("told", ["ada@example.org", " Ada@Example.ORG ", "+49 151 123456", "11010519491231002X"])
def test_an_id_that_names_a_person_becomes_a_pseudonym(told: str) -> None:
    found = admitted(TOLD | {"customer": told})

    assert found.event.customer.startswith("c_")
    assert told.strip().casefold()[:5] not in found.body.decode().casefold()


def test_the_same_person_gets_the_same_pseudonym_however_the_address_is_written() -> None:
    assert KEYS.customer_of("ada@example.org") == KEYS.customer_of(" ADA@Example.org")
    assert KEYS.customer_of("+49 151 123456") == KEYS.customer_of("+49151123456")


def test_an_id_that_events_cannot_carry_is_made_to_fit_and_an_empty_one_is_refused() -> None:
    assert admitted(TOLD | {"customer": "Jane Doe"}).event.customer == "x-7d7586289befd926780dacdefe7b5ba1"
    with pytest.raises(Invalid, match="customer: is empty"):
        admitted(TOLD | {"customer": "  "})


@given(st.from_regex(r"[a-z]{1,3}-[0-9]{1,12}", fullmatch=True))
def test_an_opaque_id_stays(told: str) -> None:
    assert KEYS.customer_of(told) == told


@given(st.emails(), st.sampled_from(["email", "phone", "name", "order"]))
def test_a_search_key_shows_nothing_of_its_value(value: str, field: str) -> None:
    key = KEYS.index_key(field, value)

    assert key == KEYS.index_key(field, value)
    assert key != AccessKeys.of(b"another secret of another store").index_key(field, value)
    assert len(key) == 32


@pytest.mark.parametrize(
    ("told", "field"),
    [(TOLD | {"time": "private words"}, "time"), (TOLD | {"type": "no.such"}, "type"), (TOLD | {"shoe": 1}, "shoe")],
)
def test_what_is_no_event_is_refused_with_its_field_and_without_its_value(told: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        admitted(told)

    assert refused.value.field == field
    assert "private words" not in str(refused.value)


@pytest.mark.parametrize("told", [b"", b"[]", b"{", b"nonsense"])
def test_what_is_no_json_object_is_refused(told: bytes) -> None:
    with pytest.raises(Invalid, match="wrong_json"):
        admitted(told)


def test_who_a_guest_turns_out_to_be_is_mapped_like_the_guest() -> None:
    told = {"type": "customer.identified", "id": "e-1", "time": "2026-03-05T20:00:00Z"}
    event = admitted(told | {"customer": "ada@example.org", "into": " Ada@Example.org "}).event

    assert getattr(event, "into", "") == event.customer == KEYS.customer_of("ada@example.org")
    with pytest.raises(Invalid, match="into: is empty"):
        admitted(told | {"customer": "g-1", "into": " "})


def test_what_goes_to_the_topic_is_what_is_valid_of_what_was_told() -> None:
    whole = admitted(TOLD | {"name": "Ada"})
    assert decode_event(whole.body).model_dump(exclude_none=True).keys() == orjson.loads(whole.body).keys() | {
        "version", "simulated"
    }  # fmt: skip

    mended = admitted(TOLD | {"region": "", "birthday": "yesterday"})
    body = orjson.loads(mended.body)
    assert ("birthday" in body, body["region"], mended.event.left_out) == (False, None, ("birthday",))
    assert decode_event(mended.body) == mended.event
