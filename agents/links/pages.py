"""The public pages behind signed links. GET shows and changes nothing; POST does, and does it once."""

from __future__ import annotations

import logging
from base64 import b64decode
from collections.abc import Awaitable, Callable
from email import message_from_bytes, policy
from typing import Any, Final, Protocol
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from agents.access import CUSTOMER, AccessKeys, Admitted, ContactPurpose, ShownContact, admit, contact_of
from agents.access.audit import Audit
from agents.access.authority import Actor
from agents.links.links import OPENED, Deed, Links, SurveyAnswer
from agents.links.looks import HEADERS, Looks, page
from agents.links.renewal import renewal
from agents.links.visitors import Visitor, who_follows, who_opens
from agents.senders.resolver import CustomerRecords
from rules.calendar import local_time
from rules.defaults import Defaults
from rules.messages.house import House
from rules.messages.shown import Audience, day, money, percent
from schemas.actions import MessageAction
from schemas.channels import TO_CUSTOMERS
from schemas.codec import decode_record
from schemas.errors import DependencyUnavailable
from schemas.ids import digest, partition_of
from schemas.record import CustomerRecord
from schemas.times import Millis, to_rfc3339

_MOST_FORM: Final = 16_384
_OTHERS: Final = {"delivery": ("product",), "after_sales": ("service",)}
_CATEGORIES: Final = {"delivery": "delivery", "product": "product", "service": "service", "after_sales": "service"}
"""What a low score is a complaint about, by what was asked."""
_PAGES: Final = Actor("system", "pages")
_LOG: Final = logging.getLogger(__name__)
_DOT: Final = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A picture of one transparent point."""


OnVisit = Callable[[str, Visitor], None]
"""Told of each link that was ``clicked`` and message that was ``opened``, and by whom."""


OnRenewal = Callable[[MessageAction], Awaitable[None]]
"""Gives a message with a new link to its sender."""


async def _to_nobody(asked: MessageAction) -> None:
    """Where no sender listens."""


class Writes(Protocol):
    """Where events go; the answer comes when they are safe."""

    async def __call__(self, admitted: Admitted) -> None: ...


class PublicPages:
    """What a signed link leads to."""

    def __init__(
        self,
        links: Links,
        customers: CustomerRecords,
        defaults: Defaults,
        write: Writes,
        audit: Audit,
        keys: AccessKeys,
        partitions: int,
        now: Callable[[], Millis],
    ) -> None:
        self._links, self._customers, self._defaults = links, customers, defaults
        self._write, self._audit, self._keys = write, audit, keys
        self._partitions, self._now = partitions, now
        self.seen: OnVisit = lambda done, visitor: None
        self.renew: OnRenewal = _to_nobody

    async def answer(self, request: Request) -> Response:
        """Answer a request for ``/k/TOKEN``."""
        token = str(request.path_params["token"])
        deed = await self._links.find(token)
        if deed is None or deed.deed == OPENED or self._now() >= deed.ends:
            return await self._ended(request, deed)
        view = _View(self, token, deed)
        if request.method in ("GET", "HEAD"):
            await self._follow(request, deed)
            return await view.show(request.query_params.get("a", ""))
        body = await request.body()
        if len(body) > _MOST_FORM:
            return PlainTextResponse("too long", 413, HEADERS)
        return await view.act(_form(request.headers.get("content-type", ""), body))

    async def _ended(self, request: Request, deed: Deed | None) -> Response:
        """The same for what never was, what has ended and what was spoilt: nobody learns which customers exist."""
        looks = Looks(deed.locale if deed else self._defaults.place.locale)
        if request.method != "POST" or len(body := await request.body()) > _MOST_FORM:
            return self._page(looks, "unknown", status=404, kind="renew")
        if not _form(request.headers.get("content-type", ""), body).get("renew"):
            return self._page(looks, "unknown", status=404, kind="renew")
        asked = renewal(deed, self._defaults, self._now()) if deed else None
        if asked is not None:
            await self.renew(asked)
        return page(self._defaults, looks, looks.words["renewed"], notes=[looks.words["renewed_to"]])

    async def picture(self, request: Request) -> Response:
        """Answer a request for ``/o/TOKEN.gif``: a mail was opened, by somebody or by a machine."""
        deed = await self._links.find(str(request.path_params["token"]))
        if deed is not None and deed.deed == OPENED and self._now() < deed.ends:
            await self._note(deed, "opened", who_opens(request.headers, deed.sent, self._now()))
        return Response(_DOT, media_type="image/gif", headers=HEADERS)

    async def _follow(self, request: Request, deed: Deed) -> None:
        await self._note(deed, "clicked", who_follows(request.method, request.headers, deed.sent, self._now()))

    async def _note(self, deed: Deed, done: str, visitor: Visitor) -> None:
        """Tell what a person did, once; what machines do is only counted."""
        self.seen(done, visitor)
        if visitor is Visitor.PERSON:
            try:
                await self.tell(deed, f"receipt.{done}", "visit", action_id=deed.action_id, hops=deed.hops)
            except DependencyUnavailable:
                _LOG.warning("a link was %s, and Kafka was away", done)  # the page is more important

    async def record(self, deed: Deed) -> CustomerRecord | None:
        """The customer whom a link belongs to, unless they were erased."""
        body, _ = await self._customers.customer(partition_of(deed.customer, self._partitions), deed.customer)
        record = decode_record(body) if body else None
        return None if record is None or record.erased else record

    async def masked(self, deed: Deed) -> str:
        """The address that a page belongs to, masked."""
        record = await self.record(deed)
        if record is None:
            return "***"
        contact: ShownContact = await contact_of(record, actor=_PAGES, purpose=ContactPurpose.LOOK, audit=self._audit)
        return (contact.phone if deed.channel == "sms" else contact.email) or "***"

    async def tell(self, deed: Deed, kind: str, about: str, **fields: Any) -> None:
        """Write an event that a customer caused; the same deed told twice is one event."""
        told = {
            "type": kind,
            "id": digest("link", deed.action_id, deed.deed, kind, about, size=16).hex(),
            "customer": deed.customer,
            "time": to_rfc3339(self._now()),
            **fields,
        }
        told = {name: value for name, value in told.items() if value not in ("", None)}
        admitted = admit(told, actor=CUSTOMER, source="link", keys=self._keys, partitions=self._partitions)
        await self._write(admitted)

    @property
    def links(self) -> Links:
        return self._links

    @property
    def defaults(self) -> Defaults:
        return self._defaults

    def now(self) -> Millis:
        return self._now()

    def _page(self, looks: Looks, title: str, **values: Any) -> Response:
        return page(self._defaults, looks, looks.words[title], notes=[looks.words.get(f"{title}_note", "")], **values)


class _View:
    """One link, asked for once."""

    def __init__(self, pages: PublicPages, token: str, deed: Deed) -> None:
        self._pages, self._token, self._deed = pages, token, deed
        self._looks = Looks(deed.locale)
        self._w = self._looks.words

    async def show(self, chosen: str) -> Response:
        """What the page says; nothing is changed."""
        shown: dict[str, Callable[[str], Awaitable[Response]]] = {
            "survey": self._survey,
            "reopen": self._reopen,
            "settled": self._settled,
            "unsubscribe": self._unsubscribe,
            "preferences": self._preferences,
            "coupon": self._coupon,
        }
        return await shown[self._deed.deed](chosen)

    async def act(self, form: dict[str, str]) -> Response:
        """What was asked for is done."""
        done: dict[str, Callable[[dict[str, str]], Awaitable[Response]]] = {
            "survey": self._answer,
            "reopen": self._open_again,
            "settled": self._close,
            "unsubscribe": self._withdraw,
            "preferences": self._save,
        }
        act = done.get(self._deed.deed)
        return await act(form) if act else PlainTextResponse("nothing to do here", 405, HEADERS)

    def _say(self, title: str, **values: Any) -> Response:
        return page(self._pages.defaults, self._looks, title, **values)

    def _audience(self) -> Audience:
        zone = self._pages.defaults.place.zone
        return Audience(self._deed.locale, local_time(self._pages.now(), zone).date())

    def _day(self, at: Millis) -> str:
        iso = local_time(at, self._pages.defaults.place.zone).date().isoformat()
        return day(iso, self._audience(), weekday=False)

    async def _survey(self, chosen: str) -> Response:
        w, deed = self._w, self._deed
        contact = self._pages.defaults.brand.contact_url
        if chosen == "0":
            return self._say(w["not_there_title"], paragraphs=[w["not_there"]], contact=contact)
        known = await self._pages.links.answer(self._token)
        dimension = deed.survey or "overall"
        scores = dict(known.scores) if known else {}
        if chosen in ("1", "2", "3", "4", "5"):
            scores[dimension] = int(chosen)
        told = []
        if known:
            score = str(known.scores.get(dimension, ""))
            told = [w["answered_on"].replace("{day}", self._day(known.at)).replace("{score}", score)]
        title = w["answered"] if known else w["survey"].get(dimension, w["survey"]["other"])
        notes = [w["before"], w["change_until"].replace("{day}", self._day(deed.ends))]
        return self._say(
            title, kind="survey", paragraphs=told, dimension=dimension, others=_OTHERS.get(dimension, ()),
            chosen=scores, notes=notes, contact=contact,
        )  # fmt: skip

    async def _answer(self, form: dict[str, str]) -> Response:
        w, deed = self._w, self._deed
        dimension = deed.survey or "overall"
        asked = (dimension, *_OTHERS.get(dimension, ()))
        scores = {name: int(form[name]) for name in asked if form.get(name, "") in ("1", "2", "3", "4", "5")}
        if dimension not in scores:
            return self._say(
                w["incomplete"], kind="survey", dimension=dimension, others=_OTHERS.get(dimension, ()), status=422
            )
        known = await self._pages.links.answer(self._token)
        text = form.get("text", "").strip()[:2_000]
        if known is None or known.scores != scores or text:
            about = f"{sorted(scores.items())}{text}{known.at if known else ''}"
            await self._pages.tell(
                deed, "survey.answered", about, action_id=deed.action_id, order_id=deed.order,
                complaint_id=deed.complaint, scores=scores, text=text,
            )  # fmt: skip
            await self._recover(scores, text)
            await self._pages.links.remember(self._token, SurveyAnswer(self._pages.now(), scores))
        return self._say(w["sent"], notes=[w["sent_until"].replace("{day}", self._day(deed.ends))])

    async def _recover(self, scores: dict[str, int], text: str) -> None:
        """A low score is a complaint: it gets an owner and a deadline, and holds advertising while it is open."""
        worst = min(scores, key=lambda name: (scores[name], name))
        if scores[worst] > self._pages.defaults.complaints.survey_score:
            return
        number = f"s-{digest('survey', self._deed.action_id, size=5).hex()}"
        about = _CATEGORIES.get(worst, "other")
        told = {"complaint_id": number, "category": about, "order_id": self._deed.order, "text": text}
        await self._pages.tell(self._deed, "complaint.opened", number, **told)

    async def _reopen(self, chosen: str) -> Response:
        if await self._is_open():
            return self._say(self._w["open_already"])
        told = self._w["reopen_number"].replace("{id}", self._deed.complaint)
        return self._say(self._w["still_open"], kind="reopen", paragraphs=[told])

    async def _open_again(self, form: dict[str, str]) -> Response:
        if not await self._is_open():
            told = {"complaint_id": self._deed.complaint, "text": form.get("text", "").strip()[:2_000]}
            await self._pages.tell(self._deed, "complaint.reopened", self._deed.complaint, **told)
        return self._say(self._w["reopened"], paragraphs=[self._w["reopened_by"]])

    async def _is_open(self) -> bool:
        record = await self._pages.record(self._deed)
        known = record.complaints.recent if record else []
        return any(one.id == self._deed.complaint and not one.closed for one in known)

    async def _settled(self, chosen: str) -> Response:
        return self._say(self._w["settled_ask"], kind="confirm", button=self._w["settled_yes"])

    async def _close(self, form: dict[str, str]) -> Response:
        deed = self._deed
        await self._pages.tell(deed, "receipt.clicked", "settled", action_id=deed.action_id, hops=deed.hops)
        return self._say(self._w["settled"])

    def _by(self, words: str) -> str:
        return str(self._w[words]).replace("{channel}", self._w["by"].get(self._deed.channel, self._deed.channel))

    async def _unsubscribe(self, chosen: str) -> Response:
        told = self._w["unsubscribe_for"].replace("{masked}", await self._pages.masked(self._deed))
        return self._say(
            self._by("unsubscribe_ask"), kind="confirm", paragraphs=[told], button=self._w["unsubscribe_yes"]
        )

    async def _withdraw(self, form: dict[str, str]) -> Response:
        deed = self._deed
        known, about = await self._pages.links.answer(self._token), str(self._pages.now())
        if form.get("undo"):
            if known is not None:
                told = {"channel": deed.channel, "purpose": deed.purpose}
                await self._pages.tell(deed, "consent.granted", about, **told)
                await self._pages.links.forget(self._token)
            return self._say(self._by("undone"))
        if known is None:
            # Providers post the same several times; it is told once.
            await self._pages.tell(
                deed, "receipt.unsubscribed", about, action_id=deed.action_id, hops=deed.hops, channel=deed.channel,
                purpose=deed.purpose,
            )  # fmt: skip
            await self._pages.links.remember(self._token, SurveyAnswer(self._pages.now()))
        note = self._w["unsubscribed_note"]
        return self._say(self._by("unsubscribed"), kind="undo", button=self._w["undo"], notes=[note])

    async def _preferences(self, chosen: str) -> Response:
        told = self._w["preferences_for"].replace("{masked}", await self._pages.masked(self._deed))
        return self._say(
            self._w["preferences"], kind="preferences", paragraphs=[told], notes=[self._w["preferences_note"]],
            allowed=await self._allowed(),
        )  # fmt: skip

    async def _allowed(self) -> set[tuple[str, str]]:
        record = await self._pages.record(self._deed)
        service = self._pages.defaults.consents.service
        allowed: set[tuple[str, str]] = {(channel, "service") for channel in service}
        for one in record.consents if record else ():
            known = (one.channel, one.purpose)
            allowed = allowed | {known} if one.granted else allowed - {known}
        return allowed

    async def _save(self, form: dict[str, str]) -> Response:
        before = await self._allowed()
        for purpose in ("service", "marketing"):
            for channel in TO_CUSTOMERS:
                wanted = f"{purpose}-{channel}" in form and not (form.get("none") and purpose == "marketing")
                if form.get("none") and purpose == "service":
                    continue
                if wanted != ((channel, purpose) in before):
                    kind = "consent.granted" if wanted else "consent.withdrawn"
                    about = f"{channel}{purpose}{self._pages.now()}"
                    await self._pages.tell(self._deed, kind, about, channel=channel, purpose=purpose)
        return self._say(self._w["saved"])

    async def _coupon(self, chosen: str) -> Response:
        record = await self._pages.record(self._deed)
        held = next((one for one in record.coupons if one.code == self._deed.coupon), None) if record else None
        contact = self._pages.defaults.brand.contact_url
        if held is None or held.redeemed:
            return self._say(self._w["coupon_used"], contact=contact)
        if held.expires <= self._pages.now():
            return self._say(self._w["coupon_expired"].replace("{day}", self._day(held.expires - 1)), contact=contact)
        house, audience = House(self._pages.defaults, self._deed.locale), self._audience()
        currency = record.purchases.currency if record else ""
        off = percent(held.percent, audience) if held.percent else money(held.amount, currency, audience)
        return self._say(
            self._w["coupon"], kind="coupon", worth=house.phrases.worth.replace("{off}", off), code=held.code,
            until_label=house.phrases.until,
            until=house.phrases.last_day.replace("{day}", self._day(held.expires - 1)),
            notes=[self._w["checkout"], self._w["bound"]],
        )  # fmt: skip


def _form(kind: str, body: bytes) -> dict[str, str]:
    """The fields of a form, urlencoded or multipart, as mail providers post them."""
    if kind.startswith("multipart/"):
        parts = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body, policy=policy.HTTP)
        return {
            str(part.get_param("name", header="content-disposition")): part.get_content()
            for part in parts.iter_parts()
            if part.get_content_maintype() == "text"
        }
    told = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in told.items()}
