"""What people change: each change is one event on the topic it belongs to, and is seen to come back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import HTMLResponse, Response

from agents.access import Act, AuditEntry, ContactPurpose, admit, authorise, contact_of
from agents.console.web import View, environment, frame
from agents.explain_absence import explain_absence
from agents.rollups.model import decode_row
from schemas.channels import TO_CUSTOMERS
from schemas.errors import TendError
from schemas.events import Invalid
from schemas.readings import may_profile
from schemas.times import SECOND, to_rfc3339

SOURCE: Final = "console"
_MOST_NOTE: Final = 600
_LATE: Final = 10 * SECOND
_PROFILE: Final = ("name", "email", "phone", "locale", "zone")
_DIALOGS: Final = ("call", "profile", "more", "why-not")


async def tell(view: View, customer: str, kind: str, fields: Mapping[str, Any]) -> str:
    """Write one event about a customer; returns its id once it is safe.

    Raises:
        TendError: what was told is no event; the message names the field.
        DependencyUnavailable: Kafka does not answer.
    """
    told = {
        "id": f"{SOURCE}-{secrets.token_hex(10)}",
        "type": kind,
        "customer": customer,
        "time": to_rfc3339(view.now),
        **{name: value for name, value in fields.items() if value not in (None, "")},
    }
    actor, backend = view.session.actor, view.backend
    try:
        admitted = admit(told, actor=actor, source=SOURCE, keys=backend.keys, partitions=backend.settings.partitions)
    except Invalid as invalid:
        raise TendError(view.words("write.invalid", field=invalid.field or "?")) from None
    await backend.write(admitted, SOURCE)
    return admitted.event.id


async def going(view: View, customer: str, event_id: str, what: str) -> Response:
    """The row of a change that is on its way."""
    values = {"customer": customer, "event_id": event_id, "what": what, "state": "going", "since": view.now}
    return HTMLResponse(environment().get_template("going.html").render(**values, **await frame(view)))


async def came(view: View) -> Response:
    """Whether a change has come back, and from when on that is worth a word."""
    customer, event_id = str(view.request.path_params["customer"]), str(view.request.path_params["event_id"])
    partition, asked = view.backend.partition(customer), int(view.query.get("asked", "0") or 0) + 1
    rows = await view.backend.rollups.rows(partition, "life", customer)
    back = next((row for body in rows if (row := decode_row(body)).id == event_id), None)
    state = "back" if back is not None else ("late" if asked * SECOND > _LATE else "going")
    values = {"customer": customer, "event_id": event_id, "what": view.query.get("what", ""), "state": state}
    return HTMLResponse(environment().get_template("going.html").render(asked=asked, **values, **await frame(view)))


async def dialog(view: View) -> Response:
    """The form of one action, with what will follow from it."""
    customer, what = str(view.request.path_params["customer"]), str(view.request.path_params["what"])
    if what not in _DIALOGS:
        raise TendError(view.words("problem.missing"))
    record, _ = await view.backend.queries.customer(customer)
    values: dict[str, Any] = {"customer": customer, "record": record, "what": what}
    if what == "profile":
        values["contact"] = await contact_of(
            record, actor=view.session.actor, purpose=ContactPurpose.CORRECT, audit=view.backend.audit
        )
    elif what == "why-not":
        values["rules"] = [rule.id for rule in (await view.backend.rulebook()).rules]
    elif what == "more":
        last = {(one.channel, one.purpose): one.granted for one in record.consents}
        values["consents"] = [
            (purpose, channel, last.get((channel, purpose)))
            for purpose in ("service", "marketing")
            for channel in TO_CUSTOMERS
        ]
        values["consents"].append(("profiling", "any", may_profile(record.consents)))
    name = what.replace("-", "_")
    return HTMLResponse(environment().get_template(f"dialog/{name}.html").render(**values, **await frame(view)))


async def correct(view: View) -> Response:
    """Correct a profile: only what is other than before is told."""
    customer, told = str(view.request.path_params["customer"]), await view.form()
    record, _ = await view.backend.queries.customer(customer)
    changed = {name: told[name].strip() for name in _PROFILE if told.get(name, "").strip()}
    changed = {name: value for name, value in changed.items() if value != getattr(record.profile, name)}
    if not changed:
        raise TendError(view.words("write.nothing"))
    event_id = await tell(view, customer, "customer.updated", changed)
    return await going(view, customer, event_id, view.words("events.customer.updated"))


async def consent(view: View) -> Response:
    """Grant or withdraw one consent."""
    customer, told = str(view.request.path_params["customer"]), await view.form()
    kind = "consent.granted" if told.get("turn") == "grant" else "consent.withdrawn"
    fields = {"channel": told.get("channel"), "purpose": told.get("purpose")}
    event_id = await tell(view, customer, kind, fields)
    words = view.words
    whole = f"events.{kind}.{fields['purpose']}"
    what = words(
        whole if words.has(whole) else f"events.{kind}",
        channel=words.named("channels", str(fields["channel"])),
        purpose=words.named("purposes", str(fields["purpose"])),
    )
    return await going(view, customer, event_id, what)


async def record_call(view: View) -> Response:
    """Write down a call: the one that was asked for, where there is one."""
    customer, told = str(view.request.path_params["customer"]), await view.form()
    open_calls = [
        work
        for work in await view.backend.rollups.all_work()
        if work.customer == customer and work.kind == "call" and not work.closed
    ]
    action = told.get("action_id") or (open_calls[0].id if open_calls else f"call-{secrets.token_hex(8)}")
    fields = {"action_id": action, "outcome": told.get("outcome"), "note": told.get("note", "").strip()[:_MOST_NOTE]}
    event_id = await tell(view, customer, "callback.completed", fields)
    outcome = view.words.named("call_outcomes", told.get("outcome", ""))
    return await going(view, customer, event_id, view.words("events.callback.completed", outcome=outcome))


async def erase(view: View) -> Response:
    """Forget a customer: the id must be typed, and it is written down before it is done."""
    customer, told = str(view.request.path_params["customer"]), await view.form()
    authorise(view.session.actor, Act.ERASE, customer)
    if told.get("typed") != customer:
        raise TendError(view.words("write.typed"))
    await view.backend.audit.write(AuditEntry(view.session.actor.text, "customer.erased", customer))
    event_id = await tell(view, customer, "erasure.requested", {})
    return await going(view, customer, event_id, view.words("events.erasure.requested"))


async def why_not(view: View) -> Response:
    """Why a rule has done nothing for a customer."""
    customer, told = str(view.request.path_params["customer"]), await view.form()
    sentences = await explain_absence(view.backend.settings, customer, told.get("rule", ""))
    values = {"sentences": sentences, **await frame(view)}
    return HTMLResponse(environment().get_template("dialog/reasons.html").render(**values))
