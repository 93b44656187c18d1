"""Faust's Kafka transport, changed where its ways do not fit lanes.

What differs from Faust, and why:

- Records do not travel through the stream; only knocks do (see ``infra.kafka.intake``).
- Nothing seeks: Faust's seeks also write a read offset below which messages are dropped silently.
- Offsets are committed for the display of lag only, and never during a rebalance: aiokafka would answer that by
  resetting the generation, and the worker would join again and again.
- The consumer holds its partitions and reads none of them: that is done by ``infra.kafka.lane_logs``.
- Topics are assigned by range, which keeps the p-th partitions of all topics together; Faust without tables picks
  round-robin, which does not.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator
from typing import Any, cast

from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from infra.kafka.consumer_thread import LaneConsumerThread, RebalanceListener
from infra.kafka.intake import Intake


class LaneConsumer(driver.Consumer):
    """Faust's consumer on the main loop: it passes knocks on."""

    RebalanceListener = RebalanceListener
    _thread: LaneConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.intake = cast(LaneTransport, self.transport).intake
        # Faust drops messages at or below the last offset of their partition, so knocks only ever count up.
        self._knock_number = itertools.count(1)

    def _new_consumer_thread(self) -> LaneConsumerThread:
        return LaneConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Yield a knock for each partition whose records wait; ``timeout`` is Faust's, one second."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow.wait())
        for partition in await self.intake.knocks(timeout):
            tp = TP(self.intake.topics[0], partition)
            if self.flow_active and tp in self._active_partitions:
                yield tp, self._knock(tp)

    def _knock(self, tp: TP) -> ConsumerMessage:
        value = b"%d" % tp.partition
        return ConsumerMessage(
            tp.topic, tp.partition, next(self._knock_number), time.time(), 0, None, None, value, None, tp=tp,
            generation_id=self.app.consumer_generation_id,
        )  # fmt: skip

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Commit what lanes have applied, unless the group is being rebalanced."""
        offsets = self.intake.to_commit()
        if not offsets or self.app.rebalancing:
            return False
        wanted = {TP(topic, partition): offset for (topic, partition), offset in offsets.items()}
        done: bool = await self._thread.call_thread(self._thread.commit_for_display, wanted)
        if done:
            self.intake.committed(offsets)
        return done

    async def perform_seek(self) -> None:
        """Do nothing: each fetch says where it begins."""

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Do nothing: knocks are never acknowledged, and Faust would keep and merge each gap in their numbers."""

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Do nothing: a quiet topic is no stall, and lag is measured by the lanes."""


class LaneTransport(driver.Transport):
    """The transport that makes the consumer above."""

    Consumer = LaneConsumer

    def __init__(self, url: Any, app: Any, intake: Intake) -> None:
        super().__init__(url, app)
        self.intake = intake
