"""Almanacs as every worker reads them: all of them, without a group, each checked before it is believed."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from agents.retry import keep_reading, until_available
from infra.kafka.connection import KafkaConnection
from infra.kafka.consumers import tail
from schemas.almanac import Almanac, BadAlmanac, NewerAlmanac, decode_almanac, verify
from schemas.errors import ConfigurationRefused
from schemas.lane import KafkaRecord
from schemas.signing import SIGNATURE
from schemas.topics import ALMANAC

log = logging.getLogger(__name__)

RESUME = "tend-resume"
_DIGITS = 18
"""An offset has no more."""
_KEPT = 4
"""The learner closes no epoch before all lanes are done with it, so a lane needs the newest but one at most."""
NEWEST = 12
"""Almanacs read at start, however much that is not ours lies between; those announced twice count as well."""


class AlmanacFeed:
    """Reads ``tend.almanac`` and gives each lane the almanac of its epoch.

    Args:
        exact: a replay waits for the very epoch; service goes on with the newest one not later.
    """

    def __init__(self, connection: KafkaConnection, key: bytes, *, exact: bool) -> None:
        self._connection = connection
        self._key = key
        self._exact = exact
        self._known: dict[int, Almanac] = {}
        self._long_known: dict[int, Almanac] = {}
        self._changed = asyncio.Condition()
        self._newer: NewerAlmanac | None = None
        self.refused = 0
        """Almanacs whose signature did not fit."""

    @property
    def newest(self) -> Almanac | None:
        """The newest almanac read so far."""
        return self._known[max(self._known)] if self._known else None

    async def run(self) -> None:
        """Read until cancelled."""
        await keep_reading(self._follow)

    async def _follow(self) -> None:
        async for raw in tail(self._connection, [ALMANAC], newest=NEWEST, counts=self._is_ours, follow=True):
            try:
                almanac = _checked(raw, self._key)
            except NewerAlmanac as error:
                async with self._changed:
                    self._newer = error
                    self._changed.notify_all()
                continue
            if almanac is None:
                self.refused += 1
                continue
            if almanac.epoch in self._known:
                continue
            async with self._changed:
                self._known[almanac.epoch] = almanac
                while len(self._known) > _KEPT:
                    del self._known[min(self._known)]
                self._changed.notify_all()

    def _is_ours(self, raw: KafkaRecord) -> bool:
        return is_signed(raw, self._key)

    async def wait(self, epoch: int) -> Almanac | None:
        """The almanac of this epoch; in service at once: the newest one not later, else the oldest kept, or None.

        A lane that is far behind, as after an old snapshot, decides better with what is known now than with nothing.

        Raises:
            ConfigurationRefused: a newer tend makes the almanacs now.
        """
        if not self._exact:
            self._check_not_newer()
            earlier = [known for known in self._known if known <= epoch]
            nearest = max(earlier, default=min(self._known, default=epoch))
            return self._known.get(nearest)
        async with self._changed:
            await self._changed.wait_for(lambda: self._newer or any(known >= epoch for known in self._known))
            if epoch in self._known:
                return self._known[epoch]
            if not any(known > epoch for known in self._known):
                self._check_not_newer()
        return await self._dropped(epoch)

    def _check_not_newer(self) -> None:
        if self._newer is not None:
            raise ConfigurationRefused(str(self._newer)) from self._newer

    async def _dropped(self, epoch: int) -> Almanac:
        """One that is older than those kept: a store that was rolled back or lost lives through old epochs again."""
        if epoch not in self._long_known:
            self._long_known = await until_available(lambda: all_almanacs(self._connection, self._key), _nobody_asks)
        if epoch not in self._long_known:
            raise ConfigurationRefused(f"{ALMANAC} holds later almanacs, but none of epoch {epoch}. Restore the topic.")
        return self._long_known[epoch]


async def almanac_of(connection: KafkaConnection, epoch: int) -> Almanac | None:
    """The almanac of this epoch as published, for people to look at; None where it is no longer among the newest."""
    async for raw in tail(connection, [ALMANAC], newest=NEWEST):
        with contextlib.suppress(BadAlmanac):
            almanac = decode_almanac(raw.value or b"")
            if almanac.epoch == epoch:
                return almanac
    return None


def _nobody_asks(why: str | None) -> None: ...


async def all_almanacs(connection: KafkaConnection, key: bytes) -> dict[int, Almanac]:
    """Every almanac of the topic that is signed with this key, by epoch. Raises DependencyUnavailable."""
    found: dict[int, Almanac] = {}
    async for raw in tail(connection, [ALMANAC], newest=None):
        if (almanac := _checked(raw, key)) is not None:
            found.setdefault(almanac.epoch, almanac)
    return found


def _checked(raw: KafkaRecord, key: bytes) -> Almanac | None:
    try:
        return read_almanac(raw, key)[0]
    except NewerAlmanac:
        raise
    except BadAlmanac as error:
        log.error("%s, offset %d: %s; it is not used", raw.topic, raw.offset, error)
        return None


def is_signed(raw: KafkaRecord, key: bytes) -> bool:
    """Whether an almanac's record is signed with this key, whatever it says."""
    try:
        _verified(raw, key)
    except BadAlmanac:
        return False
    return True


def read_almanac(raw: KafkaRecord, key: bytes) -> tuple[Almanac, int]:
    """The almanac in a record, and where its learner must read on.

    Raises:
        BadAlmanac: it is not signed with this key, or cannot be read.
    """
    body, resume = _verified(raw, key)
    return decode_almanac(body), resume


def _verified(raw: KafkaRecord, key: bytes) -> tuple[bytes, int]:
    headers = dict(raw.headers)
    body, told = raw.value or b"", headers.get(RESUME, b"0")
    if not (told.isdigit() and len(told) <= _DIGITS):
        raise BadAlmanac("its position is no offset")
    verify(body, int(told), key, headers.get(SIGNATURE, b""))
    return body, int(told)
