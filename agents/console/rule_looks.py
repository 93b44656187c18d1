"""How a rule's message looks: for an invented customer, by channel and language, as a sender would get it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from agents.console.decisions import CHANNEL_ICON
from agents.messages.samples import MessageSample, sample
from rules.messages import sms
from rules.rule import Rule
from rules.rulebook import Rulebook
from rules.schema import MessageChannel
from schemas.actions import AnyAction
from schemas.errors import TendError
from schemas.times import Millis

_LANGUAGES: Final = (("en", "en-US", "en"), ("de", "de-DE", "de"), ("zh", "zh-CN", "中文"))
_MESSAGES: Final = get_args(MessageChannel)


def looks(rule: Rule, book: Rulebook, query: Mapping[str, str], now: Millis) -> dict[str, Any] | None:
    """The message in the channel and language that the address asks for; None where the rule says nothing."""
    if not rule.plans:
        return None
    channels = [one for one in rule.plans[0].terms.channels if one in _MESSAGES]
    if not channels:
        return None
    channel = next((one for one in channels if one == query.get("channel")), channels[0])
    language = query.get("language") or "en"
    locale = next((locale for key, locale, _ in _LANGUAGES if key == language), _LANGUAGES[0][1])
    try:
        action = sample(book, rule, MessageSample(locale, now, _status(rule)), channel)
    except TendError as problem:
        told: dict[str, Any] = {"subject": "", "text": [str(problem)], "count": None}
    else:
        told = _told(action)
    return {
        **told,
        "lang": locale,
        "name": MessageSample(locale, now).name,
        "channels": [(one, CHANNEL_ICON[one], one == channel) for one in channels],
        "languages": [(key, shown, at == locale) for key, at, shown in _LANGUAGES],
        "channel": channel,
        "language": locale.split("-")[0],
    }


def _status(rule: Rule) -> str:
    """The state in which the invented order fits what the rule is about."""
    return "delivered" if any("delivered" in one or "survey" in one for one in rule.on) else "dispatched"


def _told(action: AnyAction) -> dict[str, Any]:
    message = action.message
    if message is None:
        return {"subject": "", "text": action.text.split("\n\n"), "count": None}
    if message.sms is not None:
        return {"subject": "", "text": [message.sms.text], "count": sms.count(sms.with_links(message.sms.text))}
    if message.push is not None:
        return {"subject": "", "text": [message.push], "count": None}
    return {"subject": message.subject, "text": [message.greeting, *message.body], "count": None}
