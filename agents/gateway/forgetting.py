"""Erasures reach what is kept beside the records: the gateway listens for them as long as it runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from kafka.errors import KafkaError

from agents.holders import forget, holders
from agents.senders.consuming import open_consumer
from infra.kafka.connection import KafkaConnection
from infra.settings import Settings
from infra.store import Tables
from schemas.customers import ErasureRequested
from schemas.errors import DependencyUnavailable
from schemas.events import Invalid, decode_event
from schemas.topics import CUSTOMERS

_LOG: Final = logging.getLogger(__name__)
_POLL_MS: Final = 500
_PAUSE_SECONDS: Final = 5.0


async def listen(settings: Settings, tables: Tables, stopped: Callable[[], bool]) -> None:
    """Erase whom an event asks to erase; what was read is committed when it is done, so nothing is passed over."""
    while not stopped():
        try:
            consumer = await asyncio.to_thread(
                open_consumer, KafkaConnection.of(settings), f"{settings.group}-forget", (CUSTOMERS,)
            )
            await _follow(consumer, tables, stopped)
        except (DependencyUnavailable, KafkaError) as error:
            _LOG.warning("erasures wait: %s", error)
            await asyncio.sleep(_PAUSE_SECONDS)


async def _follow(consumer: Any, tables: Tables, stopped: Callable[[], bool]) -> None:
    kept = holders(tables)
    try:
        while not stopped():
            polled = await asyncio.to_thread(consumer.poll, timeout_ms=_POLL_MS)
            for records in polled.values():
                for record in records:
                    if (customer := erased_by(record.value)) is not None:
                        await forget(kept, customer)
            if polled:
                await asyncio.to_thread(consumer.commit)
    finally:
        await asyncio.to_thread(consumer.close)


def erased_by(body: bytes | None) -> str | None:
    """The customer whom an event asks to erase; None where it is another one, or none."""
    try:
        event = decode_event(body or b"")
    except Invalid:
        return None
    return event.customer if isinstance(event, ErasureRequested) else None
