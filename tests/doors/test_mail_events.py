"""What mail providers tell by their webhooks: which addresses are dead, who has left, and what is no news at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.routing import Route

from agents.access import Admitted
from agents.gateway.admission import ServerAdmission
from agents.gateway.intake import Tally
from agents.gateway.keys import read_keys
from agents.gateway.mail_events import MailEventDoor
from agents.gateway.throttle import Throttle
from agents.senders.later_receipts import LaterReceipts
from agents.senders.ledger import Ledger, SendingStep
from agents.senders.mail_news import MailDesk
from infra.telemetry import Telemetry
from schemas.errors import DependencyUnavailable
from tests.agents.senders.post_office import post_office
from tests.agents.senders.sending import KEYS, NOON, Shop, action, anna, smtp
from tests.doors.told import comes_in

ACTION = "0123456789abcdef0123456789abcdef"
OURS = f"<{ACTION}@lindmoor.example>"


class Mails:
    """The door, one mail that was sent, and what is told of it."""

    def __init__(self, client: Any) -> None:
        self.written: list[dict[str, Any]] = []
        self.away = False
        self.ledger = Ledger(client, "store", "email")
        desk = MailDesk(LaterReceipts(self.ledger, self._write, KEYS, 8, lambda: NOON))
        keys = read_keys("ses:a-secret-of-the-provider,web!:a-key-everybody-reads")
        tally = Tally(Telemetry(CollectorRegistry()))
        door = MailEventDoor(desk, ServerAdmission(keys, Throttle(1e6, 1e6, lambda: 0.0)), tally)
        app = Starlette(routes=[Route("/v1/mail-events", door.answer, methods=["POST"])])
        self.web = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://gateway", auth=("a-secret-of-the-provider", "")
        )

    async def _write(self, admitted: Admitted) -> None:
        if self.away:
            raise DependencyUnavailable("Kafka does not answer")
        self.written.append(orjson.loads(admitted.body))

    async def post(self, told: Any, **more: Any) -> httpx.Response:
        return await self.web.post("/v1/mail-events", json=told, **more)

    async def heard(self, told: Any) -> tuple[str, str, bool] | None:
        """Kind, reason and whether it is for good, of the one receipt that follows; none where nothing does."""
        answer = await self.post(told)
        assert answer.status_code == 200, answer.text
        assert answer.json()["taken"] == len(self.written) <= 1
        for one in self.written:
            assert (one["action_id"], one["customer"]) == (ACTION, "c-1")
            return one["type"].removeprefix("receipt."), one.get("reason", ""), one.get("permanent", False)
        return None


@pytest.fixture
async def mails(client: Any) -> AsyncIterator[Mails]:
    opened = Mails(client)
    await opened.ledger.write(ACTION, SendingStep.TOLD, "c-1")
    yield opened
    await opened.web.aclose()


def ses(kind: str, *, by: str = "notificationType", **about: Any) -> dict[str, Any]:
    """As SNS hands on what SES says: JSON in JSON."""
    headers = [{"name": "From", "value": "post@lindmoor.example"}, {"name": "Message-ID", "value": OURS}]
    mail = {"messageId": "0000014644fe5ef6-9a483358", "headersTruncated": False, "headers": headers}
    told = {by: kind, "mail": mail, kind[:1].lower() + kind[1:]: {"timestamp": "2026-11-12T16:00:00.000Z", **about}}
    return {
        "Type": "Notification",
        "MessageId": "m-1",
        "TopicArn": "arn:aws:sns",
        "Message": orjson.dumps(told).decode(),
    }


def bounced(kind: str, sub: str, status: str = "", said: str = "", **more: Any) -> dict[str, Any]:
    recipient = {"emailAddress": "kunde@mail.test", "action": "failed", "status": status, "diagnosticCode": said}
    return ses("Bounce", bounceType=kind, bounceSubType=sub, bouncedRecipients=[recipient], **more)


@pytest.mark.parametrize(("told", "expected"), [
    (bounced("Permanent", "General", "5.1.1", "smtp; 550 5.1.1 user unknown"), ("failed", "user_unknown 5.1.1", True)),
    (bounced("Permanent", "NoEmail"), ("failed", "user_unknown", True)),
    (bounced("Permanent", "General", "5.7.1", "smtp; 550 5.7.1 blocked"), ("failed", "refused_as_spam 5.7.1", False)),
    (bounced("Transient", "MailboxFull", "5.2.2", "smtp; 552 5.2.2 full"), ("failed", "mailbox_full 5.2.2", False)),
    (bounced("Transient", "General"), ("failed", "unspecified", False)),
    (bounced("Undetermined", "Undetermined"), ("failed", "unspecified", False)),
    (ses("Complaint", complaintFeedbackType="abuse"), ("unsubscribed", "", False)),
    (ses("Complaint"), ("unsubscribed", "", False)),
    (ses("Complaint", complaintFeedbackType="not-spam"), None),
    (ses("Delivery"), ("delivered", "", False)),
    (ses("Delivery", by="eventType"), ("delivered", "", False)),
    (ses("Send", by="eventType"), None),
    (ses("DeliveryDelay", by="eventType"), None),
    (ses("Open", by="eventType"), None),
])  # fmt: skip
@comes_in(
    "providers of mail",
    "django-ses/django-ses PR #178, #204, #259: eventType or notificationType, by how it was set up",
    "knadh/listmonk #1122: deliveries counted as bounces",
    "baptisteArno/typebot.io PR #2377: transient bounces of a full mailbox",
)  # fmt: skip
async def test_what_ses_says_by_sns(mails: Mails, told: dict[str, Any], expected: tuple[str, str, bool] | None) -> None:
    assert await mails.heard(told) == expected


async def test_what_sns_hands_on_raw_is_the_same_and_a_subscription_says_what_to_do(mails: Mails) -> None:
    link = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription"
    asked = await mails.post({"Type": "SubscriptionConfirmation", "SubscribeURL": link, "Token": "t"})
    assert (asked.json()["taken"], asked.json()["open"]) == (0, link)

    assert await mails.heard(orjson.loads(ses("Delivery")["Message"])) == ("delivered", "", False)


def mailgun(event: str, **data: Any) -> dict[str, Any]:
    told = {
        "event": event,
        "timestamp": 1_795_000_000.5,
        "message": {"headers": {"message-id": OURS.strip("<>")}},
        **data,
    }
    return {"signature": {"token": "t", "timestamp": "1", "signature": "s"}, "event-data": told}


@pytest.mark.parametrize(("told", "expected"), [
    (mailgun("failed", severity="temporary", reason="generic"), None),
    (mailgun("failed", severity="temporary", reason="greylisted"), None),
    (mailgun("failed", severity="permanent", reason="bounce",
             **{"delivery-status": {"code": 550, "enhanced-code": "5.1.1", "message": "5.1.1 does not exist"}}),
     ("failed", "user_unknown 5.1.1", True)),
    (mailgun("failed", severity="permanent", reason="generic",
             **{"delivery-status": {"code": 552, "message": "5.2.2 The email account is over quota"}}),
     ("failed", "mailbox_full 5.2.2", False)),
    (mailgun("failed", severity="permanent", reason="suppress-bounce", **{"delivery-status": {"code": 605}}),
     ("failed", "suppressed", True)),
    (mailgun("failed", severity="permanent", reason="suppress-unsubscribe", **{"delivery-status": {"code": 606}}),
     ("unsubscribed", "", False)),
    (mailgun("failed", severity="permanent", reason="suppress-complaint", **{"delivery-status": {"code": 607}}),
     ("unsubscribed", "", False)),
    (mailgun("complained"), ("unsubscribed", "", False)),
    (mailgun("unsubscribed"), ("unsubscribed", "", False)),
    (mailgun("delivered"), ("delivered", "", False)),
    (mailgun("opened"), None),
])  # fmt: skip
@comes_in(
    "providers of mail",
    "anymail/django-anymail #130: a broken connection told as failed, temporary and generic",
    "putyourlightson/craft-campaign #178: permanent failures that are none of the address",
    "symfony/symfony #50164: 605, 606 and 607, which Mailgun never sends",
)  # fmt: skip
async def test_what_mailgun_says(mails: Mails, told: dict[str, Any], expected: tuple[str, str, bool] | None) -> None:
    assert await mails.heard(told) == expected


def postmark(kind: str, details: str = "", record: str = "Bounce", **more: Any) -> dict[str, Any]:
    return {
        "RecordType": record, "ID": 42, "Type": kind, "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Details": details, "Email": "kunde@mail.test", "BouncedAt": "2026-11-12T11:00:00.2735393-04:00",
        "Metadata": {"action": ACTION}, **more,
    }  # fmt: skip


@pytest.mark.parametrize(("told", "expected"), [
    (postmark("HardBounce", "smtp;550 5.1.1 unknown user"), ("failed", "user_unknown 5.1.1", True)),
    (postmark("HardBounce", "Test bounce details"), ("failed", "user_unknown", True)),
    (postmark("HardBounce", "smtp;550 5.7.1 blocked by policy"), ("failed", "refused_as_spam 5.7.1", False)),
    (postmark("SoftBounce", "smtp;552 5.2.2 over quota"), ("failed", "mailbox_full 5.2.2", False)),
    (postmark("SpamNotification", "smtp;550 looks like spam"), ("failed", "refused_as_spam", False)),
    (postmark("DnsError", "no such domain"), ("failed", "unspecified", False)),
    (postmark("Transient", "try later"), None),
    (postmark("AutoResponder", "I am away until Monday"), None),
    (postmark("AddressChange"), None),
    (postmark("Unsubscribe"), ("unsubscribed", "", False)),
    (postmark("SpamComplaint", record="SpamComplaint"), ("unsubscribed", "", False)),
    (postmark("", record="SubscriptionChange", SuppressSending=True), ("unsubscribed", "", False)),
    (postmark("", record="SubscriptionChange", SuppressSending=False), None),
    (postmark("", record="Delivery", DeliveredAt="2026-11-12T16:00:00Z"), ("delivered", "", False)),
    (postmark("", record="Open"), None),
])  # fmt: skip
@comes_in(
    "providers of mail",
    "ankane/mailkick PR #79: absence notes and passing failures that unsubscribed people",
    "putyourlightson/craft-campaign #286, #304, #502: who left by Postmark's own link; its test webhook",
    "buttondown/roadmap #2447: automatic answers among bounces",
)  # fmt: skip
async def test_what_postmark_says(mails: Mails, told: dict[str, Any], expected: tuple[str, str, bool] | None) -> None:
    assert await mails.heard(told) == expected


def sendgrid(event: str, **more: Any) -> list[dict[str, Any]]:
    return [{"event": event, "email": "kunde@mail.test", "smtp-id": OURS, "timestamp": 1_795_000_000, **more}]


@pytest.mark.parametrize(("told", "expected"), [
    (sendgrid("bounce", type="bounce", status="5.1.1", reason="550 5.1.1 unknown user"),
     ("failed", "user_unknown 5.1.1", True)),
    (sendgrid("bounce", type="blocked", status="5.7.1", reason="554 5.7.1 Client host [192.0.2.1] blocked"),
     ("failed", "refused_as_spam 5.7.1", False)),
    (sendgrid("dropped", reason="Bounced Address"), ("failed", "suppressed", True)),
    (sendgrid("dropped", reason="Spam Reporting Address"), ("unsubscribed", "", False)),
    (sendgrid("spamreport"), ("unsubscribed", "", False)),
    (sendgrid("group_unsubscribe", asm_group_id=1), ("unsubscribed", "", False)),
    (sendgrid("deferred", response="451 later"), None),
    (sendgrid("delivered"), ("delivered", "", False)),
    (sendgrid("click", url="https://shop.test"), None),
])  # fmt: skip
@comes_in("providers of mail", "sendgrid/docs #3675: a bounce whose type is blocked, for the machine it came from")
async def test_what_sendgrid_says(
    mails: Mails, told: list[dict[str, Any]], expected: tuple[str, str, bool] | None
) -> None:
    assert await mails.heard(told) == expected


async def test_a_batch_tells_what_became_of_each_and_the_same_again_is_one_receipt(mails: Mails) -> None:
    batch = [*sendgrid("processed"), *sendgrid("delivered"), *sendgrid("delivered", **{"smtp-id": "<else@where>"})]

    for _ in range(2):
        answer = await mails.post(batch)
        assert answer.json() == {"taken": 1, "left_out": {"on its way": 1, "no mail of ours": 1}}
    assert len({one["id"] for one in mails.written}) == 1


@pytest.mark.parametrize(
    "told",
    [[], {}, 5, "x", [5, None], {"Type": "Notification", "Message": "no JSON"}, {"event-data": 7},
     {"RecordType": ["Bounce"], "Metadata": 5}, {"eventType": "Bounce", "mail": "x", "bounce": [], "tags": 1},
     {"notificationType": 5}, [{"event": "delivered", "smtp-id": 5, "timestamp": "soon"}],
     {"eventType": "Delivery", "mail": {"tags": {"action": ACTION}, "headers": [1, {"name": 5}]}}],
)  # fmt: skip
async def test_what_is_no_news_of_a_mail_ends_nobody(mails: Mails, told: Any) -> None:
    assert await mails.heard(told) is None


async def test_only_a_key_of_the_store_is_believed_and_sns_is_asked_for_it(mails: Mails) -> None:
    for auth in (("wrong", ""), ("a-key-everybody-reads", "")):
        answer = await mails.post(ses("Complaint"), auth=auth)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Basic realm="tend"')
    assert (await mails.web.post("/v1/mail-events", content=b"{")).status_code == 400
    mails.away = True
    assert (await mails.post(ses("Complaint"))).status_code == 503
    assert mails.written == []


async def test_what_a_sender_sent_is_known_again_by_its_message_id(client: Any) -> None:
    with post_office() as office:
        await Shop(client, smtp(office.port), anna()).take(action(action_id=ACTION))
        (sent,) = office.ids
    opened = Mails(client)

    await opened.post(sendgrid("spamreport", **{"smtp-id": sent}))

    assert [(one["type"], one["customer"]) for one in opened.written] == [("receipt.unsubscribed", "sample")]
    await opened.web.aclose()
