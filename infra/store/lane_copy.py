"""A lane copied as it was at one moment, while its worker goes on.

Reading a lane takes as long as it is large, and its worker commits meanwhile. So the copy begins with a mark in the
lane: from then on each commit keeps, beside the lane, what those whom it changes were at the beginning. Who has not
changed is read from the lane itself, each portion in one script. So a worker never waits longer than for a portion, and
the server keeps twice only what changes meanwhile. (``DUMP`` would stand still for the whole lane and hold it twice;
reading again until no version has changed would never end beside a busy worker.)
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, Final, cast

import msgpack
from redis.commands.core import AsyncScript

from infra.store.commit_limits import MAX_DECISIONS
from infra.store.keys import SLOT_OF_DECISION, lane_keys
from infra.store.packing import unpack_entry
from infra.store.port import CustomerImage, LaneCopy
from schemas.errors import TendError
from schemas.lane import Commit

PATIENCE_MS: Final = 60_000
"""A copy that asks for nothing so long is given up, and the lane keeps nothing for it any more."""
_PORTION: Final = 200
"""Customers at a time: with orders and decisions some 300 kB, so that a lane waits no longer than for a batch."""

Ask = Callable[[Any], Awaitable[Any]]


class LaneCopier:
    """Makes copies of lanes that lie in a Redis.

    Args:
        script: the script of a name, ready to be run.
        ask: awaits an answer, and turns the client's errors into ours.
    """

    def __init__(self, script: Callable[[str], AsyncScript], ask: Ask) -> None:
        self._begin = script("copy_begin")
        self._next = script("copy_next")
        self._rest = script("copy_rest")
        self._end = script("copy_end")
        self._ask = ask

    async def begin(self, partition: int) -> LaneCopy:
        """See ``StoreReads.copy``."""
        keys, name = lane_keys(partition), secrets.token_hex(8)
        version, state, outbox = await self._ask(
            self._begin([keys.state, keys.outbox, keys.before], [name, PATIENCE_MS])
        )
        entries = [unpack_entry(packed) for packed in outbox]
        return LaneCopy(int(version or 0), state, entries, self._customers(partition, name))

    async def _customers(self, partition: int, name: str) -> AsyncGenerator[list[CustomerImage], None]:
        keys = lane_keys(partition)
        try:
            async for some in self._portions(
                partition, self._next, list(keys), [name], [MAX_DECISIONS, SLOT_OF_DECISION]
            ):
                yield some
            async for some in self._portions(partition, self._rest, [keys.before], [name], []):
                yield some
        finally:
            await self._ask(self._end([keys.before], [name]))

    async def _portions(
        self, partition: int, step: AsyncScript, keys: list[str], name: list[str], more: list[Any]
    ) -> AsyncIterator[list[CustomerImage]]:
        cursor = -1
        while cursor != 0:
            found = await self._ask(step(keys, [*name, PATIENCE_MS, max(cursor, 0), _PORTION, *more]))
            if not found:
                raise TendError(
                    f"The copy of lane {partition} was given up: another one began, or this one asked for nothing in "
                    f"{PATIENCE_MS // 1_000} s. Nothing is broken: begin again."
                )
            cursor, ids, packed = int(found[0]), found[1], found[2]
            images = (_image(who.decode(), body) for who, body in zip(ids, packed, strict=True))
            # Who has no record was not there yet when the copy began.
            yield [image for image in images if image.record]


def _image(customer: str, packed: bytes) -> CustomerImage:
    record, orders, timer, decisions = cast("tuple[Any, Any, Any, Any]", msgpack.unpackb(packed, raw=True))
    return CustomerImage(
        customer, record or b"", orders or None, int(timer) if timer else None, list(decisions) if decisions else []
    )


def commit_of(state: bytes, images: Iterable[CustomerImage]) -> Commit:
    """The commit that brings these customers, whole, into a lane which knows none of them."""
    some = list(images)
    return Commit(
        state,
        {image.customer: image.record for image in some},
        {image.customer: image.orders for image in some if image.orders},
        {image.customer: image.timer for image in some if image.timer is not None},
        {image.customer: image.decisions for image in some if image.decisions},
    )
