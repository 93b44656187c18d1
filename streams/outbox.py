"""From what was decided to the messages that say so, numbered in the lane's own sequence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
import orjson

from schemas.actions import AnyAction, encode_action
from schemas.almanac import Contribution, encode_contribution
from schemas.churn import LabelledExample
from schemas.ids import partition_of
from schemas.lane import KafkaRecord, OutboxEntry
from schemas.move import Move, encode_move
from schemas.outcome import Decision, Outcome, Passed, encode_decision, kept_decision
from schemas.times import to_millis, to_rfc3339
from schemas.topics import ACTION_TOPICS, DEAD_LETTERS, DECISIONS, LESSONS, MOVES
from streams.customer_session import Failure
from streams.ingest import FORWARDED, DeadLetter, Forward

Headers = tuple[tuple[str, bytes], ...]
SOURCE = b"tend"
MAX_BODY = 600_000
"""Bytes of a record that a dead letter carries; of a longer one it carries the beginning, and says so."""
MAX_HEADERS = 64_000
MAX_KEY = 64_000
"""Bytes of headers and of a key that a dead letter carries: it fits into a commit whatever the record was."""
_CHUNK_BYTES = 200_000
_CHUNK_ITEMS = 500


class Outbox(msgspec.Struct):
    """Collects the messages of one commit; ``sequence`` is the last number given out."""

    partition: int
    partitions: int
    sequence: int
    entries: list[OutboxEntry] = []

    def action(self, action: AnyAction) -> None:
        """An action for its senders, with its sequence in the lane."""
        body = encode_action(action, self.sequence + 1)
        headers = _cloud_event(action.action_id, f"care.{action.kind}", to_rfc3339(to_millis(action.decided_at)))
        self._add(ACTION_TOPICS[action.kind], action.customer.encode(), body, headers)

    def decision(self, decision: Decision) -> bytes:
        """An entry of the ledger; its body."""
        body = encode_decision(decision)
        self._add(DECISIONS, decision.customer.encode(), body, ())
        return body

    def move(self, move: Move) -> None:
        """That a customer stands elsewhere now."""
        self._add(MOVES, move.customer.encode(), encode_move(move), ())

    def contribution(
        self, epoch: int, first: int, lessons: list[LabelledExample], counts: dict[str, int], *, done: bool = False
    ) -> None:
        """What the learner should know; counts are sorted, so that the bytes repeat."""
        contribution = Contribution(
            self.partition, self.sequence + 1, epoch, first, lessons, dict(sorted(counts.items())), done
        )
        self._add(LESSONS, str(self.partition).encode(), encode_contribution(contribution), (), partition=0)

    def dead_letter(self, letter: DeadLetter) -> None:
        """The original bytes and headers, with where they lay and what is wrong."""
        raw = letter.raw
        origin = {
            "tend-reason": letter.reason,
            "tend-field": letter.field,
            "tend-message": letter.message[:2_000],
            "tend-topic": raw.topic,
            "tend-partition": str(raw.partition),
            "tend-offset": str(raw.offset),
            "tend-timestamp": str(raw.timestamp),
        }
        body = raw.value or b""
        if len(body) > MAX_BODY:
            origin["tend-truncated"] = str(len(body))
        key = raw.key or b""
        if len(key) > MAX_KEY:
            origin["tend-key-truncated"] = str(len(key))
        headers = tuple((name, value.encode(errors="replace")) for name, value in origin.items())
        self._add(DEAD_LETTERS, key[:MAX_KEY], body[:MAX_BODY], headers + _bounded(raw.headers))

    def put_aside(self, item: DeadLetter | Forward) -> None:
        """What is no event for this lane, to where it belongs."""
        if isinstance(item, DeadLetter):
            self.dead_letter(item)
        else:
            self.forward(item)

    def forward(self, forward: Forward) -> None:
        """A misplaced record, moved to its right partition once."""
        raw = forward.raw
        headers = (*raw.headers, (FORWARDED, f"{raw.partition}:{raw.offset}".encode()))
        self._add(raw.topic, raw.key or b"", raw.value or b"", headers, partition=forward.partition)

    def pass_on(self, event: Passed) -> None:
        """An event to the lane of the customer whom it is for."""
        key = event.customer.encode()
        self._add(event.topic, key, event.body, (), partition=partition_of(event.customer, self.partitions))

    def _add(self, topic: str, key: bytes, value: bytes, headers: Headers, *, partition: int | None = None) -> None:
        self.sequence += 1
        to = self.partition if partition is None else partition
        self.entries.append(OutboxEntry(self.sequence, topic, to, key, value, headers))


def chunks(items: Sequence[DeadLetter | Forward]) -> Iterator[list[DeadLetter | Forward]]:
    """The items in pieces of which each fits into one commit."""
    chunk: list[DeadLetter | Forward] = []
    size = 0
    for item in items:
        length = item.raw.size
        if chunk and (size + length > _CHUNK_BYTES or len(chunk) >= _CHUNK_ITEMS):
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += length
    if chunk:
        yield chunk


def post(outbox: Outbox, outcomes: Iterable[Outcome], epoch: int, first: int) -> dict[str, list[bytes]]:
    """Write out the outcomes of a micro-batch; returns the new decisions by customer, for the short list of each."""
    lessons: list[LabelledExample] = []
    counts: dict[str, int] = {}
    recent: dict[str, list[bytes]] = {}
    for outcome in outcomes:
        for action in outcome.actions:
            outbox.action(action)
        for decision in outcome.decisions:
            body = outbox.decision(decision)
            recent.setdefault(decision.customer, []).append(kept_decision(decision.rule, body))
        for move in outcome.moves:
            outbox.move(move)
        for event in outcome.passed:
            outbox.pass_on(event)
        lessons.extend(outcome.lessons)
        for name, count in outcome.counts.items():
            counts[name] = counts.get(name, 0) + count
    if lessons or counts:
        outbox.contribution(epoch, first, lessons, counts)
    return recent


def check_sendable(outcome: Outcome) -> None:
    """Raises where something of an outcome cannot be written as a message."""
    post(Outbox(0, 1, 0), [outcome], 0, 0)


def post_failures(outbox: Outbox, failed: Iterable[Failure]) -> None:
    """Events that the core could not handle become dead letters; a failed timer leaves a note of its own."""
    for failure in failed:
        outbox.dead_letter(_letter(failure))


def _letter(failure: Failure) -> DeadLetter:
    if failure.arrival is None:
        body = orjson.dumps({"customer": failure.customer, "timer": True})
        return DeadLetter(
            KafkaRecord("timers", 0, 0, 0, failure.customer.encode(), body), "timer_failed", "", failure.error
        )
    return DeadLetter(failure.arrival.raw, failure.reason, failure.field, failure.error)


def _bounded(headers: Headers) -> Headers:
    kept, size = [], 0
    for name, value in headers:
        size += len(name.encode()) + len(value)
        if size > MAX_HEADERS:
            break
        kept.append((name, value))
    return tuple(kept)


def _cloud_event(event_id: str, kind: str, time: str) -> Headers:
    """CloudEvents 1.0, Kafka protocol binding, binary mode."""
    return (
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_type", kind.encode()),
        ("ce_source", SOURCE),
        ("ce_time", time.encode()),
        ("content-type", b"application/json"),
    )
