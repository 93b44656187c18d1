"""Asking again: a change that is asked for twice under one ``Idempotency-Key`` is one change, and has one answer.

The event's id follows from the key, so that what was written before an answer was lost is the same event when it is
asked for again. For a day the answer is kept too, under a hash: no address, no customer.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, cast
from urllib.parse import quote

import msgspec
from fastapi import Depends, Header, HTTPException, Request, Response

from agents.api.answers import Written
from agents.console.backend import Backend
from agents.rollups.keys import key as rollup_key
from infra.store.errors import translate_errors
from schemas.ids import digest

_DAY_SECONDS: Final = 86_400
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$",
        description="Of your own making, one for each change: asked again under it, the change is made once and the "
        "answer is the same. Kept for a day.",
    ),
]  # fmt: skip


class Answered(msgspec.Struct, array_like=True):
    """An answer that was given."""

    fingerprint: str
    """Of what was asked."""
    topic: str
    partition: int
    offset: int


class Asking:
    """One request that changes something: under which key, and where its answer is told."""

    def __init__(self, key: str | None, fingerprint: str, path: str, root: str, response: Response) -> None:
        self._key, self._fingerprint, self._path, self._root, self._response = key, fingerprint, path, root, response

    def event_id(self, who: str, kind: str) -> str:
        """The id that follows from the key; none where there is no key."""
        return f"api-{digest('once', who, self._path, self._key, kind, size=12).hex()}" if self._key else ""

    def follow(self, customer: str, event_id: str) -> None:
        """Tell where the change can be followed."""
        self._response.headers["location"] = f"{self._root}/customers/{quote(customer)}/events/{quote(event_id)}"

    async def before(self, backend: Backend, partition: int, event_id: str) -> Written | None:
        """The answer that was given before.

        Raises:
            HTTPException: 422 where something else is asked for under the same key.
        """
        if not self._key:
            return None
        with translate_errors(backend.store.address):
            kept: bytes | None = await cast("Any", backend.tables.client).get(_place(partition, event_id))
        if kept is None:
            return None
        told = msgspec.msgpack.decode(kept, type=Answered)
        if told.fingerprint != self._fingerprint:
            raise HTTPException(422, "Idempotency-Key: it was used for another change; take a new one for each")
        return Written(id=event_id, topic=told.topic, partition=told.partition, offset=told.offset)

    async def keep(self, backend: Backend, partition: int, written: Written) -> None:
        """Keep an answer for a day."""
        if not self._key:
            return
        told = Answered(self._fingerprint, written.topic, written.partition, written.offset)
        with translate_errors(backend.store.address):
            await cast("Any", backend.tables.client).set(
                _place(partition, written.id), msgspec.msgpack.encode(told), ex=_DAY_SECONDS
            )


async def asking(request: Request, response: Response, key: Key = None) -> Asking:
    """What of a request matters for asking again."""
    fingerprint = digest((await request.body()).hex(), size=12).hex()
    return Asking(key, fingerprint, request.url.path, str(request.scope.get("root_path", "")), response)


Once = Annotated[Asking, Depends(asking)]


def _place(partition: int, event_id: str) -> str:
    return rollup_key(partition, "answered", event_id)
