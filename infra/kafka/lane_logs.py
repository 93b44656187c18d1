"""Who reads for the lanes: the logs of each partition that is owned."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from functools import partial

from infra.kafka.connection import KafkaConnection
from infra.kafka.lane_log import LaneLog
from infra.kafka.log_client import LogClient
from infra.settings import Settings
from schemas.lane import Fetched

_HIGH = 8
"""So many fetches of one topic lie ready at most."""


class LaneLogs:
    """The source of the lanes' records. Everything here runs on one event loop.

    Args:
        settings: addresses, group, fetch sizes.
        contiguous: whether the broker's offsets are without gaps (see ``Gaps``).
    """

    def __init__(self, settings: Settings, *, contiguous: bool) -> None:
        self._new_client = partial(
            LogClient,
            KafkaConnection.of(settings),
            group=settings.group,
            fetch_bytes=settings.fetch_bytes,
            fetch_wait_ms=settings.fetch_wait_ms,
            gather_ms=settings.gather_ms,
        )
        self._high = settings.fetch_bytes * _HIGH
        self._contiguous = contiguous
        self._logs: dict[int, LaneLog] = {}
        self._came: dict[int, asyncio.Event] = {}
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def silence(self) -> float:
        """Seconds since a broker last answered who reads from it; the longest of them."""
        return max((log.silence for log in self._logs.values()), default=0.0)

    async def read(self, partition: int, wants: Mapping[str, int], max_wait_ms: int) -> dict[str, Fetched]:
        """Records of these topics from these offsets; waits so long for a first one. Raises as ``LaneLog`` does."""
        log, came = self._at(partition, wants), self._came[partition]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max_wait_ms / 1000):
                while True:
                    came.clear()
                    if log.has(wants):
                        break
                    await came.wait()
        return log.take(wants)

    def forget(self, partition: int) -> None:
        """The partition is not ours any more: whoever gains it reads with a client of its own."""
        if (log := self._logs.pop(partition, None)) is not None:
            log.stop()
            ending = asyncio.ensure_future(asyncio.to_thread(log.close))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """Let all connections go."""
        for partition in list(self._logs):
            self.forget(partition)
        await asyncio.gather(*self._ending)

    def _at(self, partition: int, wants: Mapping[str, int]) -> LaneLog:
        log = self._logs.get(partition)
        if log is not None and log.stands_at(wants):
            return log
        starts = (log.stands if log is not None else {}) | dict(wants)
        self.forget(partition)
        came = self._came[partition] = asyncio.Event()
        loop = asyncio.get_running_loop()
        log = self._logs[partition] = LaneLog(
            self._new_client,
            partition,
            starts,
            lambda: _tell(loop, came),
            self._high,
            contiguous=self._contiguous,
        )
        return log


def _tell(loop: asyncio.AbstractEventLoop, came: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
        loop.call_soon_threadsafe(came.set)
