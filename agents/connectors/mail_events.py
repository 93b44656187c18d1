"""What mail providers tell of mails by webhook: Amazon SES (by SNS), Mailgun, Postmark and SendGrid.

They write the envelope's sender anew, so bounces come to them and not back; this is how they hand them on. What a
mail server said is read as bounces are; a provider's own word counts only where that says nothing. Openings and clicks
are left out: tend's own links tell people from machines.
Sources: https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html,
https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads,
https://postmarkapp.com/developer/webhooks/bounce-webhook, https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import orjson

from agents.connectors.told import Body, LeftOut, mapping, mappings, number, text
from agents.senders.bounces import meaning
from agents.senders.mail_news import MailNews
from schemas.times import Millis, to_millis

_OURS: Final = re.compile(r"^<?(?:tend\.)?([0-9a-f]{32})(?:@[^<>\s]+>?)?$")
"""An action's id, alone or as a Message-ID."""
ON_ITS_WAY: Final = "on its way"
NO_NEWS: Final = "no news of a mail"
CONFIRM: Final = "a subscription of Amazon SNS: open its SubscribeURL once"


class MailOutcome(NamedTuple):
    """What a provider says became of a mail."""

    kind: str
    """Of the receipt: ``delivered``, ``failed``, ``unsubscribed``."""
    reason: str = ""
    permanent: bool = False


def read_mail_events(told: Any) -> list[MailNews | LeftOut]:
    """The news in a webhook's body, in its order; what is none says why.

    Raises:
        LeftOut: there is nothing in it at all.
    """
    provider = provider_of(told)
    if provider == "sendgrid":
        return [_one(event, _sendgrid) for event in mappings(told)]
    body = mapping(told)
    if body.get("Type") == "SubscriptionConfirmation":
        raise LeftOut(CONFIRM)
    if body.get("Type") == "Notification":
        body = _within(text(body.get("Message")))
        provider = "ses" if provider_of(body) == "ses" else ""
    if not provider:
        raise LeftOut(NO_NEWS)
    return [_one(body, _SHAPES[provider].read)]


def provider_of(told: Any) -> str:
    """Who sends a body like this: ``sendgrid``, ``mailgun``, ``postmark``, ``ses``; empty where nobody does."""
    if isinstance(told, list):
        return "sendgrid"
    body = mapping(told)
    if body.get("Type") in ("SubscriptionConfirmation", "Notification"):
        return "ses"
    return next((name for name, shape in _SHAPES.items() if any(mark in body for mark in shape.marks)), "")


_Read = Callable[[Body], tuple[Iterator[Any], Any, MailOutcome]]
"""Where the action may be named, when it was, and what became of the mail."""


def _one(event: Body, read: _Read) -> MailNews | LeftOut:
    try:
        names, at, outcome = read(event)
    except LeftOut as nothing:
        return nothing
    action_id = next((found[1] for name in names if (found := _OURS.match(text(name)))), "")
    if not action_id:
        return LeftOut("no mail of ours")
    return MailNews(action_id, outcome.kind, outcome.reason, outcome.permanent, _moment(at))


# ------------------------------------------------------------- Amazon SES


def _ses(event: Body) -> tuple[Iterator[Any], Any, MailOutcome]:
    mail = mapping(event.get("mail"))
    kind = text(event.get("eventType")) or text(event.get("notificationType"))
    about = mapping(event.get(kind[:1].lower() + kind[1:]))
    return _ses_names(mail), about.get("timestamp"), _ses_outcome(kind, about)


def _ses_names(mail: Body) -> Iterator[Any]:
    """SES gives mails an id of its own; among the headers stands ours, and it is a tag of ours."""
    tags = mapping(mail.get("tags")).get("action")
    yield from tags if isinstance(tags, list) else ()
    for header in mappings(mail.get("headers")):
        if text(header.get("name")).lower() == "message-id":
            yield header.get("value")
    yield mapping(mail.get("commonHeaders")).get("messageId")


def _ses_outcome(kind: str, about: Body) -> MailOutcome:
    if kind == "Delivery":
        return MailOutcome("delivered")
    if kind == "Complaint":
        if about.get("complaintFeedbackType") == "not-spam":
            raise LeftOut(NO_NEWS)
        return MailOutcome("unsubscribed")
    if kind == "Reject":
        return MailOutcome("failed", "refused_by_provider")
    if kind != "Bounce":
        raise LeftOut(ON_ITS_WAY if kind in ("Send", "DeliveryDelay") else NO_NEWS)
    recipient = next(iter(mappings(about.get("bouncedRecipients"))), {})
    dead, reason = meaning(text(recipient.get("status")), text(recipient.get("diagnosticCode")))
    if about.get("bounceType") != "Permanent":
        return MailOutcome("failed", _soft(reason))
    if reason.startswith("unspecified") and about.get("bounceSubType") == "NoEmail":
        return MailOutcome("failed", "user_unknown", permanent=True)
    return MailOutcome("failed", reason, dead)


def _soft(reason: str) -> str:
    return reason if not reason.startswith(("user_unknown", "domain_unknown")) else "unspecified"


# ------------------------------------------------------------- Mailgun


def _mailgun(event: Body) -> tuple[Iterator[Any], Any, MailOutcome]:
    data = mapping(event.get("event-data"))
    headers = mapping(mapping(data.get("message")).get("headers"))
    names = iter((mapping(data.get("user-variables")).get("action"), headers.get("message-id")))
    return names, data.get("timestamp"), _mailgun_outcome(data)


def _mailgun_outcome(data: Body) -> MailOutcome:
    kind = text(data.get("event"))
    if kind in ("complained", "unsubscribed"):
        return MailOutcome("unsubscribed")
    if kind == "delivered":
        return MailOutcome("delivered")
    if kind == "rejected":
        return MailOutcome("failed", "refused_by_provider")
    if kind != "failed":
        raise LeftOut(ON_ITS_WAY if kind in ("accepted", "stored") else NO_NEWS)
    if data.get("severity") != "permanent":
        raise LeftOut(ON_ITS_WAY)
    # Its own list of whom it sends nothing: addresses that came back, and people who left.
    if data.get("reason") in ("suppress-unsubscribe", "suppress-complaint"):
        return MailOutcome("unsubscribed")
    if data.get("reason") == "suppress-bounce":
        return MailOutcome("failed", "suppressed", permanent=True)
    status = mapping(data.get("delivery-status"))
    said = " ".join(
        filter(None, (number(status.get("code")), text(status.get("message")), text(status.get("description"))))
    )
    dead, reason = meaning(text(status.get("enhanced-code")), said)
    return MailOutcome("failed", reason, dead)


# ------------------------------------------------------------- Postmark


_POSTMARK_DEAD: Final = ("HardBounce", "BadEmailAddress")
_POSTMARK_REFUSED: Final = ("SpamNotification", "Blocked", "DMARCPolicy", "VirusNotification")
_POSTMARK_SOFT: Final = ("SoftBounce", "DnsError", "Unknown", "ManuallyDeactivated", "SMTPApiError")


def _postmark(event: Body) -> tuple[Iterator[Any], Any, MailOutcome]:
    at = event.get("BouncedAt") or event.get("DeliveredAt") or event.get("ChangedAt")
    return iter((mapping(event.get("Metadata")).get("action"),)), at, _postmark_outcome(event)


def _postmark_outcome(event: Body) -> MailOutcome:
    record, kind = text(event.get("RecordType")), text(event.get("Type"))
    if record == "Delivery":
        return MailOutcome("delivered")
    if record == "SpamComplaint" or (record == "SubscriptionChange" and event.get("SuppressSending") is True):
        return MailOutcome("unsubscribed")
    if record != "Bounce":
        raise LeftOut(NO_NEWS)
    if kind in ("Unsubscribe", "SpamComplaint"):
        return MailOutcome("unsubscribed")
    if kind == "Transient":
        raise LeftOut(ON_ITS_WAY)
    dead, reason = meaning("", text(event.get("Details")))
    if kind in _POSTMARK_DEAD:
        return MailOutcome(
            "failed", "user_unknown" if reason == "unspecified" else reason, dead or reason == "unspecified"
        )
    if kind in _POSTMARK_REFUSED:
        return MailOutcome("failed", "refused_as_spam")
    if kind in _POSTMARK_SOFT:
        return MailOutcome("failed", _soft(reason))
    raise LeftOut(NO_NEWS)  # automatic answers, changes of address, challenges


# ------------------------------------------------------------- SendGrid


_SENDGRID_LEFT: Final = ("spamreport", "unsubscribe", "group_unsubscribe")
_SENDGRID_DROPPED: Final[Mapping[str, MailOutcome]] = {
    "bounced address": MailOutcome("failed", "suppressed", permanent=True),
    "invalid": MailOutcome("failed", "address_invalid", permanent=True),
    "unsubscribed address": MailOutcome("unsubscribed"),
    "spam reporting address": MailOutcome("unsubscribed"),
}


def _sendgrid(event: Body) -> tuple[Iterator[Any], Any, MailOutcome]:
    return iter((event.get("action"), event.get("smtp-id"))), event.get("timestamp"), _sendgrid_outcome(event)


def _sendgrid_outcome(event: Body) -> MailOutcome:
    kind, reason = text(event.get("event")), text(event.get("reason"))
    if kind in _SENDGRID_LEFT:
        return MailOutcome("unsubscribed")
    if kind == "delivered":
        return MailOutcome("delivered")
    if kind == "dropped":
        return _SENDGRID_DROPPED.get(reason.casefold(), MailOutcome("failed", "refused_by_provider"))
    if kind != "bounce":
        raise LeftOut(ON_ITS_WAY if kind in ("processed", "deferred") else NO_NEWS)
    dead, why = meaning(text(event.get("status")), reason)
    # Blocked: the message, or the machine that it came from; never the address.
    return MailOutcome(
        "failed", _soft(why) if event.get("type") == "blocked" else why, dead and event.get("type") != "blocked"
    )


class _Shape(NamedTuple):
    marks: tuple[str, ...]
    """What tells the providers apart."""
    read: _Read


_SHAPES: Final = {
    "mailgun": _Shape(("event-data",), _mailgun),
    "postmark": _Shape(("RecordType",), _postmark),
    "ses": _Shape(("notificationType", "eventType"), _ses),
}


def _within(message: str) -> Body:
    try:
        return mapping(orjson.loads(message))
    except orjson.JSONDecodeError:
        return {}


def _moment(told: Any) -> Millis:
    """When it was: seconds, or RFC 3339; 0 where that cannot be read."""
    if isinstance(told, (int, float)) and not isinstance(told, bool):
        return int(told * 1_000)
    try:
        read = datetime.fromisoformat(_whole_micros(text(told)))
    except ValueError:
        return 0
    return to_millis(read if read.tzinfo else read.replace(tzinfo=UTC))


def _whole_micros(told: str) -> str:
    """A time with no more digits than microseconds have; Postmark writes seven."""
    return re.sub(r"(\.\d{6})\d+", r"\1", told)
