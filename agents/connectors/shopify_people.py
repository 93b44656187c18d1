"""Customers in Shopify's webhooks: who they are, and what they allow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from agents.connectors.hooks import Hook
from agents.connectors.told import (
    Body,
    LeftOut,
    Reading,
    Refused,
    Told,
    details,
    guest_of,
    mapping,
    moment,
    number,
    own_id,
    reference,
    rfc3339,
    text,
    told_id,
)


def read_customer(hook: Hook) -> Reading:
    """A customer whole: an account that was opened, or details."""
    body = hook.body
    customer = own_id(body)
    created = hook.topic in ("customers/create", "customers/enable") and body.get("state") == "enabled"
    kind, clock = ("customer.registered", "created_at") if created else ("customer.updated", "updated_at")
    at = moment(clock, body.get(clock) or body.get("created_at"))
    told = _details(body, body)
    events: list[Told] = []
    if told or created:
        id_ = told_id("shopify", kind, customer, "" if created else rfc3339(at))
        events.append({"type": kind, "id": id_, "time": rfc3339(at), "customer": customer, **told})
    return Reading((*events, *consents(body, customer)), customer=customer)


def read_consent(hook: Hook) -> Reading:
    """What a customer said about advertising."""
    customer = reference("customer_id", hook.body.get("customer_id") or hook.body.get("id"))
    events = tuple(consents(hook.body, customer))
    if not events:
        raise LeftOut("nothing was said about advertising")
    return Reading(events, customer=customer)


def read_merge(hook: Hook) -> Reading:
    """Two customers whom the shop made one."""
    if hook.body.get("status") != "completed":
        raise LeftOut("two customers as before")
    kept, gone = (
        reference(name, text(hook.body.get(name)).rpartition("/")[2])
        for name in ("admin_graphql_api_customer_kept_id", "admin_graphql_api_customer_deleted_id")
    )
    told: Told = {"type": "customer.identified", "id": told_id("shopify", "merged", gone, kept), "customer": gone}
    return Reading((told | {"time": rfc3339(hook.at), "into": kept},), customer=gone)


def read_erasure(hook: Hook) -> Reading:
    """A customer who wants to be forgotten, and the guest that they were."""
    person, at = mapping(hook.body.get("customer")), rfc3339(hook.at)
    known = [number(person.get("id"))]
    for addresses, phones in (((person.get("email"),), ()), ((), (person.get("phone"),))):
        with suppress(LeftOut):
            known.append(guest_of(addresses, phones))
    known = [one for one in known if one]
    if not known:
        raise Refused("customer.id", "expected an id, or an address")
    erased = [
        {"type": "erasure.requested", "id": told_id("shopify", "erase", one, at), "time": at, "customer": one}
        for one in known
    ]
    return Reading(tuple(erased), customer=known[0])


def contact(order: Body, customer: str, own: str, at: datetime) -> Iterator[Told]:
    """What an order tells of its customer; older than what the customer said since, it fills gaps only."""
    told = _details(mapping(order.get("customer")), order)
    if told:
        id_ = told_id("shopify", "contact", customer, own)
        yield {"type": "customer.updated", "id": id_, "time": rfc3339(at), "customer": customer, **told}


def _details(person: Body, around: Body) -> Told:
    billing = mapping(around.get("billing_address"))
    name = " ".join(filter(None, (text(person.get("first_name")), text(person.get("last_name")))))
    phone = text(person.get("phone")) or text(around.get("phone"))
    return details(
        email=text(person.get("email")) or text(around.get("email")) or text(around.get("contact_email")),
        phone=phone if phone.startswith("+") else "",
        name=name or text(billing.get("name")),
        locale=(text(around.get("customer_locale")) or text(person.get("locale"))).replace("_", "-"),
    )


def consents(person: Body, customer: str) -> Iterator[Told]:
    """Consents to advertising, as far as they were told with their moment."""
    for channel in ("email", "sms"):
        said = mapping(person.get(f"{channel}_marketing_consent"))
        state, at = said.get("state"), said.get("consent_updated_at")
        kind = {"subscribed": "consent.granted", "unsubscribed": "consent.withdrawn"}.get(str(state))
        if kind is None or at is None:
            continue
        time = rfc3339(moment("consent_updated_at", at))
        id_ = told_id("shopify", kind, customer, channel, time)
        yield {
            "type": kind, "id": id_, "time": time, "customer": customer, "channel": channel, "purpose": "marketing"
        }  # fmt: skip


def customer_of(body: Body) -> str:
    """Whose it is: Shopify's id of the customer, else the address of a guest, as in imports, or the number."""
    person = mapping(body.get("customer"))
    if account := number(person.get("id")):
        return account
    around = [mapping(body.get(f"{name}_address")) for name in ("billing", "shipping")]
    phones = [one.get("phone") for one in (body, person, *around)]
    return guest_of([body.get("email"), body.get("contact_email"), person.get("email")], phones)
