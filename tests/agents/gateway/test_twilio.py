"""Twilio's door: what became of a message, what customers answer, and that it is Twilio who says so."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from agents.senders.twilio import signature
from tests.agents.gateway.sms_doors import ACTION, BASE, NUMBER, TOKEN, SmsDoors
from tests.agents.senders.sending import redis_at


@pytest.fixture
async def sms(store_server: str) -> AsyncIterator[SmsDoors]:
    client = redis_at(store_server)
    opened = SmsDoors(client)
    await opened.sent()
    yield opened
    await opened.web.aclose()
    await client.aclose()


def test_the_signature_is_that_of_twilios_own_example() -> None:
    """Of twilio/twilio-python, tests/unit/test_request_validator.py."""
    form = {
        "CallSid": "CA1234567890ABCDE", "Digits": "1234", "From": "+14158675309", "To": "+18005551212",
        "Caller": "+14158675309",
    }  # fmt: skip

    assert signature(TOKEN, "https://mycompany.com/myapp.php?foo=1&bar=2", form.items()) == (
        "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    )


async def test_a_message_that_arrived_is_told_once_whatever_comes_before_and_behind(sms: SmsDoors) -> None:
    for status in ("queued", "sent", "delivered", "sent", "delivered"):
        assert (await sms.status(status)).text == "<Response/>"

    assert set(sms.short) == {("receipt.delivered", "", False)}
    assert len({one["id"] for one in sms.written}) == 1
    assert {(one["action_id"], one["customer"]) for one in sms.written} == {(ACTION, "sample")}


@pytest.mark.parametrize(
    ("status", "code", "dead"),
    [
        ("undelivered", 30003, False),
        ("undelivered", 30005, True),
        ("failed", 30006, True),
        ("undelivered", 30007, False),
    ],
)
async def test_a_message_that_failed_says_why_and_only_dead_numbers_are_dead(
    sms: SmsDoors, status: str, code: int, dead: bool
) -> None:
    await sms.status(status, code)

    assert sms.short == [("receipt.failed", f"twilio_{code}", dead)]


async def test_a_failure_because_of_stop_withdraws_consent(sms: SmsDoors) -> None:
    await sms.status("failed", 21610)

    kinds = [one["type"] for one in sms.written]
    assert kinds == ["receipt.unsubscribed", "receipt.unsubscribed", "receipt.failed"]
    assert sms.short[-1] == ("receipt.failed", "opted_out", False)


async def test_stop_and_start_of_a_customer_are_heard(sms: SmsDoors) -> None:
    answer = await sms.post(From=NUMBER, To="+15005550006", Body="Stop", MessageSid="SM7")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert [one["type"] for one in sms.written] == ["receipt.unsubscribed"] * 2

    await sms.post(From=NUMBER, Body="START", MessageSid="SM8", OptOutType="START")
    assert [one["type"] for one in sms.written[2:]] == ["consent.granted"] * 2


async def test_what_twilio_made_of_an_answer_goes_before_its_words(sms: SmsDoors) -> None:
    await sms.post(From=NUMBER, Body="R", MessageSid="SM7", OptOutType="HELP")
    assert sms.written == []

    await sms.post(From=NUMBER, Body="Schluss", MessageSid="SM8", OptOutType="STOP")
    assert [one["type"] for one in sms.written] == ["receipt.unsubscribed"] * 2


@pytest.mark.parametrize("signed", ["", "c29tZWJvZHkgZWxzZQ=="])
async def test_who_is_not_twilio_is_not_believed(sms: SmsDoors, signed: str) -> None:
    answer = await sms.post(signed=signed, From=NUMBER, Body="STOP", MessageSid="S")

    assert (answer.status_code, sms.written) == (401, [])


async def test_the_action_in_the_address_is_part_of_what_is_signed(sms: SmsDoors) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    signed = signature(TOKEN, f"{BASE}/webhooks/twilio?action={ACTION}", form.items())

    answer = await sms.post(f"?action={'f' * 32}", signed=signed, **form)

    assert (answer.status_code, sms.written) == (401, [])


async def test_what_is_of_no_message_of_ours_is_answered_and_left_out(sms: SmsDoors) -> None:
    for query, form in (
        (f"?action={'f' * 32}", {"MessageStatus": "delivered"}),
        ("", {"From": "+15005550006", "Body": "STOP", "MessageSid": "SM9"}),
        ("", {"From": NUMBER, "Body": "Thank you!", "MessageSid": "SM9"}),
        ("", {}),
    ):
        assert (await sms.post(query, **form)).status_code == 200

    assert sms.written == []


async def test_while_kafka_is_away_twilio_is_asked_to_come_again(sms: SmsDoors) -> None:
    sms.away = True

    assert (await sms.status("delivered")).status_code == 503
    assert (await sms.post(From=NUMBER, Body="STOP", MessageSid="SM7")).status_code == 503


async def test_other_providers_hand_answers_on_by_a_write_key(sms: SmsDoors) -> None:
    told = {"id": "MO-1", "from": "+1 202 555 0143", "text": "退订"}
    assert (await sms.web.post("/v1/replies", json=told)).status_code == 401
    browser = {"authorization": "Bearer a-key-everybody-reads"}
    assert (await sms.web.post("/v1/replies", json=told, headers=browser)).status_code == 401
    assert sms.written == []

    key = {"authorization": "Bearer a-secret-of-the-shop"}
    answer = await sms.web.post("/v1/replies", json=told, headers=key)

    assert (answer.status_code, answer.json()) == (202, {"taken": 1, "wish": "stop"})
    assert [one["type"] for one in sms.written] == ["receipt.unsubscribed"] * 2
    for other in ({**told, "text": "Danke"}, {**told, "from": "+15005550006"}):
        assert (await sms.web.post("/v1/replies", json=other, headers=key)).json()["taken"] == 0
    wrongs: tuple[object, ...] = ({}, [], {**told, "text": ""}, {"id": "MO-1", "text": "STOP"})
    for wrong in wrongs:
        assert (await sms.web.post("/v1/replies", json=wrong, headers=key)).status_code == 400
