"""A clock far ahead of all that a lane has ever seen: believed once the log says the same, or once it has lasted.

Machine and store may stand on the same clock, and a machine that was off has no steady clock to compare. So a lane that
finds itself weeks behind the clock looks what the log's newest records say; where nothing has come since, it waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agents.worker.trusted_clock import SKEW, as_told, steady_clock
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog
from schemas.errors import DependencyUnavailable
from schemas.times import DAY, MINUTE, Millis
from schemas.topics import EVENT_TOPICS

FAR: Millis = 14 * DAY
"""Further than a shop is ever closed without somebody looking after its clocks."""
LASTS: Millis = 10 * MINUTE
_AGAIN_SECONDS = 5.0


class LeapGuard:
    """Doubts a clock that is far ahead of a lane's last commit.

    Args:
        wall: the time of day.
        newest: the latest times that records in the log carry, asked from the broker; it blocks.
        steady: goes evenly.
    """

    def __init__(
        self,
        wall: Callable[[], Millis],
        newest: Callable[[], list[Millis]],
        steady: Callable[[], Millis] = steady_clock,
    ) -> None:
        self._wall, self._newest, self._steady = wall, newest, steady

    @classmethod
    def of(cls, connection: KafkaConnection, partitions: int, wall: Callable[[], Millis]) -> LeapGuard:
        """Asks the broker of this connection."""
        return cls(wall, lambda: newest_times(connection, partitions))

    async def prove(self, last: Millis, waits: Callable[[str | None], None]) -> None:
        """Wait until the clock can be believed.

        Args:
            last: the time that the lane had come to at its last commit; 0 where it begins.
            waits: told why it is not believed yet, and None once it is.
        """
        since, began = self._steady(), self._wall()
        while last and self._wall() - last > FAR and not await self._is_in_the_log():
            now, steady = self._wall(), self._steady()
            if abs((now - began) - (steady - since)) > SKEW:
                since, began = steady, now
            if steady - since >= LASTS:
                break
            waits(
                f"this machine's clock says {as_told(now)}, this lane last worked at {as_told(last)}, and nothing in "
                f"the log is of today: it is believed once an event of now comes, or after {LASTS // MINUTE} minutes"
            )
            await asyncio.sleep(_AGAIN_SECONDS)
        waits(None)

    async def _is_in_the_log(self) -> bool:
        try:
            found = await asyncio.to_thread(self._newest)
        except DependencyUnavailable:
            return False
        now = self._wall()
        return any(now - DAY <= time <= now + SKEW for time in found)


def newest_times(connection: KafkaConnection, partitions: int) -> list[Millis]:
    """The times that the last records of all event topics carry. Blocks; raises DependencyUnavailable."""
    with PartitionLog(connection) as log:
        return [
            record.timestamp
            for topic in EVENT_TOPICS
            for partition in range(partitions)
            for record in log.backwards(topic, partition, 1, settled=False)
        ]
