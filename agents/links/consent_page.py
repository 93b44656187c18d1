"""Pages about what the customer allows: unsubscribing, and the preference centre."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from starlette.responses import Response

from agents.links.link_page import Act, LinkPage, Show
from agents.links.links import SurveyAnswer
from agents.links.looks import language_among, languages
from rules.traditional import TRADITIONAL
from schemas.channels import TO_CUSTOMERS
from schemas.readings import may_profile

_LOCALES: Final = {"zh": "zh-CN", TRADITIONAL: "zh-Hant"}
"""Where a language alone would leave open how it is written."""


class ConsentPage(LinkPage):
    """Unsubscribing from offers, and what may be sent at all."""

    async def _unsubscribe(self, chosen: str) -> Response:
        if await self._is_withdrawn():
            return self._unsubscribed()
        told = self._w["unsubscribe_for"].replace("{masked}", await self._linked.masked(self._deed))
        beside = self._linked.links.token(self._deed.action_id, "preferences")
        more = f"/k/{beside}" if await self._linked.links.find(beside) else ""
        return self._say(
            self._by("unsubscribe_ask"), kind="confirm", paragraphs=[told], button=self._w["unsubscribe_yes"],
            beside=more, beside_label=self._w["unsubscribe_some"],
        )  # fmt: skip

    def _unsubscribed(self) -> Response:
        note = self._w["unsubscribed_note"]
        return self._say(self._by("unsubscribed"), kind="undo", button=self._w["undo"], notes=[note])

    async def _is_withdrawn(self) -> bool:
        """Whether consent was withdrawn by this link, and not given again since."""
        known = await self._linked.links.answer(self._token)
        if known is None:
            return False
        record, about = await self._linked.record(self._deed), (self._deed.channel, self._deed.purpose)
        consents = record.consents if record else ()
        return not any(one.granted and one.at > known.at for one in consents if (one.channel, one.purpose) == about)

    async def _withdraw(self, form: dict[str, str]) -> Response:
        deed = self._deed
        known, about = await self._linked.links.answer(self._token), str(self._linked.now())
        if form.get("undo"):
            if known is not None:
                told = {"channel": deed.channel, "purpose": deed.purpose}
                await self._linked.tell(deed, "consent.granted", about, **told)
                await self._linked.links.forget(self._token)
            return self._say(self._by("undone"))
        if not await self._is_withdrawn():
            # Providers post the same several times; it is told once.
            await self._linked.tell(
                deed, "receipt.unsubscribed", about, action_id=deed.action_id, hops=deed.hops, channel=deed.channel,
                purpose=deed.purpose,
            )  # fmt: skip
            await self._linked.links.remember(self._token, SurveyAnswer(self._linked.now()))
        return self._unsubscribed()

    async def _preferences(self, chosen: str) -> Response:
        told = self._w["preferences_for"].replace("{masked}", await self._linked.masked(self._deed))
        return self._say(
            self._w["preferences"], kind="preferences", paragraphs=[told], notes=[self._w["preferences_note"]],
            allowed=await self._allowed(), may_profile=await self._may_profile(),
            languages=languages(), language=await self._language(),
        )  # fmt: skip

    async def _language(self) -> str:
        """What the customer is written to in, of the languages that pages speak."""
        record = await self._linked.record(self._deed)
        locale = (record.profile.locale if record else "") or self._deed.locale
        return language_among(locale) or language_among(self._looks.locale) or self._looks.locale

    async def _may_profile(self) -> bool:
        record = await self._linked.record(self._deed)
        return record is None or may_profile(record.consents)

    async def _allowed(self) -> set[tuple[str, str]]:
        record = await self._linked.record(self._deed)
        service = self._linked.defaults.consents.service
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
                    about = f"{channel}{purpose}{self._linked.now()}"
                    await self._linked.tell(self._deed, kind, about, channel=channel, purpose=purpose)
        # A form that was drawn without the switch says nothing about it.
        if form.get("profile", "") and (form["profile"] == "1") != await self._may_profile():
            kind = "consent.granted" if form["profile"] == "1" else "consent.withdrawn"
            await self._linked.tell(
                self._deed, kind, f"profile{self._linked.now()}", channel="any", purpose="profiling"
            )
        language = form.get("language", "")
        if language in dict(languages()) and language != await self._language():
            about = f"language{self._linked.now()}"
            await self._linked.tell(self._deed, "customer.updated", about, locale=_LOCALES.get(language, language))
        return self._say(self._w["saved"])

    def _by(self, words: str) -> str:
        return str(self._w[words]).replace("{channel}", self._w["by"].get(self._deed.channel, self._deed.channel))

    shown: ClassVar[Mapping[str, Show]] = {"unsubscribe": _unsubscribe, "preferences": _preferences}
    done: ClassVar[Mapping[str, Act]] = {"unsubscribe": _withdraw, "preferences": _save}
