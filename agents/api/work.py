"""What staff and shops change: consent, complaints, calls; each change is one event."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path

from agents.access import Act, Actor
from agents.api.access import allowed
from agents.api.answers import Page, ToDo, Written
from agents.api.once import Once
from agents.api.pages import Cursor, Limit, Place, paged, place
from agents.api.requests import (
    AnswerTold,
    CallTold,
    ComplaintTold,
    ConsentTold,
    EscalationTold,
    NextOwnerTold,
    OwnerTold,
    ResolutionTold,
)
from agents.api.wiring import CustomerPath, write
from agents.console.backend import Backend
from schemas.fields import ActionId, Reference
from schemas.times import to_rfc3339

Complaint = Annotated[Reference, Path(description="The complaint's id, as whoever opened it has given it.")]
Call = Annotated[ActionId, Path(description="The action that asked for the call.")]
Changing = Annotated[Actor, Depends(allowed(Act.CHANGE))]
Working = Annotated[Actor, Depends(allowed(Act.WORK))]
_NO_DEADLINE: Final = 1 << 53
_MOMENTS: Final = ("opened", "due", "taken", "escalated", "closed")


def work(backend: Backend) -> APIRouter:
    """Routes of changes, and of what is to do."""
    router = APIRouter(tags=["work"])
    for add in (_todo, _consent, _complaints, _passing_on, _closing, _calls):
        add(router, backend)
    return router


def _todo(router: APIRouter, backend: Backend) -> None:
    @router.get("/work", summary="What people have to do, by deadline")
    async def todo(_: Working, cursor: Cursor = "", limit: Limit = 50) -> Page[ToDo]:
        rows = [
            {name: getattr(one, name) for name in one.__struct_fields__}
            for one in await backend.rollups.all_work()
            if not one.closed
        ]
        page = paged(rows, _place, cursor, limit)
        for row in page.items:
            row |= {name: to_rfc3339(row[name]) if row[name] else None for name in _MOMENTS}
        return Page[ToDo](**page._asdict())


def _place(row: dict[str, Any]) -> Place:
    return place(row["due"] or _NO_DEADLINE, f"{row['customer']} {row['id']}")


def _consent(router: APIRouter, backend: Backend) -> None:
    @router.post("/customers/{customer}/consent", status_code=202, summary="Grant or withdraw a consent")
    async def consent(customer: CustomerPath, told: ConsentTold, actor: Changing, once: Once) -> Written:
        kind = "consent.granted" if told.granted else "consent.withdrawn"
        return await write(backend, actor, once, customer, kind, {"channel": told.channel, "purpose": told.purpose})


def _complaints(router: APIRouter, backend: Backend) -> None:
    @router.post("/customers/{customer}/complaints", status_code=202, summary="A customer complains")
    async def complain(customer: CustomerPath, told: ComplaintTold, actor: Working, once: Once) -> Written:
        return await write(backend, actor, once, customer, "complaint.opened", told.model_dump(exclude_none=True))

    @router.post("/customers/{customer}/complaints/{complaint}/take", status_code=202, summary="Take a complaint on")
    async def take(
        customer: CustomerPath, complaint: Complaint, told: OwnerTold, actor: Working, once: Once
    ) -> Written:
        fields = {"complaint_id": complaint, "owner": told.owner}
        return await write(backend, actor, once, customer, "complaint.taken", fields)


def _passing_on(router: APIRouter, backend: Backend) -> None:
    @router.post(
        "/customers/{customer}/complaints/{complaint}/hand-over", status_code=202,
        summary="Hand a complaint to somebody, or back to the queue",
    )  # fmt: skip
    async def hand_over(
        customer: CustomerPath, complaint: Complaint, told: NextOwnerTold, actor: Working, once: Once
    ) -> Written:
        fields = {"complaint_id": complaint, "owner": told.owner}
        return await write(backend, actor, once, customer, "complaint.handed_over", fields)

    @router.post(
        "/customers/{customer}/complaints/{complaint}/escalate", status_code=202,
        summary="Tell a complaint's urgency anew, which brings a ticket with its deadline, and hand it to somebody",
    )  # fmt: skip
    async def escalate(
        customer: CustomerPath, complaint: Complaint, told: EscalationTold, actor: Working, once: Once
    ) -> Written:
        if told.owner:
            handed = {"complaint_id": complaint, "owner": told.owner}
            await write(backend, actor, once, customer, "complaint.handed_over", handed)
        fields = {"complaint_id": complaint, "urgency": told.urgency}
        return await write(backend, actor, once, customer, "complaint.updated", fields)


def _closing(router: APIRouter, backend: Backend) -> None:
    @router.post("/customers/{customer}/complaints/{complaint}/answer", status_code=202, summary="Answer a complaint")
    async def answer(
        customer: CustomerPath, complaint: Complaint, told: AnswerTold, actor: Working, once: Once
    ) -> Written:
        fields = {"complaint_id": complaint, "text": told.text}
        return await write(backend, actor, once, customer, "complaint.answered", fields)

    @router.post("/customers/{customer}/complaints/{complaint}/resolve", status_code=202, summary="Close a complaint")
    async def resolve(
        customer: CustomerPath, complaint: Complaint, told: ResolutionTold, actor: Working, once: Once
    ) -> Written:
        if told.answer:
            answered = {"complaint_id": complaint, "text": told.answer}
            await write(backend, actor, once, customer, "complaint.answered", answered)
        fields = {"complaint_id": complaint, "resolution": told.resolution}
        return await write(backend, actor, once, customer, "complaint.resolved", fields)


def _calls(router: APIRouter, backend: Backend) -> None:
    @router.post("/customers/{customer}/calls/{action}", status_code=202, summary="Write down a call that was made")
    async def call(
        customer: CustomerPath, action: Call,
        told: CallTold, actor: Working, once: Once,
    ) -> Written:  # fmt: skip
        fields = {"action_id": action, **told.model_dump(exclude_none=True)}
        return await write(backend, actor, once, customer, "callback.completed", fields)

    @router.post("/customers/{customer}/calls/{action}/take", status_code=202, summary="Take a call on")
    async def take(customer: CustomerPath, action: Call, told: OwnerTold, actor: Working, once: Once) -> Written:
        fields = {"action_id": action, "owner": told.owner}
        return await write(backend, actor, once, customer, "callback.taken", fields)

    @router.post(
        "/customers/{customer}/calls/{action}/hand-over", status_code=202,
        summary="Hand a call to somebody, or back to the queue",
    )  # fmt: skip
    async def hand_over(
        customer: CustomerPath, action: Call, told: NextOwnerTold, actor: Working, once: Once
    ) -> Written:
        fields = {"action_id": action, "owner": told.owner}
        return await write(backend, actor, once, customer, "callback.handed_over", fields)
