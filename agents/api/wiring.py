"""What routes of the API share: how a customer is found, and how a change is written."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Final

from fastapi import Path

from agents.access import Actor, admit
from agents.api.answers import Written
from agents.api.once import Asking
from agents.console.backend import Backend
from schemas.fields import CustomerId
from schemas.times import to_rfc3339

SOURCE: Final = "api"
CustomerPath = Annotated[CustomerId, Path(description="The customer's id, as it stands in the events.")]


async def known(backend: Backend, customer: str) -> tuple[str, int]:
    """The customer's own id and partition. Raises NotFound where there is no such customer."""
    own = backend.keys.customer_of(customer)
    await backend.queries.customer(own)
    return own, backend.partition(own)


async def write(
    backend: Backend, actor: Actor, once: Asking, customer: str, kind: str, fields: dict[str, Any], event_id: str = ""
) -> Written:
    """Put one event about a customer on its topic; the answer comes when it is safe.

    Args:
        once: under which key it was asked for.
        event_id: one that is derived, where asking again must be the same event whatever the key.

    Raises:
        HTTPException: something else was asked for under the same key.
        Invalid: it is no event of the contract.
        DependencyUnavailable: Kafka does not answer.
    """
    event_id = event_id or once.event_id(actor.name, kind) or f"{SOURCE}-{secrets.token_hex(12)}"
    own = backend.keys.customer_of(customer)
    once.follow(own, event_id)
    if (before := await once.before(backend, backend.partition(own), event_id)) is not None:
        return before
    told = {
        "id": event_id,
        "type": kind,
        "customer": customer,
        "time": to_rfc3339(backend.now()),
        **{name: value for name, value in fields.items() if value not in (None, "")},
    }
    admitted = admit(told, actor=actor, source=SOURCE, keys=backend.keys, partitions=backend.settings.partitions)
    offset = await backend.write(admitted, SOURCE)
    written = Written(id=admitted.event.id, topic=admitted.topic, partition=admitted.partition, offset=offset)
    await once.keep(backend, backend.partition(own), written)
    return written
