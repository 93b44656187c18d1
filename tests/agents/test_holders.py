"""An erasure reaches all that is kept beside the records, and nobody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents.connectors.known_orders import Known, KnownOrders
from agents.gateway.forgetting import erased_by
from agents.holders import SYSTEMS, Holder, forget, holders, still_held
from agents.links import Links
from agents.links.links import deeds_of
from agents.senders.ledger import Ledger, SendingStep
from agents.senders.numbers import Numbers
from agents.senders.waiting import Waiting
from infra.store import Tables
from schemas.actions import encode_action
from schemas.channels import CHANNELS
from tests.agents.senders.sending import NOON, action, redis_at

ONE, OTHER = "somebody-1", "somebody-2"


@pytest.fixture
async def client(store_server: str) -> AsyncIterator[Any]:
    opened = redis_at(store_server)
    yield opened
    await opened.aclose()


@pytest.fixture
def kept(client: Any) -> Mapping[str, Holder]:
    return holders(cast(Tables, SimpleNamespace(client=client, address="store")))


async def fill(client: Any, customer: str) -> dict[str, str]:
    """Something in every place; the addresses of the customer's links."""
    given = action(customer=customer, action_id=customer.rjust(32, "0"))
    for channel in CHANNELS:
        await Ledger(client, "store", channel).write(given.action_id, SendingStep.TOLD, customer)
        await Waiting(client, "store", channel).put(encode_action(given), NOON)
    await Numbers(client, "store").note("a-hash-of-a-number", customer, given.action_id, 0)
    await Numbers(client, "store").take("a-hash-of-a-number", customer, ["marketing"])
    for system in SYSTEMS:
        await KnownOrders(client, "store", system).remember(f"o-{customer}", Known(customer, "#1"))
    return await Links(client, "store", b"key", "https://shop.test").open(given, deeds_of(given), NOON)


async def test_an_erasure_reaches_every_place_and_says_so(client: Any, kept: Mapping[str, Holder]) -> None:
    opened = {customer: await fill(client, customer) for customer in (ONE, OTHER)}
    assert await still_held(kept, ONE) == await still_held(kept, OTHER) == list(kept)

    for _ in range(2):
        await forget(kept, ONE)

    assert await still_held(kept, ONE) == []
    assert await still_held(kept, OTHER) == list(kept)
    links = Links(client, "store", b"key", "https://shop.test")
    for customer, found in ((ONE, False), (OTHER, True)):
        for url in opened[customer].values():
            assert bool(await links.find(url.rpartition("/")[2])) is found
    keys = [key.decode() for key in await client.keys("*")]
    assert [key for key in keys if ONE in key] == []
    values = [await client.get(key) for key in keys if await client.type(key) == b"string"]
    assert not any(ONE.encode() in (value or b"") for value in values)
    hashes = [await client.hkeys(key) for key in keys if await client.type(key) == b"hash"]
    assert not any(ONE.encode() in names for names in hashes)


def test_only_an_erasure_erases() -> None:
    told = b'{"id":"e-1","type":"erasure.requested","customer":"c-1","time":"2026-11-29T10:00:00Z"}'

    assert erased_by(told) == "c-1"
    assert erased_by(told.replace(b"erasure.requested", b"customer.registered")) is None
    assert erased_by(b"no event") is None
    assert erased_by(None) is None
