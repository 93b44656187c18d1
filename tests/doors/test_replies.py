"""What comes back from an SMS: outcomes in any order, answers of customers, and blocks that nobody told of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.agents.gateway.sms_doors import ACTION, NUMBER, SmsDoors
from tests.agents.senders.counter import Answer, counter
from tests.agents.senders.sending import Shop, action, anna
from tests.agents.senders.test_providers import twilio
from tests.doors.told import comes_in


@pytest.fixture
async def sms(client: Any) -> AsyncIterator[SmsDoors]:
    opened = SmsDoors(client)
    await opened.sent()
    yield opened
    await opened.web.aclose()


def kinds(sms: SmsDoors) -> list[str]:
    return [one["type"] for one in {one["id"]: one for one in sms.written}.values()]


@comes_in("what comes back", "twilio-labs/twilio-firebase-extensions PR #21: callbacks come in any order")
async def test_an_older_status_that_comes_later_changes_nothing(sms: SmsDoors) -> None:
    for status in ("delivered", "sent", "queued", "sending"):
        await sms.status(status)

    assert kinds(sms) == ["receipt.delivered"]


@comes_in(
    "what comes back",
    "department-of-veterans-affairs/notification-api #1095, #1376: forms with RawDlrDateDone, codes 30003 and 30034",
    "tl-its-umich-edu/remote-office-hours-queue #491: 30003 may pass, 30006 does not",
)
@pytest.mark.parametrize(("code", "dead"), [(30003, False), (30034, False), (30006, True)])
async def test_a_phone_that_is_off_is_no_dead_number(sms: SmsDoors, code: int, dead: bool) -> None:
    form = {
        "RawDlrDateDone": "2303092021", "ErrorCode": str(code), "SmsSid": "SM1", "SmsStatus": "undelivered",
        "MessageStatus": "undelivered", "To": NUMBER, "MessageSid": "SM1", "AccountSid": "AC1", "From": "+15005550006",
        "ApiVersion": "2010-04-01",
    }  # fmt: skip
    assert (await sms.post(f"?action={ACTION}", **form)).status_code == 200

    assert [(one["reason"], one["permanent"]) for one in sms.written] == [(f"twilio_{code}", dead)]


@comes_in(
    "what comes back",
    "episphere/connect #1545, Stand-With-Crypto/swc-web PR #1253: 21610 again and again, as nobody noted the STOP",
    "CitizenLabDotCo/citizenlab PR #14473: consent is withdrawn when the provider blocks",
)
async def test_a_block_at_the_provider_is_a_withdrawal_here(client: Any) -> None:
    with counter(Answer(400, b'{"code": 21610, "status": 400}')) as provider:
        shop = Shop(client, twilio(provider.address), anna(), "sms")
        await shop.take(action("complaint_acknowledged", "sms"))

    assert [one["type"] for one in shop.receipts.told] == ["receipt.unsubscribed"] * 2 + ["receipt.failed"]


@comes_in("what comes back", "twilio/twilio-python #478: a messaging service accepts it, and tells of the block later")
async def test_a_block_that_is_told_later_is_the_same(sms: SmsDoors) -> None:
    await sms.status("accepted")
    await sms.status("failed", 21610)

    assert kinds(sms) == ["receipt.unsubscribed", "receipt.unsubscribed", "receipt.failed"]


@comes_in("what comes back", "codeforamerica/promptly #159: Twilio passes STOP, UNSUBSCRIBE, CANCEL and QUIT on")
@pytest.mark.parametrize("word", ["STOP", "Unsubscribe", "CANCEL", "quit "])
async def test_every_word_of_a_network_withdraws(sms: SmsDoors, word: str) -> None:
    await sms.post(From=NUMBER, To="+15005550006", Body=word, MessageSid="SM7")

    assert kinds(sms) == ["receipt.unsubscribed", "receipt.unsubscribed"]


@comes_in("what comes back", "CodeWithAsheville/court-notifications #44: who comes back has to say START")
async def test_who_says_start_is_let_in_again(sms: SmsDoors) -> None:
    for sid, word in (("SM7", "STOP"), ("SM8", "UNSTOP")):
        await sms.post(From=NUMBER, Body=word, MessageSid=sid)

    assert kinds(sms)[2:] == ["consent.granted", "consent.granted"]


@comes_in(
    "what comes back", "Twilio's help, opt-out keywords: only a word that stands alone is one; STOP PLEASE is none"
)
async def test_a_sentence_is_read_by_people(sms: SmsDoors) -> None:
    await sms.post(From=NUMBER, Body="STOP PLEASE", MessageSid="SM7")

    assert sms.written == []
