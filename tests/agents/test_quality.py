"""Figures of what comes in, source by source."""

from __future__ import annotations

import orjson

from agents.quality import NOT_TOLD, quality_of
from schemas.events import encode_event
from schemas.ids import partition_of
from schemas.lane import KafkaRecord
from schemas.times import DAY, Millis
from schemas.topics import BROWSE, CUSTOMERS
from streams.ingest import receive
from tests.builders import START, event

PARTITIONS = 4


def record(topic: str, body: bytes, who: str = "c-1", at: Millis = START, partition: int | None = None) -> KafkaRecord:
    place = partition_of(who, PARTITIONS) if partition is None else partition
    return KafkaRecord(topic, place, 0, at, who.encode(), body)


def viewed(name: str, at: Millis = START, **fields: str | None) -> bytes:
    body = orjson.loads(encode_event(event("product.viewed", at, sku="s-1")))
    return orjson.dumps({**body, "id": name, "source": "shop", **fields})


def test_each_source_is_told_what_is_wrong_with_what_it_sends() -> None:
    told = orjson.loads(viewed("e-5")) | {"type": "customer.updated", "email": "no address"}
    registered = {name: value for name, value in told.items() if name != "sku"}

    found = quality_of(
        [
            record(BROWSE, viewed("e-1")),
            record(BROWSE, viewed("e-1")),
            record(BROWSE, viewed("e-2", START - 3 * DAY)),
            record(BROWSE, viewed("e-3", sku="")),
            record(BROWSE, viewed("e-4"), partition=(partition_of("c-1", PARTITIONS) + 1) % PARTITIONS),
            record(CUSTOMERS, orjson.dumps(registered)),
            record(BROWSE, b"{"),
            record(BROWSE, viewed("e-6", source="crm")),
        ],
        PARTITIONS,
        receive,
    )

    shop = found["shop"]
    assert list(found) == [NOT_TOLD, "crm", "shop"]
    assert (shop.records, shop.duplicates, shop.late, shop.misplaced, shop.partly) == (6, 1, 1, 1, 1)
    assert dict(shop.left_out) == {"email": 1}
    assert [name.split()[-1] for name in shop.refused] == ["sku"]
    assert dict(found[NOT_TOLD].refused) == {"wrong_json": 1}
    assert found["crm"].refused.total() == 0
    assert shop.share(shop.late) == 1 / 6


def test_nothing_is_said_of_nothing() -> None:
    assert quality_of([], PARTITIONS, receive) == {}
