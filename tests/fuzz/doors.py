"""Every door of tend: what is let in as bytes of others, with the errors that its callers expect of it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
import orjson

from agents.access import SYSTEM, AccessKeys, admit
from agents.almanacs import RESUME, read_almanac
from infra.kafka.publishing.published_position import _newest
from infra.settings import load_settings
from infra.snapshot import read_head
from infra.snapshot.manifest import read_manifest
from rules.loading import parse_rulebook, shipped
from rules.problems import BadRulebook
from schemas.almanac import BadAlmanac, Contribution, decode_almanac, decode_contribution, encode_contribution, sign
from schemas.codec import decode_orders, decode_record, decode_state
from schemas.errors import TendError
from schemas.events import Invalid
from schemas.examples import example
from schemas.lane import KafkaRecord, LaneState
from schemas.record import VERSION, CustomerRecord
from schemas.signing import SIGNATURE
from schemas.topics import ALMANAC, POSITIONS, TOPIC_OF
from schemas.watermarks import Watermark, decode_watermark, encode_watermark
from streams.churn import initial_state
from streams.learner import Collector
from tests.builders import SIGNING, START
from tests.fuzz.door import Door
from tests.fuzz.lane import FuzzedLane
from tests.fuzz.outer_doors import OUTER_DOORS

EVENTS = [orjson.dumps({**example("events", kind), "customer": "c-1"}) for kind in TOPIC_OF]
_KINDS = [(kind.encode(), topic) for kind, topic in TOPIC_OF.items()]


def _event(body: bytes) -> None:
    topic = next((topic for kind, topic in _KINDS if kind in body), "storefront.browse")
    _lane().take(KafkaRecord(topic, 0, 0, START, b"c-1", body))


def _wrapping(data: bytes) -> None:
    """Key, names and values of headers, and body, cut out of the bytes."""
    parts = data.split(b"\n", 5)
    key, name, value, topic, stamp, body = (*parts, *[b""] * 6)[:6]
    headers = ((name.decode("utf-8", "replace"), value), ("tend-offset", value), ("ce_id", key))
    topics = sorted(set(TOPIC_OF.values()))
    at = int.from_bytes(stamp[:8].ljust(8, b"\0"), "big", signed=True)
    _lane().take(KafkaRecord(topics[len(topic) % len(topics)], 0, 0, at, key or None, body or None, headers))


@cache
def _lane() -> FuzzedLane:
    return FuzzedLane()


def _lesson(body: bytes) -> None:
    found = decode_contribution(body)
    if found.partition == 0 and 0 <= found.first <= found.epoch < 100:
        collector = Collector(1, initial_state((28,)))
        collector.add(found, 0)
        collector.add(Contribution(0, 2**62, found.first, found.first, done=True), 1)


def _almanac(body: bytes) -> object:
    headers = ((RESUME, b"0"), (SIGNATURE, sign(body, 0, SIGNING.key)))
    return read_almanac(KafkaRecord(ALMANAC, 0, 0, 0, b"", body, headers), SIGNING.key)


def _position(body: bytes) -> None:
    forged = KafkaRecord(POSITIONS, 0, 0, 0, b"0", body, ((SIGNATURE, body[:32]),))
    assert _newest([forged], 0, SIGNING) == (None, 1)


def _snapshot(body: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lane-0000.tend"
        path.write_bytes(body)
        read_head(path)


def _manifest(body: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "snapshot.json").write_bytes(body)
        read_manifest(Path(folder))


def _settings(data: bytes) -> None:
    name, _, value = data.partition(b"=")
    load_settings({name.decode("utf-8", "replace"): value.decode("utf-8", "replace")})


_KEYS = AccessKeys.of(b"a secret of sixteen bytes")


def _admission(body: bytes) -> None:
    admit(body, actor=SYSTEM, source="fuzz", keys=_KEYS, partitions=4)


DOORS: Mapping[str, Door] = {
    "event": Door(_event, EVENTS),
    "admission": Door(_admission, EVENTS, (Invalid,)),
    "wrapping": Door(_wrapping, [b"c-1\ntend-seq\n0:1\n\n\0\0\0\0\n" + EVENTS[0], b"\n\n\n\n\n"]),
    "lesson": Door(
        _lesson, [encode_contribution(Contribution(0, 1, 5, 5))], (msgspec.MsgspecError, ValueError, RecursionError)
    ),
    "almanac": Door(_almanac, [b"\x81\xa7version\x02"], (BadAlmanac,)),
    "almanac body": Door(decode_almanac, [b"\x81\xa7version\x01", b"\x82\xa7version\x02\xa5epoch\x01"], (BadAlmanac,)),
    "position": Door(_position, [b'{"sequence":7}']),
    "watermark": Door(decode_watermark, [encode_watermark(Watermark(0, START, {}))], (msgspec.DecodeError,)),
    "bundle": Door(parse_rulebook, [shipped().bundle(0)], (BadRulebook,)),
    "record": Door(decode_record, [msgspec.msgpack.encode(CustomerRecord(VERSION, "c-1", START))], (TendError,)),
    "orders": Door(decode_orders, [b"\x90", b"\x92\x01\x80"], (TendError,)),
    "state": Door(decode_state, [msgspec.msgpack.encode(LaneState({"t": 1}))], (TendError,)),
    "snapshot": Door(_snapshot, [b"tend snapshot lane 1\n" + bytes(40)], (TendError,)),
    "manifest": Door(_manifest, [b'{"format":1,"lanes":[]}'], (TendError,)),
    "settings": Door(
        _settings, [b"partitions=8", b"brokers=a:1", b"clock=wall", b"churn_horizons=28,56"], (TendError,)
    ),
    **OUTER_DOORS,
}
