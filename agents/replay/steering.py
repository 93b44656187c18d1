"""A replay that people steer: paused, slower, faster; and what they change after its end is let in."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final, cast

import msgspec

from agents.bootstrap import open_tables
from agents.rollups.keys import key
from agents.signing import signing_of
from infra.kafka.connection import KafkaConnection
from infra.kafka.producers import BulkProducer
from infra.kafka.topics import Topics
from infra.settings import Settings
from schemas.times import DAY, MINUTE, SECOND, Millis
from schemas.topics import EVENT_TOPICS, WATERMARKS
from schemas.watermarks import Watermark, encode_watermark

SPEEDS: Final = (3_600, 10_800, 43_200, 86_400, 172_800, 604_800, 0)
"""Seconds of the replay in one of ours; 0 is as fast as it goes."""
AT: Final = key(0, "pace")
_LOOK_SECONDS: Final = 0.3


class Steered(msgspec.Struct, frozen=True):
    """How fast a replay shall go."""

    paused: bool = False
    speed: int = 0
    """Of ``SPEEDS``."""

    def turned(self, turn: str) -> Steered:
        """What becomes of it when somebody says ``pause``, ``go``, ``slower`` or ``faster``."""
        place = SPEEDS.index(self.speed) if self.speed in SPEEDS else len(SPEEDS) - 1
        if turn == "slower":
            return Steered(self.paused, SPEEDS[max(place - 1, 0)])
        if turn == "faster":
            return Steered(self.paused, SPEEDS[min(place + 1, len(SPEEDS) - 1)])
        return Steered(turn == "pause", self.speed)


class Steering:
    """The replay's side: waits while it is paused or ahead of its pace."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._began: tuple[int, float, Millis] | None = None
        self._steered, self._looked = Steered(), 0.0
        asyncio.run(self._write(Steered()))

    def keep(self, reached: Millis) -> None:
        """Wait until the replay may go on from this moment."""
        while True:
            steered = self._look()
            if not steered.paused and not self._is_ahead(steered.speed, reached):
                return
            time.sleep(_LOOK_SECONDS)

    def _look(self) -> Steered:
        """What was said last, looked up now and then: a replay comes by here at each of its watermarks."""
        if time.monotonic() - self._looked >= _LOOK_SECONDS:
            self._steered = asyncio.run(self._read())
            self._looked = time.monotonic()
        return self._steered

    def _is_ahead(self, speed: int, reached: Millis) -> bool:
        if not speed:
            self._began = None
            return False
        if self._began is None or self._began[0] != speed:
            self._began = speed, time.monotonic(), reached
        _, since, start = self._began
        return (reached - start) / SECOND > (time.monotonic() - since) * speed + DAY / SECOND / 2

    def end(self) -> None:
        """Nothing is left to steer."""
        asyncio.run(self._write(None))

    async def _read(self) -> Steered:
        tables = open_tables(self._settings)
        try:
            body = await cast("Any", tables.client).get(AT)
            return msgspec.json.decode(body, type=Steered) if body else Steered()
        finally:
            await tables.close()

    async def _write(self, steered: Steered | None) -> None:
        tables = open_tables(self._settings)
        try:
            client = cast("Any", tables.client)
            await (client.delete(AT) if steered is None else client.set(AT, msgspec.json.encode(steered)))
        finally:
            await tables.close()


class Afterwards:
    """Lets in what comes after a replay's end: each time a minute passes, and a watermark says so."""

    def __init__(self, settings: Settings, last: Watermark) -> None:
        self._partitions = settings.partitions
        self._signing = signing_of(settings)
        self._topics = Topics(KafkaConnection.of(settings))
        self._producer = BulkProducer(KafkaConnection.of(settings))
        self._last = last
        # What lanes sent each other at the end, as lives became one, lies behind the replay's last watermark.
        self._ends: dict[str, list[int]] = {}

    def look(self) -> bool:
        """Let in what has come since the last look; whether there was anything."""
        ends = self._topics.end_offsets(EVENT_TOPICS)
        if ends == self._ends:
            return False
        self._ends = ends
        self._last = msgspec.structs.replace(
            self._last, number=self._last.number + 1, time=self._last.time + MINUTE, finishes=False
        )
        for partition in range(self._partitions):
            at = {topic: of[partition] for topic, of in ends.items() if of[partition]}
            mark = msgspec.structs.replace(self._last, ends=at)
            body = encode_watermark(mark)
            header = self._signing.header(WATERMARKS, partition, None, body)
            self._producer.send(WATERMARKS, partition, None, body, mark.time, (header,))
        self._producer.flush()
        return True
