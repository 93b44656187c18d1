"""Records that no lane can understand."""

from __future__ import annotations

import random

import orjson

from agents.replay.event import ReplayEvent


class Garbage:
    """What is no event: of a hundred records one."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self.sent: list[bytes] = []

    def beside(self, events: list[ReplayEvent]) -> list[ReplayEvent]:
        """Some records that no lane can understand."""
        return [self._like(event) for event in events if self._dice.random() < 0.01]

    def _like(self, event: ReplayEvent) -> ReplayEvent:
        number = str(len(self.sent)).encode()
        body = self._dice.choice(
            [
                b"\xff\x00 no JSON, number " + number,
                orjson.dumps({"id": f"garbage-{number.decode()}", "type": "never.heard.of"}),
                event.body[: len(event.body) // 2] + number,
            ]
        )
        self.sent.append(body)
        return event._replace(id=f"garbage-{number.decode()}", body=body)
