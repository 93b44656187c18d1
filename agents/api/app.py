"""The API as one application, with its OpenAPI document at ``/api/openapi.json``."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Query

from agents.access import Act, Actor, ContactPurpose, admit, contact_of
from agents.api.access import PROBLEMS, allowed, api_keys, on_problem
from agents.api.coupons import look_up, redeem
from agents.api.models import (
    ComplaintTold,
    ConsentTold,
    CouponFound,
    Health,
    OwnerTold,
    Page,
    RedemptionTold,
    ResolutionTold,
    SegmentCounted,
    SegmentTold,
    Written,
)
from agents.commands.customer import page as everything
from agents.commands.dead_letters import newest_letters
from agents.console.backend import Backend
from agents.console.segments import Segment, count_segment
from agents.reasons import reasons_of_absence
from agents.rollups.model import decode_message, decode_row
from infra.settings import Settings
from schemas.fields import CustomerId, Reference
from schemas.outcome import decode_decision
from schemas.record import TimerKind
from schemas.times import to_rfc3339
from streams.explain import why

_MOST: Final = 100
Customer = Annotated[CustomerId, Path(description="The customer's id, as it stands in the events.")]
Cursor = Annotated[str, Query(max_length=64, description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=_MOST)]
_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"description": words, "content": {"application/problem+json": {}}}
    for status, words in (
        (400, "No request that can be read"),
        (401, "No key"),
        (403, "Not allowed"),
        (404, "Nothing there"),
        (409, "Somebody was first"),
        (422, "A value is wrong"),
        (503, "Something does not answer"),
    )
}


def api_app(backend: Backend, settings: Settings) -> FastAPI:
    """The application; what it stands on runs elsewhere."""
    app = FastAPI(title="tend", version="1", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.state.keys = api_keys(settings)
    app.include_router(_router(backend))
    for problem in PROBLEMS:
        app.add_exception_handler(problem, on_problem)
    return app


def _router(backend: Backend) -> APIRouter:
    router = APIRouter(responses=_PROBLEMS)
    for add in (_customers, _changes, _complaints, _coupons, _rest):
        add(router, backend)
    return router


Writer = Callable[[Actor, str, str, dict[str, Any]], Awaitable[Written]]


def _writer(backend: Backend) -> Writer:
    async def write(actor: Actor, customer: str, kind: str, fields: dict[str, Any]) -> Written:
        told = {
            "id": f"api-{secrets.token_hex(12)}",
            "type": kind,
            "customer": customer,
            "time": to_rfc3339(backend.now()),
            **{name: value for name, value in fields.items() if value not in (None, "")},
        }
        partitions = backend.settings.partitions
        admitted = admit(told, actor=actor, source="api", keys=backend.keys, partitions=partitions)
        offset = await backend.producer.send(admitted.topic, admitted.partition, admitted.key, admitted.body)
        return Written(id=told["id"], topic=admitted.topic, partition=admitted.partition, offset=offset)

    return write


def _paged(items: Sequence[dict[str, Any]], cursor: str, limit: int) -> Page:
    """A page behind a cursor. The cursor says how many came before; a list grows at its front only between looks."""
    start = _offset(cursor)
    rest = items[start + limit :]
    return Page(items=list(items[start : start + limit]), next=_cursor(start + limit) if rest else None)


def _cursor(offset: int) -> str:
    return urlsafe_b64encode(str(offset).encode()).decode().rstrip("=")


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return max(int(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode("ascii")), 0)
    except ValueError:
        raise HTTPException(422, "cursor: expected the `next` of the page before") from None


def _customers(router: APIRouter, backend: Backend) -> None:
    @router.get("/customers/{customer}", summary="Everything known of a customer, contact masked")
    async def customer_of(customer: Customer, actor: Annotated[Actor, Depends(allowed(Act.LOOK))]) -> dict[str, Any]:
        record, orders = await backend.queries.customer(backend.keys.customer_of(customer))
        told = everything(record, orders, await backend.queries.decisions(record.id))
        contact = await contact_of(record, actor=actor, purpose=ContactPurpose.LOOK, audit=backend.audit)
        told["profile"] |= {"name": contact.name, "email": contact.email, "phone": contact.phone}
        return told

    @router.get("/customers/{customer}/timeline", summary="What happened, the newest first")
    async def timeline(
        customer: Customer,
        _: Annotated[Actor, Depends(allowed(Act.LOOK))],
        cursor: Cursor = "",
        limit: Limit = 50,
    ) -> Page:
        own, partition = await _known(backend, customer)
        rows: list[dict[str, Any]] = []
        for name in ("life", "visits"):
            for body in await backend.rollups.rows(partition, name, own):
                row = decode_row(body)
                rows.append({"at": row.at, "type": row.kind, "id": row.id, "actor": row.actor, "data": row.data})
        for body in await backend.rollups.rows(partition, "said", own):
            said = decode_message(body)
            data = {name: getattr(said, name) for name in ("channel", "rule", "text", "reason")}
            rows.append({"at": said.at, "type": f"action.{said.kind}", "id": said.action_id, "data": data})
        rows.sort(key=lambda row: (-row["at"], row["id"]))
        return _paged([{**row, "at": to_rfc3339(row["at"])} for row in rows], cursor, limit)

    @router.get("/customers/{customer}/decisions", summary="What was decided and why, the newest first")
    async def decisions(
        customer: Customer,
        _: Annotated[Actor, Depends(allowed(Act.LOOK))],
        cursor: Cursor = "",
        limit: Limit = 50,
    ) -> Page:
        own, partition = await _known(backend, customer)
        found = [decode_decision(body) for body in await backend.rollups.rows(partition, "care", own)]
        return _paged([{**msgspec.to_builtins(one), "why": why(one)} for one in found], cursor, limit)

    @router.get("/customers/{customer}/why-not", summary="Why a rule did nothing for a customer")
    async def why_not(
        customer: Customer,
        rule: Annotated[str, Query(max_length=64)],
        _: Annotated[Actor, Depends(allowed(Act.LOOK))],
    ) -> list[str]:
        own, _partition = await _known(backend, customer)
        return await reasons_of_absence(backend.settings, own, rule)

    @router.get("/customers/{customer}/due", summary="What is due, the nearest first")
    async def due(customer: Customer, _: Annotated[Actor, Depends(allowed(Act.LOOK))]) -> list[dict[str, Any]]:
        record, _orders = await backend.queries.customer(backend.keys.customer_of(customer))
        return [
            {"at": to_rfc3339(timer.due), "what": TimerKind(timer.kind).name.lower(), "about": timer.ref}
            for timer in record.timers
        ]


async def _known(backend: Backend, customer: str) -> tuple[str, int]:
    """The customer's own id and partition. Raises TendError where there is no such customer."""
    own = backend.keys.customer_of(customer)
    await backend.queries.customer(own)
    return own, backend.partition(own)


def _changes(router: APIRouter, backend: Backend) -> None:
    write = _writer(backend)

    @router.post("/customers/{customer}/consent", status_code=202, summary="Grant or withdraw a consent")
    async def consent(
        customer: Customer, told: ConsentTold, actor: Annotated[Actor, Depends(allowed(Act.CHANGE))]
    ) -> Written:
        kind = "consent.granted" if told.granted else "consent.withdrawn"
        return await write(actor, customer, kind, {"channel": told.channel, "purpose": told.purpose})

    @router.post("/customers/{customer}/complaints", status_code=202, summary="A customer complains")
    async def complain(
        customer: Customer, told: ComplaintTold, actor: Annotated[Actor, Depends(allowed(Act.WORK))]
    ) -> Written:
        return await write(actor, customer, "complaint.opened", told.model_dump(exclude_none=True))


def _complaints(router: APIRouter, backend: Backend) -> None:
    write = _writer(backend)

    @router.post("/customers/{customer}/complaints/{complaint}/take", status_code=202, summary="Take a complaint on")
    async def take(
        customer: Customer,
        complaint: Annotated[Reference, Path()],
        told: OwnerTold,
        actor: Annotated[Actor, Depends(allowed(Act.WORK))],
    ) -> Written:
        return await write(actor, customer, "complaint.taken", {"complaint_id": complaint, "owner": told.owner})

    @router.post("/customers/{customer}/complaints/{complaint}/resolve", status_code=202, summary="Close a complaint")
    async def resolve(
        customer: Customer,
        complaint: Annotated[Reference, Path()],
        told: ResolutionTold,
        actor: Annotated[Actor, Depends(allowed(Act.WORK))],
    ) -> Written:
        if told.answer:
            await write(actor, customer, "complaint.answered", {"complaint_id": complaint, "text": told.answer})
        fields = {"complaint_id": complaint, "resolution": told.resolution}
        return await write(actor, customer, "complaint.resolved", fields)

    @router.get("/work", summary="What people have to do, by deadline")
    async def work(_: Annotated[Actor, Depends(allowed(Act.WORK))], cursor: Cursor = "", limit: Limit = 50) -> Page:
        todo = [one for one in await backend.rollups.all_work() if not one.closed]
        todo.sort(key=lambda one: (one.due or 1 << 62, one.customer, one.id))
        names = todo[0].__struct_fields__ if todo else ()
        return _paged([{name: getattr(one, name) for name in names} for one in todo], cursor, limit)


def _coupons(router: APIRouter, backend: Backend) -> None:
    @router.get("/coupons/{code}", summary="Whether a coupon can be redeemed")
    async def check(
        code: Annotated[Reference, Path()], _: Annotated[Actor, Depends(allowed(Act.REDEEM))]
    ) -> CouponFound:
        return await look_up(backend, code)

    @router.post("/coupons/{code}/redeem", status_code=202, summary="Redeem a coupon, once")
    async def take(
        code: Annotated[Reference, Path()],
        told: RedemptionTold,
        actor: Annotated[Actor, Depends(allowed(Act.REDEEM))],
    ) -> Written:
        event_id, (topic, partition, offset) = await redeem(backend, actor, code, told)
        return Written(id=event_id, topic=topic, partition=partition, offset=offset)


def _rest(router: APIRouter, backend: Backend) -> None:
    @router.get("/segments", summary="Saved segments")
    async def segments(_: Annotated[Actor, Depends(allowed(Act.WATCH))]) -> list[dict[str, Any]]:
        return [msgspec.to_builtins(one) for one in await backend.segments.all()]

    @router.post("/segments", summary="Count a segment; with a name it is saved")
    async def count(told: SegmentTold, actor: Annotated[Actor, Depends(allowed(Act.WATCH))]) -> SegmentCounted:
        book = await backend.rulebook()
        found = await count_segment(backend, told.condition, book, backend.now(), sample=10)
        if told.name:
            await backend.segments.save(Segment(told.name, told.condition, actor.name))
        return SegmentCounted(count=found["count"], of=found["of"], sample=found["sample"])

    @router.get("/rules", summary="The rules in force")
    async def rules(_: Annotated[Actor, Depends(allowed(Act.READ_RULES))]) -> dict[str, Any]:
        book = await backend.rulebook()
        return {
            "version": book.version,
            "rules": [{"id": one.id, "about": one.terms.about, "on": list(one.on)} for one in book.rules],
        }

    @router.get("/dead-letters", summary="What could not be read, the newest of each partition")
    async def letters(
        _: Annotated[Actor, Depends(allowed(Act.READ_LETTERS))], cursor: Cursor = "", limit: Limit = 50
    ) -> Page:
        found = await newest_letters(backend.settings, _MOST) if backend.sampler.counts.get("letters") else []
        return _paged(found, cursor, limit)

    @router.get("/health", summary="Whether it runs")
    async def health(_: Annotated[Actor, Depends(allowed(Act.WATCH))]) -> Health:
        signs = backend.sampler.latest
        return Health(
            status="waiting" if signs.away else "running",
            waiting_for=signs.away,
            events_read=signs.read,
            events_waiting=signs.waiting,
            held=signs.held,
            dead_letters=signs.letters,
            now=to_rfc3339(backend.now()),
        )
