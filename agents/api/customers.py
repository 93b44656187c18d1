"""One customer: who they are, what happened, what was decided and why, what is due."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Query

from agents.access import Act, Actor, ContactPurpose, contact_of
from agents.api.access import allowed
from agents.api.answers import CameBack, ComplaintKept, ConsentKept, DecisionShown, Due, Everything, Happened, Page
from agents.api.pages import Cursor, Limit, Place, newest_first, paged
from agents.api.wiring import CustomerPath, known
from agents.console.backend import Backend
from agents.explain_absence import explain_absence
from agents.rollups.model import decode_message, decode_row
from agents.store_queries import everything as everything
from schemas.errors import NotFound
from schemas.fields import ActionId, EventId
from schemas.outcome import Decision, decode_decision
from schemas.personal import SAID
from schemas.record import TimerKind
from schemas.times import Millis, to_rfc3339
from streams.explain import why

Looking = Annotated[Actor, Depends(allowed(Act.LOOK))]
Said = Annotated[str, SAID]


def customers(backend: Backend) -> APIRouter:
    """Routes about one customer."""
    router = APIRouter(prefix="/customers/{customer}", tags=["customers"])
    for add in (_who, _what_happened, _what_came_back, _reasons, _standing):
        add(router, backend)
    return router


def _who(router: APIRouter, backend: Backend) -> None:
    @router.get("", summary="Everything known of a customer, contact masked")
    async def customer_of(customer: CustomerPath, actor: Looking) -> Everything:
        record, orders = await backend.queries.customer(backend.keys.customer_of(customer))
        told = everything(record, orders, await backend.queries.decisions(record.id))
        contact = await contact_of(record, actor=actor, purpose=ContactPurpose.LOOK, audit=backend.audit)
        told["profile"] |= {"name": contact.name, "email": contact.email, "phone": contact.phone}
        return told


def _what_happened(router: APIRouter, backend: Backend) -> None:
    @router.get("/timeline", summary="What happened, the newest first", response_model_exclude_unset=True)
    async def timeline(customer: CustomerPath, _: Looking, cursor: Cursor = "", limit: Limit = 50) -> Page[Happened]:
        own, partition = await known(backend, customer)
        rows: list[dict[str, Any]] = []
        for name in ("life", "visits"):
            for body in await backend.rollups.rows(partition, name, own):
                row = decode_row(body)
                rows.append({"at": row.at, "type": row.kind, "id": row.id, "actor": row.actor, "data": row.data})
        for body in await backend.rollups.rows(partition, "said", own):
            said = decode_message(body)
            data = {name: getattr(said, name) for name in ("channel", "rule", "text", "reason")}
            rows.append({"at": said.at, "type": f"action.{said.kind}", "id": said.action_id, "data": data})
        page = paged(rows, lambda row: newest_first(row["at"], f"{row['type']} {row['id']}"), cursor, limit)
        for one in page.items:
            one["at"] = to_rfc3339(one["at"])
        return Page[Happened](**page._asdict())


def _what_came_back(router: APIRouter, backend: Backend) -> None:
    @router.get("/events/{event}", summary="One event of a customer's, once it has come back")
    async def event_of(customer: CustomerPath, event: Annotated[EventId, Path()], _: Looking) -> CameBack:
        own, partition = await known(backend, customer)
        for name in ("life", "visits"):
            for body in await backend.rollups.rows(partition, name, own):
                row = decode_row(body)
                if row.id == event:
                    return CameBack(id=row.id, type=row.kind, at=to_rfc3339(row.at), actor=row.actor)
        raise NotFound(f"No event {event} of this customer has come back yet, or it is older than what is kept")


def _reasons(router: APIRouter, backend: Backend) -> None:
    async def decided(customer: str) -> list[Decision]:
        own, partition = await known(backend, customer)
        return [decode_decision(body) for body in await backend.rollups.rows(partition, "care", own)]

    @router.get("/decisions", summary="What was decided and why, the newest first", response_model_exclude_unset=True)
    async def decisions(
        customer: CustomerPath, _: Looking, cursor: Cursor = "", limit: Limit = 50
    ) -> Page[DecisionShown]:
        rows = [told_of(one) for one in await decided(customer)]

        def places(row: dict[str, Any]) -> Place:
            return newest_first(row["acting"], f"{row['action_id']} {row['verdict']}")

        return Page[DecisionShown](**paged(rows, places, cursor, limit)._asdict())

    @router.get(
        "/why/{action}", summary="Why an action was given out, held or refused", response_model_exclude_unset=True
    )
    async def why_this(customer: CustomerPath, action: Annotated[ActionId, Path()], _: Looking) -> list[DecisionShown]:
        found = [DecisionShown(**told_of(one)) for one in await decided(customer) if one.action_id == action]
        if not found:
            raise NotFound(f"Nothing is known of an action {action} of this customer; /decisions lists the newest")
        return found

    @router.get("/why-not", summary="Why a rule did nothing for a customer")
    async def why_not(customer: CustomerPath, rule: Annotated[str, Query(max_length=64)], _: Looking) -> list[Said]:
        own, _partition = await known(backend, customer)
        return await explain_absence(backend.settings, own, rule)


def told_of(decision: Decision) -> dict[str, Any]:
    """A decision under names, with what it means in sentences."""
    return {**msgspec.to_builtins(decision), "why": why(decision)}


def _standing(router: APIRouter, backend: Backend) -> None:
    @router.get("/due", summary="What is due, the nearest first")
    async def due(customer: CustomerPath, _: Looking) -> list[Due]:
        record, _orders = await backend.queries.customer(backend.keys.customer_of(customer))
        return [
            Due(at=to_rfc3339(timer.due), what=TimerKind(timer.kind).name.lower(), about=str(timer.ref))
            for timer in sorted(record.timers, key=lambda timer: timer.due)
        ]

    @router.get("/consent", summary="What a customer allows, and what they have withdrawn")
    async def consent(customer: CustomerPath, _: Looking) -> list[ConsentKept]:
        record, _orders = await backend.queries.customer(backend.keys.customer_of(customer))
        return [ConsentKept(channel=one.channel, purpose=one.purpose, granted=one.granted) for one in record.consents]

    @router.get("/complaints", summary="A customer's complaints, the newest first")
    async def complaints(customer: CustomerPath, _: Looking) -> list[ComplaintKept]:
        record, _orders = await backend.queries.customer(backend.keys.customer_of(customer))
        return [
            ComplaintKept(
                complaint_id=one.id,
                category=one.category,
                urgency=one.urgency,
                opened_at=_moment(one.opened),
                due_at=_moment(one.deadline),
                closed_at=_moment(one.closed),
                order_id=one.order or None,
                owner=one.owner or None,
                answered_at=_moment(one.answered),
                reopened=one.reopened,
            )
            for one in sorted(record.complaints.recent, key=lambda one: -one.opened)
        ]


def _moment(at: Millis) -> str | None:
    return to_rfc3339(at) if at else None
