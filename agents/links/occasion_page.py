"""Pages about one occasion: a survey, a complaint that was closed, a coupon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from starlette.responses import Response

from agents.links.link_page import Act, LinkPage, Show
from agents.links.links import SurveyAnswer
from rules.calendar import local_time
from rules.templates.shown import Audience, day, money, percent
from rules.texts.house import House
from schemas.ids import digest
from schemas.times import Millis

_OTHERS: Final = {"delivery": ("product",), "after_sales": ("service",)}
_CATEGORIES: Final = {"delivery": "delivery", "product": "product", "service": "service", "after_sales": "service"}
"""What a low score is a complaint about, by what was asked."""


class OccasionPage(LinkPage):
    """A survey, a complaint that was closed, a coupon."""

    def _audience(self) -> Audience:
        zone = self._linked.defaults.place.zone
        return Audience(self._deed.locale, local_time(self._linked.now(), zone).date())

    def _day(self, at: Millis) -> str:
        iso = local_time(at, self._linked.defaults.place.zone).date().isoformat()
        return day(iso, self._audience(), weekday=False)

    async def _survey(self, chosen: str) -> Response:
        w, deed = self._w, self._deed
        contact = self._linked.defaults.brand.contact_url
        if chosen == "0":
            return self._say(w["not_there_title"], paragraphs=[w["not_there"]], contact=contact)
        known = await self._linked.links.answer(self._token)
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
        known = await self._linked.links.answer(self._token)
        text = form.get("text", "").strip()[:2_000]
        if known is None or known.scores != scores or text:
            about = f"{sorted(scores.items())}{text}{known.at if known else ''}"
            await self._linked.tell(
                deed, "survey.answered", about, action_id=deed.action_id, order_id=deed.order,
                complaint_id=deed.complaint, scores=scores, text=text,
            )  # fmt: skip
            await self._recover(scores, text)
            await self._linked.links.remember(self._token, SurveyAnswer(self._linked.now(), scores))
        return self._say(w["sent"], notes=[w["sent_until"].replace("{day}", self._day(deed.ends))])

    async def _recover(self, scores: dict[str, int], text: str) -> None:
        """A low score is a complaint: it gets an owner and a deadline, and holds advertising while it is open."""
        worst = min(scores, key=lambda name: (scores[name], name))
        if scores[worst] > self._linked.defaults.complaints.survey_score:
            return
        number = f"s-{digest('survey', self._deed.action_id, size=5).hex()}"
        about = _CATEGORIES.get(worst, "other")
        told = {"complaint_id": number, "category": about, "order_id": self._deed.order, "text": text}
        await self._linked.tell(self._deed, "complaint.opened", number, **told)

    async def _reopen(self, chosen: str) -> Response:
        if await self._is_open():
            return self._say(self._w["open_already"])
        told = self._w["reopen_number"].replace("{id}", self._deed.complaint)
        return self._say(self._w["still_open"], kind="reopen", paragraphs=[told])

    async def _open_again(self, form: dict[str, str]) -> Response:
        if not await self._is_open():
            told = {"complaint_id": self._deed.complaint, "text": form.get("text", "").strip()[:2_000]}
            await self._linked.tell(self._deed, "complaint.reopened", self._deed.complaint, **told)
        return self._say(self._w["reopened"], paragraphs=[self._w["reopened_by"]])

    async def _is_open(self) -> bool:
        record = await self._linked.record(self._deed)
        known = record.complaints.recent if record else []
        return any(one.id == self._deed.complaint and not one.closed for one in known)

    async def _settled(self, chosen: str) -> Response:
        return self._say(self._w["settled_ask"], kind="confirm", button=self._w["settled_yes"])

    async def _close(self, form: dict[str, str]) -> Response:
        deed = self._deed
        await self._linked.tell(deed, "receipt.clicked", "settled", action_id=deed.action_id, hops=deed.hops)
        return self._say(self._w["settled"])

    async def _coupon(self, chosen: str) -> Response:
        record = await self._linked.record(self._deed)
        held = next((one for one in record.coupons if one.code == self._deed.coupon), None) if record else None
        contact = self._linked.defaults.brand.contact_url
        if held is None:
            return self._say(self._w["coupon_gone"], contact=contact)
        if held.redeemed:
            return self._say(self._w["coupon_used"], contact=contact)
        if held.expires <= self._linked.now():
            return self._say(self._w["coupon_expired"].replace("{day}", self._day(held.expires - 1)), contact=contact)
        house, audience = House(self._linked.defaults, self._deed.locale), self._audience()
        currency = record.purchases.currency if record else ""
        off = percent(held.percent, audience) if held.percent else money(held.amount, currency, audience)
        return self._say(
            self._w["coupon"], kind="coupon", worth=house.phrases.worth.replace("{off}", off), code=held.code,
            until_label=house.phrases.until,
            until=house.phrases.last_day.replace("{day}", self._day(held.expires - 1)),
            notes=[self._w["checkout"], self._w["bound"]],
        )  # fmt: skip

    shown: ClassVar[Mapping[str, Show]] = {"survey": _survey, "reopen": _reopen, "settled": _settled, "coupon": _coupon}
    done: ClassVar[Mapping[str, Act]] = {"survey": _answer, "reopen": _open_again, "settled": _close}
