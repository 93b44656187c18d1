"""The learner: one active in the whole installation, merging what the lanes contribute into one almanac per epoch."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from functools import partial

import msgspec

from agents.almanacs import NEWEST, RESUME, is_signed, read_almanac
from agents.retry import until_available
from infra.kafka.connection import KafkaConnection
from infra.kafka.consumers import ExclusiveConsumer, tail
from infra.kafka.producers import BroadcastProducer
from infra.kafka.transactions import require_transactions
from infra.settings import Settings
from schemas.almanac import (
    Almanac,
    BadAlmanac,
    Contribution,
    NewerAlmanac,
    decode_contribution,
    encode_almanac,
    sign,
)
from schemas.churn import ChurnState
from schemas.errors import ConfigurationRefused, DependencyUnavailable, Fenced
from schemas.lane import KafkaRecord
from schemas.signing import SIGNATURE, UNSIGNED, Signing
from schemas.times import Millis
from schemas.topics import ALMANAC, LESSONS
from streams.epochs import end_of
from streams.learner import Collector

log = logging.getLogger(__name__)

GRACE: Millis = 60_000
"""In service an epoch is closed this long after its end, with the lanes that are done by then."""
_FAR_EPOCH = 1_000_000
"""A million days, or hours."""


class Learner:
    """Reads ``tend.lessons`` while it is the active one, and announces almanacs.

    Args:
        clock: in service the wall clock, for the deadline; None in a replay, which waits for every lane.
    """

    def __init__(
        self, settings: Settings, beginning: ChurnState, key: bytes, clock: Callable[[], Millis] | None
    ) -> None:
        self._settings = settings
        self._connection = KafkaConnection.of(settings)
        self._beginning = beginning
        self._key = key
        self._signing = Signing(key)
        self._clock = clock
        self._collector = Collector(settings.partitions, beginning)
        self._announcer: BroadcastProducer | None = None
        self._reader: ExclusiveConsumer | None = None
        self._stopping = asyncio.Event()
        self._caught_up = False
        self.newest: Almanac | None = None
        self.refused: Counter[str] = Counter()
        """Records that were left out, by topic: not signed with our key, or unreadable."""
        self.why: str | None = None
        """What it waits for, if anything is away."""

    @property
    def active(self) -> bool:
        """Whether this learner is the one that learns."""
        return self._reader is not None and self._reader.active

    def not_ready(self) -> list[str]:
        """What it waits for, if anything is away."""
        return [self.why] if self.why else []

    def stop(self) -> None:
        """End after the read at hand."""
        self._stopping.set()

    async def run(self) -> None:
        """Learn while active; wait for a turn otherwise."""
        await asyncio.to_thread(require_transactions, self._connection, ALMANAC)
        name = f"{self._settings.group}-learn"
        self._announcer = BroadcastProducer(self._connection, name)
        new_reader = partial(self._new_reader, name)
        self._reader = new_reader()
        try:
            while not self._stopping.is_set():
                try:
                    await self._turn(self._reader)
                except Fenced:
                    log.warning("A newer learner has taken over; waiting for a turn")
                    await self._reader.close()
                    self._reader = new_reader()
                except DependencyUnavailable as away:
                    # Nobody knows whether the almanac is out, or whose turn it is by now: ask for both again.
                    log.warning("%s; beginning anew from the last almanac that is out", away)
                    self.why = str(away)
                    await self._reader.close()
                    self._reader = new_reader()
        finally:
            await self._reader.close()
            await self._announcer.close()

    def _new_reader(self, group: str) -> ExclusiveConsumer:
        return ExclusiveConsumer(
            self._connection,
            LESSONS,
            group,
            self._begin,
            session_ms=int(self._settings.session_seconds * 1_000),
            instance=self._settings.group_instance_id,
        )

    async def _turn(self, reader: ExclusiveConsumer) -> None:
        read = await until_available(lambda: reader.read(max_wait_ms=100), self._waits)
        if read is None:
            return
        for raw in read.records:
            contribution = self._contribution(raw)
            if contribution is not None:
                self._collector.add(contribution, raw.offset)
        if read.at_end or read.records:
            self._caught_up = read.at_end
        await self._close(read.next_offset)

    def _contribution(self, raw: KafkaRecord) -> Contribution | None:
        """What a lane says; None for what no lane of this installation can have said, which is counted and left out."""
        try:
            if not self._signing.is_ours(raw):
                raise ValueError(UNSIGNED)
            found = decode_contribution(raw.value or b"")
            if not 0 <= found.partition < self._settings.partitions:
                raise ValueError(f"partition {found.partition} of {self._settings.partitions}")
            if not 0 <= found.first <= found.epoch <= self._last_epoch():
                raise ValueError(f"epoch {found.epoch}, first {found.first}, at a time of epoch {self._last_epoch()}")
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            self.refused[LESSONS] += 1
            log.error("%s, offset %d: no contribution (%s); it is not used", LESSONS, raw.offset, error)
            return None
        return found

    def _last_epoch(self) -> int:
        """No epoch of later can be spoken of yet; in a replay one of the next years at most."""
        if self._clock is None:
            return _FAR_EPOCH
        return self._clock() // self._settings.epoch + 1

    async def _close(self, next_offset: int) -> None:
        while (almanac := self._collector.close(deadline=self._deadline_passed())) is not None:
            await self._announce(almanac, self._collector.resume(next_offset))

    def _deadline_passed(self) -> bool:
        epoch = self._collector.epoch
        # Behind a backlog the deadline says nothing: after an outage, what lanes were in time with lies unread.
        if self._clock is None or epoch is None or not self._caught_up:
            return False
        return self._clock() > end_of(epoch, self._settings.epoch) + GRACE

    async def _announce(self, almanac: Almanac, resume: int) -> None:
        body = encode_almanac(almanac)
        headers = ((RESUME, b"%d" % resume), (SIGNATURE, sign(body, resume, self._key)))
        assert self._announcer is not None
        await self._announcer.announce(ALMANAC, b"%d" % almanac.epoch, body, headers)
        before, self.newest = self.newest, almanac
        if before is not None and before.churn.features_version != almanac.churn.features_version:
            log.info(
                "Churn weighs version %d of the features from epoch %d on: beside version %d it has lost less",
                almanac.churn.features_version, almanac.epoch + 2, before.churn.features_version,
            )  # fmt: skip

    async def _begin(self) -> int:
        """Become active: fence the one before, then take up its last almanac."""
        assert self._announcer is not None
        await until_available(self._announcer.open, self._waits)
        last, resume = await self._last()
        self.newest = last
        self._collector = Collector(self._settings.partitions, self._beginning, last)
        self._caught_up = False
        log.info("Learning from offset %d, after epoch %s", resume, last.epoch if last else "none")
        return resume

    async def _last(self) -> tuple[Almanac | None, int]:
        found: tuple[Almanac | None, int] = None, 0
        async for raw in tail(self._connection, [ALMANAC], newest=NEWEST, counts=partial(is_signed, key=self._key)):
            try:
                almanac, resume = read_almanac(raw, self._key)
            except NewerAlmanac as error:
                raise ConfigurationRefused(f"{ALMANAC}, offset {raw.offset}: {error}") from None
            except BadAlmanac as error:
                self.refused[ALMANAC] += 1
                log.error("%s, offset %d: %s; it is not used", ALMANAC, raw.offset, error)
                continue
            if found[0] is None or almanac.epoch > found[0].epoch:
                found = almanac, resume
        return found

    def _waits(self, why: str | None) -> None:
        self.why = why
