"""The reference job on tend's lane: the same claims, commits, outbox and offsets as the product, with lean work inside.

Customers that the lane has written stay in hand and are not loaded again: a commit is refused unless the store is
where this lane's last commit left it, so what is in hand is what the store holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import msgspec

from benchmarks.reference.job import Event, Job, decode_event, encode_action, work
from schemas.events import AnyEvent
from schemas.lane import Commit, KafkaRecord, LaneState, Loaded, OutboxEntry
from streams.ingest import AdmissionRules, Arrival, DeadLetter, Forward
from streams.lane_protocol import Batch, NeedRecords, Save, Steps
from streams.micro_batch import MicroBatch

PORTION = 500
"""Events in one commit: the store takes no more records at once."""
IN_HAND = 10_000
"""Customers of one lane; who was looked after first makes room."""
_NOTHING_TOLD = MicroBatch()


def receive(raw: KafkaRecord, admission: AdmissionRules) -> Arrival | DeadLetter | Forward:
    """Decode one record; the load has no bad ones, and an error would park the lane."""
    event = decode_event(raw.value or b"")
    return Arrival(cast(AnyEvent, event), event.at, raw)


class LeanLane:
    """What decides in the reference job."""

    def __init__(self, partition: int, state: LaneState, outbound: str, job: Job) -> None:
        self.state = state
        self._partition = partition
        self._outbound = outbound
        self._job = job
        self._cache: dict[str, bytes] = {}

    def take(self, batch: Batch) -> Steps:
        """Micro-batch by micro-batch: load who is not in hand, work, save."""
        arrivals, state, hand = batch.arrivals, self.state, self._cache
        for start in range(0, len(arrivals), PORTION):
            chunk = arrivals[start : start + PORTION]
            events = cast("list[Event]", [arrival.event for arrival in chunk])
            customers = {event.customer for event in events}
            if strangers := [who for who in customers if who not in hand]:
                loaded = yield NeedRecords(strangers, batch.until, 0)
                assert isinstance(loaded, Loaded)
                hand.update(loaded.records)
            records: dict[str, bytes] = {}
            entries = self._work(events, records)
            if start + PORTION >= len(arrivals):
                state.offsets.update(batch.offsets)
                # Not only to the last event: a lane that stays behind is one whose crowd of timers waits for a turn.
                state.time = max(state.time, batch.until)
            else:
                _advance(state.offsets, chunk)
                state.time = max(state.time, chunk[-1].at)
            yield Save(Commit(msgspec.msgpack.encode(state), records, outbox=entries), _NOTHING_TOLD)
            self._make_room()

    def _work(self, events: Sequence[Event], records: dict[str, bytes]) -> list[OutboxEntry]:
        hand, job, to, partition = self._cache, self._job, self._outbound, self._partition
        sequence, entries = self.state.sequence, []
        for event in events:
            who = event.customer
            body, actions = work(job, hand.get(who), event)
            hand[who] = records[who] = body
            for action in actions:
                sequence += 1
                headers = (("ce_id", action.id.encode()),)
                key, body = action.customer.encode(), encode_action(action)
                entries.append(OutboxEntry(sequence, to, partition, key, body, headers))
        self.state.sequence = sequence
        return entries

    def _make_room(self) -> None:
        hand = self._cache
        while len(hand) > IN_HAND:
            del hand[next(iter(hand))]


def _advance(offsets: dict[str, int], done: Sequence[Arrival]) -> None:
    for arrival in done:
        offsets[arrival.topic] = arrival.offset + 1
