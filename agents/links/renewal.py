"""A new link in place of one that has ended: sent to the customer's own address, never shown to who asks for it."""

from __future__ import annotations

from typing import Any, Final, get_args

from agents.links.links import Deed
from agents.links.looks import Looks
from rules.defaults import Defaults
from rules.messages.sms import count, with_links
from rules.texts.house import House
from schemas.actions import MessageAction
from schemas.channels import channel_spec
from schemas.ids import digest
from schemas.message import Button, Message, Sms, Target, link_slot
from schemas.times import DAY, Millis, to_datetime

_CHANNELS: Final = ("email", "sms")
_INSTEAD: Final = {"unsubscribe": "preferences"}
"""A message of service has no link that ends service; the page of preferences does the same and more."""


def renewal(deed: Deed, defaults: Defaults, now: Millis) -> MessageAction | None:
    """The message with the new link; None where the old one came by a channel that carries none.

    Asked for several times on a day it is one message, by its id.
    """
    target = _INSTEAD.get(deed.deed, deed.deed)
    if deed.channel not in _CHANNELS or target not in get_args(Target):
        return None
    today = now // DAY * DAY
    house, words = House(defaults, deed.locale), Looks(deed.locale).words
    kept = {"order.id": deed.order, "complaint.id": deed.complaint, "coupon.code": deed.coupon}
    return MessageAction(
        action_id=digest("renewal", deed.action_id, deed.deed, str(today), size=16).hex(),
        customer=deed.customer, channel=deed.channel,  # type: ignore[arg-type]  # the deed keeps it as plain text
        address=f"customer/{deed.customer}/{channel_spec(deed.channel).address}",
        rule="new_link", purpose="service", rulebook="links",
        almanac=-2, reason="asked for a new link", template="new_link",
        values={name: told for name, told in kept.items() if told}, text=words["renewal"]["headline"],
        message=_message(house, words["renewal"], target, deed.locale), locale=deed.locale,
        decided_at=to_datetime(today), not_before=to_datetime(today), expires_at=to_datetime(today + 2 * DAY),
        priority=900, hops=deed.hops, survey=deed.survey or None,
    )  # fmt: skip


def _message(house: House, words: dict[str, Any], target: str, locale: str) -> Message:
    text = f"{house.named('sms_name')}: {words['headline']} {link_slot(target)}"
    if house.language == "zh":
        text = house.signed_sms(f"{words['headline']} {link_slot(target)}", "")
    counted = count(with_links(text))
    return Message(
        locale=locale, subject=words["headline"], headline=words["headline"], body=(words["body"],),
        greeting=house.phrases.greeting,
        buttons=(Button(label=words["open"], to=target),),  # type: ignore[arg-type]  # one of them, as was asked
        sign_off=house.sign_off("service"), why=words["why"], footer=house.footer("service"), brand=house.brand,
        sms=Sms(text=text, encoding=counted.encoding, parts=counted.parts),
    )  # fmt: skip
