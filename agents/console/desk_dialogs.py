"""What the desk asks back: to whom a complaint is escalated, and from which text an answer begins."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response

from agents.console.drafts import draft
from agents.console.web import View, environment, frame
from agents.rollups.complaint_work import URGENCIES, is_more_urgent, work_key
from agents.rollups.model import WorkItem
from schemas.errors import TendError


async def escalate_dialog(view: View) -> Response:
    """The form: how urgent, until when that would be, and whose it becomes."""
    work, words = await _work(view), view.words
    complaints = (await view.backend.rulebook()).defaults.complaints
    levels = [
        (
            urgency,
            words.named("urgencies", urgency),
            words.by_moment(work.opened + complaints.deadline_millis(urgency), view.now),
        )
        for urgency in URGENCIES
        if is_more_urgent(urgency, work.urgency)
    ]
    people = sorted({*view.backend.people, view.session.name} - {work.owner})
    values = {"work": work, "levels": levels, "people": people, **await frame(view)}
    return HTMLResponse(environment().get_template("dialog/escalate.html").render(**values))


async def draft_part(view: View) -> Response:
    """The answer's field with a text to begin from, below what stands in it already."""
    work, told = await _work(view), await view.form()
    record, _ = await view.backend.queries.customer(work.customer)
    defaults = (await view.backend.rulebook()).defaults
    begun, language = draft(told.get("draft", ""), work, record.profile, view.session.name, defaults, view.now)
    before = told.get("text", "").rstrip()
    values = {"text": f"{before}\n\n{begun}" if before else begun, "language": language}
    return HTMLResponse(environment().get_template("desk/answer.html").render(**values))


async def _work(view: View) -> WorkItem:
    customer, name = str(view.request.path_params["customer"]), str(view.request.path_params["work"])
    work = await view.backend.rollups.one_work(view.backend.partition(customer), work_key(customer, name))
    if work is None or work.kind != "complaint":
        raise TendError(view.words("desk.gone", id=name))
    return work
