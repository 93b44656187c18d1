"""What people of the desk do with work: each step is an event, and is seen to come back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.responses import Response

from agents.console.web import View
from agents.console.writes import going, tell
from agents.rollups.complaint_work import is_more_urgent, work_key
from agents.rollups.model import WorkItem
from rules.defaults.answers import UNWRITTEN
from schemas.errors import TendError

Form = Mapping[str, str]
Step = Callable[[View, WorkItem, Form], Awaitable[tuple[str, str]]]
"""Writes one step of work: the id of its event, and what is said of it."""


async def work_on(view: View) -> Response:
    """One step of work: take, hand over, escalate, answer, resolve."""
    customer, name, step = (str(view.request.path_params[part]) for part in ("customer", "work", "step"))
    work = await view.backend.rollups.one_work(view.backend.partition(customer), work_key(customer, name))
    if work is None:
        raise TendError(view.words("desk.gone", id=name))
    steps = _OF_COMPLAINTS if work.kind == "complaint" else _OF_ALL
    if step not in steps:
        raise TendError(view.words("problem.missing"))
    event_id, what = await steps[step](view, work, await view.form())
    return await going(view, customer, event_id, what)


async def _take(view: View, work: WorkItem, _: Form) -> tuple[str, str]:
    me = view.session.name
    if work.owner and work.owner != me:
        raise TendError(view.words("desk.taken", owner=work.owner))
    kind, about = _owning(work, "taken")
    event_id = await tell(view, work.customer, kind, {about: work.id, "owner": me})
    return event_id, view.words(f"events.{kind}", owner=me, complaint=work.id)


async def _hand_over(view: View, work: WorkItem, told: Form) -> tuple[str, str]:
    owner = told.get("owner", "")
    kind, about = _owning(work, "handed_over")
    event_id = await tell(view, work.customer, kind, {about: work.id, "owner": owner})
    return event_id, view.words(f"events.{kind}", owner=owner or view.words("desk.nobody"), complaint=work.id)


def _owning(work: WorkItem, step: str) -> tuple[str, str]:
    """The event by which work changes hands, and its field that names the work."""
    return (f"complaint.{step}", "complaint_id") if work.kind == "complaint" else (f"callback.{step}", "action_id")


async def _escalate(view: View, work: WorkItem, told: Form) -> tuple[str, str]:
    """Raise the urgency, which brings a ticket with a nearer deadline, and hand it to somebody."""
    words, owner, urgency = view.words, told.get("owner", ""), told.get("urgency", "")
    raised = is_more_urgent(urgency, work.urgency)
    if not raised and owner == work.owner:
        raise TendError(words("write.nothing"))
    event_id = ""
    if raised:
        event_id = await tell(view, work.customer, "complaint.updated", {"complaint_id": work.id, "urgency": urgency})
    if owner != work.owner:
        event_id = await tell(view, work.customer, "complaint.handed_over", {"complaint_id": work.id, "owner": owner})
    named = words.named("urgencies", urgency if raised else work.urgency)
    return event_id, words("events.complaint.escalated", who=view.session.name, complaint=work.id, urgency=named)


async def _answer(view: View, work: WorkItem, told: Form) -> tuple[str, str]:
    event_id = await _answered(view, work, told.get("text", ""))
    return event_id, view.words("events.complaint.answered", who=view.session.name, complaint=work.id)


async def _resolve(view: View, work: WorkItem, told: Form) -> tuple[str, str]:
    if told.get("text", "").strip():
        await _answered(view, work, told["text"])
    fields = {"complaint_id": work.id, "resolution": told.get("resolution", "explained")}
    event_id = await tell(view, work.customer, "complaint.resolved", fields)
    return event_id, view.words("events.complaint.resolved", complaint=work.id)


async def _answered(view: View, work: WorkItem, text: str) -> str:
    """Raise TendError where the text still has a place that somebody meant to fill."""
    if UNWRITTEN in text:
        raise TendError(view.words("desk.unwritten", mark=UNWRITTEN))
    return await tell(view, work.customer, "complaint.answered", {"complaint_id": work.id, "text": text})


_OF_ALL: Final[Mapping[str, Step]] = {"take": _take, "hand-over": _hand_over}
_OF_COMPLAINTS: Final[Mapping[str, Step]] = {**_OF_ALL, "escalate": _escalate, "answer": _answer, "resolve": _resolve}
