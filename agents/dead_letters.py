"""Dead letters as people look at them: the newest, one of them, and where it belongs when it is sent again."""

from __future__ import annotations

import asyncio
from typing import Any

from infra.kafka.connection import KafkaConnection
from infra.kafka.console_consumer import consume
from infra.kafka.partition_log import PartitionLog
from infra.kafka.topics import Topics
from infra.settings import Settings
from schemas.errors import NotFound, TendError
from schemas.events import Invalid, decode_event
from schemas.ids import partition_of
from schemas.lane import KafkaRecord
from schemas.times import to_rfc3339
from schemas.topics import DEAD_LETTERS, EVENT_TOPICS, TOPIC_OF

REDRIVEN = "tend-redriven"
"""Header of a record that was sent again: the dead letter it came from."""


def target(raw: KafkaRecord, letter: str, partitions: int, force: bool) -> tuple[str, int]:
    """Topic and partition that a dead letter belongs on.

    Raises:
        TendError: it came from no topic of events, is not whole, or is still no event (and ``force`` was not said).
    """
    # The letter's own headers come first; those it came with may have the same names.
    headers = dict(reversed(raw.headers))
    topic = headers.get("tend-topic", b"").decode()
    if topic not in EVENT_TOPICS:
        raise TendError(f"Dead letter {letter} came from {topic or 'nowhere'}, which takes no events; nothing was sent")
    if "tend-truncated" in headers:
        raise TendError(
            f"Dead letter {letter} holds only the beginning of a record of {headers['tend-truncated'].decode()} bytes; "
            "nothing was sent. Its producer has to send it anew, and shorter."
        )
    try:
        event = decode_event(raw.value or b"")
    except Invalid as invalid:
        if not force:
            raise TendError(
                f"Dead letter {letter} is still no valid event ({invalid}); nothing was sent. Put right what wrote it "
                "and send the event anew, or use --force once this program understands it."
            ) from None
        return topic, int(headers.get("tend-partition", b"0"))
    return TOPIC_OF[event.type], partition_of(event.customer, partitions)


async def newest_letters(settings: Settings, newest: int) -> list[dict[str, Any]]:
    """The newest of each partition, without their bodies. Raises DependencyUnavailable."""

    def read() -> list[KafkaRecord]:
        return list(consume(KafkaConnection.of(settings), [DEAD_LETTERS], newest=newest))

    return [described(raw, body=False) for raw in await asyncio.to_thread(read)]


async def one_letter(settings: Settings, letter: str) -> KafkaRecord:
    """The letter of that name (PARTITION:OFFSET).

    Raises:
        NotFound: there is none.
        TendError: it is no name of a letter.
        DependencyUnavailable: no broker answers.
    """
    partition, _, offset = letter.partition(":")
    if not (partition.isdigit() and offset.isdigit()):
        raise TendError(f"{letter} names no dead letter; expected PARTITION:OFFSET such as 3:17")
    found = await asyncio.to_thread(_record, KafkaConnection.of(settings), int(partition), int(offset))
    if found is None:
        raise NotFound(f"There is no dead letter {letter}; `tend dead-letters list` shows those there are")
    return found


def _record(connection: KafkaConnection, partition: int, offset: int) -> KafkaRecord | None:
    if partition >= Topics(connection).partitions(DEAD_LETTERS):
        return None
    with PartitionLog(connection) as log:
        first, end = log.bounds(DEAD_LETTERS, partition)
        # Not every broker says that an offset lies outside the log: some never answer.
        found = next(log.read(DEAD_LETTERS, partition, offset), None) if first <= offset < end else None
    return found if found is not None and found.offset == offset else None


def described(raw: KafkaRecord, *, body: bool) -> dict[str, Any]:
    """A letter under names; with ``body`` all of it."""
    # The letter's own headers come first; those it came with may have the same names.
    headers = {name: value.decode(errors="replace") for name, value in reversed(raw.headers)}
    letter: dict[str, Any] = {
        "id": f"{raw.partition}:{raw.offset}",
        "at": to_rfc3339(raw.timestamp),
        "reason": headers.get("tend-reason", ""),
        "field": headers.get("tend-field", ""),
        "origin": ":".join(headers.get(f"tend-{part}", "?") for part in ("topic", "partition", "offset")),
        "message": headers.get("tend-message", ""),
    }
    if body:
        letter["headers"] = {name: value for name, value in headers.items() if not name.startswith("tend-")}
        letter["key"] = (raw.key or b"").decode(errors="replace")
        letter["body"] = (raw.value or b"").decode(errors="replace")
    return letter
