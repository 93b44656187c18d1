"""The lane of one partition as a machine without input or output of its own.

``Lane.take`` handles a batch of merged events as a series of steps: it yields what it needs (records, an almanac) and
what must be saved, and is sent the answers. The worker answers from Redis and Kafka, the pure run from a dictionary:
both take the very same steps.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import NamedTuple

import msgspec

from rules.context import LaneContext
from schemas.almanac import NONE_YET, VERSION, Almanac
from schemas.errors import MACHINE_TROUBLE
from schemas.lane import Commit, LaneState, Loaded
from schemas.times import Millis
from streams.customer_cache import CustomerCache
from streams.dead_letter_limit import DeadLetterLimit
from streams.epochs import end_of, epoch_of
from streams.ingest import Arrival, DeadLetter, Forward
from streams.lane_protocol import Answer, Batch, LaneConfig, NeedAlmanac, NeedRecords, Save, Step, Steps
from streams.micro_batch import (
    MAX_COMMIT_BYTES,
    USUAL_LIMITS,
    BatchLimits,
    MicroBatch,
    customers_of,
    cut,
    halved,
    run_micro_batch,
)
from streams.outbox import Outbox, check_sendable, chunks, post, post_failures
from streams.rulebook_schedule import RulebookSchedule


class _Worked(NamedTuple):
    """What one step of the core made, not yet the lane's."""

    stop: int
    """The first event that is not in it."""
    until: Millis
    """Everything before it, timers included, is in it."""
    whole: bool
    """Whether everything up to the border is in it."""
    micro_batch: MicroBatch
    outbox: Outbox
    commit: Commit
    """But for the lane's state."""


class Lane:
    """One partition's state machine."""

    bounds = USUAL_LIMITS
    """How much is done at a time; nothing but the number of round trips depends on it."""

    def __init__(self, config: LaneConfig, state: LaneState, library: RulebookSchedule) -> None:
        self.config = config
        self.state = state
        self.library = library
        """Rulebooks with their moments; more may be added between batches."""
        self._cache = CustomerCache()
        self._dead_letter_limit = DeadLetterLimit(config.partition, config.letters_limit)
        self._almanac = Almanac(VERSION, NONE_YET, config.partitions, config.beginning)

    def take(self, batch: Batch) -> Steps:
        """Handle a batch; the last ``Save`` moves the offsets past it.

        In service a crowd of timers may be left behind, and ``state.time`` before it: the next batch goes on with it.

        Raises:
            TendError: too much of what came lately is of no use; of what is not saved yet nothing is done.
        """
        state = self.state
        state.act_from = max(state.act_from, batch.act_from)
        if state.epoch < 0:
            self._begin(batch)
        fresh = [item for item in batch.aside if item.raw.offset >= state.aside.get(item.raw.topic, 0)]
        index = state.interval_done if batch.marked else 0
        if index == 0:
            state.dead_letter_share = self._dead_letter_limit.taken(state.dead_letter_share, fresh, len(batch.arrivals))
        yield from self._put_aside(fresh)
        yield from self._open_almanac()
        while True:
            index, done = yield from self._micro_batch(batch, index)
            if done:
                return

    def _begin(self, batch: Batch) -> None:
        # In service the clock says which epoch it is: one event with an ancient date must not begin thousands of them.
        first = (
            min([batch.until, *(arrival.at for arrival in batch.arrivals)]) if batch.acting is None else batch.acting
        )
        self.state.epoch = self.state.first_epoch = epoch_of(first, self.config.epoch_length)

    def _micro_batch(self, batch: Batch, start: int) -> Generator[Step, Answer, tuple[int, bool]]:
        """One load, one step of the core, one commit."""
        border = self._border(batch)
        bounds = self.bounds._replace(due=min(self.bounds.due, batch.timers))
        worked = yield from self._work(batch, start, border, bounds)
        while worked.commit.size > MAX_COMMIT_BYTES and (smaller := halved(bounds)) != bounds:
            bounds = smaller
            worked = yield from self._work(batch, start, border, bounds)
        state, failed = self.state, worked.micro_batch.failed
        state.dead_letter_share = self._dead_letter_limit.failed(
            state.dead_letter_share, failed, len(batch.arrivals) + len(batch.aside)
        )
        crossed = worked.whole and worked.until == border - 1
        state.time = max(state.time, border if crossed else worked.until)
        closes = crossed and border == end_of(state.epoch, self.config.epoch_length)
        finished = worked.whole and worked.stop == len(batch.arrivals) and worked.until >= batch.until
        yield self._save(batch, worked, closes=closes, finished=finished)
        if closes:
            yield from self._open_almanac()
        return worked.stop, finished or _gives_way(batch, worked)

    def _work(self, batch: Batch, start: int, border: Millis, bounds: BatchLimits) -> Generator[Step, Answer, _Worked]:
        """Load and handle what lies within the bounds; the lane itself stays where it is."""
        state, arrivals = self.state, batch.arrivals
        stop = cut(arrivals, start, border, bounds)
        chunk = arrivals[start:stop]
        whole = stop == len(arrivals) or arrivals[stop].at >= border
        until = min(batch.until, border - 1) if whole else chunk[-1].at
        loaded = yield NeedRecords(customers_of(chunk), until, bounds.due)
        assert isinstance(loaded, Loaded)
        lane = self._lane_context(max(chunk[0].at, state.time) if chunk else until)
        micro_batch = run_micro_batch(chunk, loaded, until, lane, batch.acting, self._cache)
        try:
            outbox, recent = self._posted(micro_batch)
        except MACHINE_TROUBLE:
            raise
        except Exception:  # noqa: BLE001 - what cannot be said in bytes is the failure of its event alone
            micro_batch = run_micro_batch(chunk, loaded, until, lane, batch.acting, self._cache, check_sendable)
            outbox, recent = self._posted(micro_batch)
        commit = Commit(b"", micro_batch.records, micro_batch.orders, micro_batch.timers, recent, outbox.entries)
        drained = len(loaded.due) < bounds.due
        return _Worked(stop, until if drained else loaded.due[-1][0], whole and drained, micro_batch, outbox, commit)

    def _posted(self, micro_batch: MicroBatch) -> tuple[Outbox, dict[str, list[bytes]]]:
        """The messages of a micro-batch, and the new decisions by customer."""
        state = self.state
        outbox = Outbox(self.config.partition, self.config.partitions, state.sequence)
        recent = post(outbox, (outcome for _, outcome in micro_batch.outcomes), state.epoch, state.first_epoch)
        post_failures(outbox, micro_batch.failed)
        return outbox, recent

    def _border(self, batch: Batch) -> Millis:
        """What this micro-batch must not cross: a change of rulebook, or the end of the epoch once all of it is in."""
        change = self.library.next_change(self.state.time)
        close_at = end_of(self.state.epoch, self.config.epoch_length)
        return min(change, close_at) if batch.until >= close_at else change

    def _lane_context(self, moment: Millis) -> LaneContext:
        version, since, rulebook = self.library.at(moment)
        self.state.rulebook, self.state.rulebook_since = version, since
        return LaneContext(
            rulebook=rulebook,
            almanac=self._almanac,
            horizons=self.config.horizons,
            tick=self.config.tick,
            act_from=self.state.act_from,
            clock=self.state.clock,
            coupon_key=self.config.coupon_key,
        )

    def _save(self, batch: Batch, worked: _Worked, *, closes: bool, finished: bool) -> Save:
        state, commit = self.state, worked.commit
        if closes:
            worked.outbox.contribution(state.epoch, state.first_epoch, [], {}, done=True)
            state.epoch += 1
        if finished:
            state.offsets.update(batch.offsets)
            state.position = dict(batch.position)
            state.interval_done = 0
        elif batch.marked:
            state.interval_done = worked.stop
        else:
            _advance(state, batch.arrivals[: worked.stop])
        state.sequence = worked.outbox.sequence
        commit.state = msgspec.msgpack.encode(state)
        return Save(commit, worked.micro_batch)

    def _put_aside(self, items: Sequence[DeadLetter | Forward]) -> Steps:
        """What is no event for this lane goes out first, in commits of its own, and once: the state says how far."""
        state = self.state
        for chunk in chunks(items):
            outbox = Outbox(self.config.partition, self.config.partitions, state.sequence)
            for item in chunk:
                outbox.put_aside(item)
                state.aside[item.raw.topic] = item.raw.offset + 1
            state.sequence = outbox.sequence
            yield Save(Commit(msgspec.msgpack.encode(state), outbox=outbox.entries), MicroBatch(), chunk)

    def _open_almanac(self) -> Generator[Step, Answer, None]:
        """Epoch e is decided with the almanac of e - 2."""
        wanted = self.state.epoch - 2
        if wanted < self.state.first_epoch or self._almanac.epoch == wanted:
            return
        answer = yield NeedAlmanac(wanted)
        assert answer is None or isinstance(answer, Almanac)
        self._almanac = answer or self._almanac
        self.state.almanac = self._almanac.epoch


def _gives_way(batch: Batch, worked: _Worked) -> bool:
    """Whether events that have come meanwhile go first: of a crowd of timers, those of others need not wait for all."""
    return batch.is_live and not worked.whole and worked.stop == len(batch.arrivals)


def _advance(state: LaneState, done: Sequence[Arrival]) -> None:
    """In service every commit moves the offsets past what it handled."""
    for arrival in done:
        state.offsets[arrival.topic] = max(state.offsets.get(arrival.topic, 0), arrival.offset + 1)
