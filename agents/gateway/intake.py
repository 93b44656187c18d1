"""The way from any door to Kafka: admitted, written, acknowledged, counted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from agents.access import AccessKeys, Actor, Admitted, admit
from infra.metrics import GATEWAY_EVENTS, GATEWAY_LEFT_OUT
from infra.telemetry import Telemetry
from schemas.events import Invalid

Write = Callable[[Sequence[Admitted]], Awaitable[object]]
"""Returns when all of these events are safe; raises DependencyUnavailable where one is not."""
_MOST_REASONS: Final = 100


class Tally:
    """What the doors took, and what they did not and why."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._reasons: set[str] = set()

    def taken(self, door: str, count: int = 1) -> None:
        """Events are safe."""
        if count:
            self._telemetry.add(GATEWAY_EVENTS, count, door, "taken")

    def left_out(self, door: str, reason: str) -> None:
        """A message was understood, and there was nothing in it to record."""
        self._note(door, "left_out", reason)

    def refused(self, door: str, reason: str) -> None:
        """A message could not be read, or may not be sent by this key."""
        self._note(door, "refused", reason)

    def _note(self, door: str, outcome: str, reason: str) -> None:
        if len(self._reasons) < _MOST_REASONS:
            self._reasons.add(reason)
        self._telemetry.add(GATEWAY_EVENTS, 1, door, outcome)
        self._telemetry.add(GATEWAY_LEFT_OUT, 1, door, reason if reason in self._reasons else "other")


class Intake:
    """Takes events for all doors."""

    def __init__(self, write: Write, keys: AccessKeys, partitions: int, tally: Tally) -> None:
        self._write, self._keys, self._partitions = write, keys, partitions
        self.tally = tally

    def admit(self, told: Mapping[str, Any], *, door: str, actor: Actor, source: str) -> Admitted:
        """One event as it goes to its topic; nothing is written yet.

        Raises:
            Invalid: it is no event of the contract.
        """
        try:
            return admit(told, actor=actor, source=source, keys=self._keys, partitions=self._partitions)
        except Invalid as invalid:
            self.tally.refused(door, f"{invalid.reason} {invalid.field}".strip())
            raise

    async def write(self, admitted: Sequence[Admitted], door: str) -> None:
        """Write events, in this order; they are safe when this returns.

        Raises:
            DependencyUnavailable: Kafka did not acknowledge all of them.
        """
        await self._write(admitted)
        self.tally.taken(door, len(admitted))

    def customer_of(self, told: str) -> str:
        """The id under which a customer is kept.

        Raises:
            ValueError: nothing is left of it.
        """
        return self._keys.customer_of(told)
