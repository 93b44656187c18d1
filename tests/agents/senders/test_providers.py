"""SMS, webhooks and desks, at providers that take, refuse, ask to wait, and die in the middle."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson
import pytest

from agents.senders.pace import Breaker, Rate, persistently, warm_up
from agents.senders.provider import Temporary
from agents.senders.sms import FileSms
from agents.senders.twilio import TwilioSms
from agents.senders.webhook import WebhookProvider, key_of, signature
from schemas.errors import ConfigurationRefused
from schemas.record import Consent
from tests.agents.senders.counter import Answer, counter
from tests.agents.senders.post_office import post_office
from tests.agents.senders.sending import NOON, SECRET, Shop, action, anna, redis_at

TAKEN = Answer(201, b'{"sid": "SM1"}')
FINE = Answer(204, b"")
ACCOUNT = "AC" + "0" * 32


@pytest.fixture
async def client(store_server: str) -> AsyncIterator[Any]:
    opened = redis_at(store_server)
    yield opened
    await opened.aclose()


def twilio(address: str) -> TwilioSms:
    return TwilioSms(ACCOUNT, "token", "Lindmoor", base_url=address)


async def test_an_sms_goes_out_in_twilios_form_with_its_links_filled_in(client: Any) -> None:
    with counter(TAKEN) as provider:
        shop = Shop(client, twilio(provider.address), anna(), "sms")
        await shop.take(action("complaint_acknowledged", "sms"))

    (posted,) = provider.posted
    form = {name: values[0] for name, values in parse_qs(posted.body.decode()).items()}
    assert posted.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert (form["To"], form["From"]) == ("+12025550143", "Lindmoor")
    assert form["Body"].startswith("Lindmoor: we have your complaint c-2047")
    assert "{{" not in form["Body"]
    assert shop.receipts.short == [("receipt.accepted", "")]
    known = await shop.ledger.look(action("complaint_acknowledged", "sms").action_id)
    assert known is not None


async def test_a_messaging_service_of_twilios_stands_in_for_a_number(client: Any) -> None:
    service = "MG" + "0" * 32
    with counter(TAKEN) as provider:
        await Shop(client, TwilioSms(ACCOUNT, "token", service, base_url=provider.address), anna(), "sms").take(
            action("complaint_acknowledged", "sms")
        )

    form = parse_qs(provider.posted[0].body.decode())
    assert (form["MessagingServiceSid"], "From" in form) == ([service], False)


async def test_while_one_secret_takes_the_others_place_both_sign(client: Any) -> None:
    other = "whsec_" + "A" * 32
    with counter(FINE) as receiver:
        await Shop(client, WebhookProvider(f"{receiver.address}/in", f"{SECRET}, {other}"), anna()).take(action())

    (posted,) = receiver.posted
    head = posted.headers
    signed = [
        signature(key_of(one), head["webhook-id"], head["webhook-timestamp"], posted.body) for one in (SECRET, other)
    ]
    assert head["webhook-signature"] == f"v1,{signed[0]} v1,{signed[1]}"


@pytest.mark.parametrize(
    ("answer", "reason", "dead"),
    [
        (Answer(400, b'{"code": 21211}'), "http_400", True),
        (Answer(400, b'{"code": 21635}'), "http_400", True),
        (Answer(400, b'{"code": 21617}'), "http_400", False),
        (Answer(401, b"no JSON"), "http_401", False),
    ],
)
async def test_what_a_provider_never_takes_is_told_with_its_reason(
    client: Any, answer: Answer, reason: str, dead: bool
) -> None:
    with counter(answer) as provider:
        shop = Shop(client, twilio(provider.address), anna(), "sms")
        await shop.take(action("complaint_acknowledged", "sms"))

    assert shop.receipts.short == [("receipt.failed", reason)]
    assert shop.receipts.told[0]["permanent"] is dead


async def test_who_has_said_stop_to_twilio_has_withdrawn_consent_and_can_still_be_called(client: Any) -> None:
    with counter(Answer(400, b'{"code": 21610, "message": "Attempt to send to unsubscribed recipient"}')) as provider:
        shop = Shop(client, twilio(provider.address), anna(), "sms")
        given = action("complaint_acknowledged", "sms")
        await shop.take(given)
        await shop.take(given)

    assert shop.receipts.short == [("receipt.unsubscribed", "")] * 2 + [("receipt.failed", "opted_out")]
    withdrawn = [(one["channel"], one["purpose"]) for one in shop.receipts.told[:2]]
    assert withdrawn == [("sms", "service"), ("sms", "marketing")]
    assert shop.receipts.told[2].get("permanent", False) is False, "the number itself works"
    assert {one["action_id"] for one in shop.receipts.told} == {given.action_id}
    assert len(provider.posted) == 1


async def test_twilio_is_told_where_to_say_what_became_of_a_message(client: Any) -> None:
    with counter(TAKEN) as provider:
        told_at = "https://care.test/webhooks/twilio"
        shop = Shop(client, TwilioSms(ACCOUNT, "token", "Lindmoor", told_at, provider.address), anna(), "sms")
        given = action("complaint_acknowledged", "sms")
        await shop.take(given)

    form = parse_qs(provider.posted[0].body.decode())
    assert form["StatusCallback"] == [f"{told_at}?action={given.action_id}"]


async def test_a_provider_that_asks_to_wait_is_waited_for_as_long_as_it_says(client: Any) -> None:
    with counter(TAKEN) as provider:
        provider.answers = [Answer(429, headers={"Retry-After": "7"}), Answer(503)]
        shop = Shop(client, twilio(provider.address), anna(), "sms")
        await shop.take(action("complaint_acknowledged", "sms"))

    assert len(provider.posted) == 3
    assert 7 in [round(pause) for pause in shop.paused]
    assert shop.receipts.short == [("receipt.accepted", "")]


async def test_what_is_refused_five_times_waits_and_is_sent_later(client: Any) -> None:
    with counter(TAKEN) as provider:
        provider.answers = [Answer(503)] * 5
        shop = Shop(client, twilio(provider.address), anna(), "sms")
        await shop.take(action("complaint_acknowledged", "sms"))
        assert (len(provider.posted), shop.receipts.told) == (5, [])

        shop.now = NOON + 120_000
        await shop.sender.catch_up()

    assert len(provider.posted) == 6
    assert shop.receipts.short == [("receipt.accepted", "")]


async def test_a_provider_that_wants_a_long_pause_is_left_alone_and_nobody_waits_for_it(client: Any) -> None:
    given = [action("complaint_acknowledged", "sms", action_id=number * 32) for number in "123"]
    with counter(TAKEN) as provider:
        provider.answers = [Answer(429, headers={"Retry-After": "300"})]
        shop = Shop(client, twilio(provider.address), anna(), "sms")
        await shop.take(*given)
        assert (len(provider.posted), [pause for pause in shop.paused if pause > 1]) == (1, [])

        for seconds, posted in ((200, 1), (301, 4)):
            shop.now = NOON + seconds * 1_000
            await shop.sender.catch_up()
            assert len(provider.posted) == posted

    assert shop.receipts.short == [("receipt.accepted", "")] * 3


async def test_a_provider_that_keeps_asking_for_a_little_pause_holds_up_one_message_and_not_each(client: Any) -> None:
    """Else a batch would take longer than a consumer may be away from its group."""
    given = [action("complaint_acknowledged", "sms", action_id=f"{number:032x}") for number in range(20)]
    with counter(Answer(429, headers={"Retry-After": "20"})) as provider:
        shop = Shop(client, twilio(provider.address), anna(), "sms")
        await shop.take(*given)

    assert (len(provider.posted), shop.receipts.told) == (5, [])
    assert sum(shop.paused) < 300


async def test_an_answer_that_is_lost_leaves_an_sms_in_doubt_and_repeats_a_webhook(client: Any) -> None:
    with counter(TAKEN) as provider:
        provider.answers = [None]
        shop = Shop(client, twilio(provider.address), anna(), "sms")
        await shop.take(action("complaint_acknowledged", "sms"))
    assert (len(provider.posted), shop.receipts.short) == (1, [("receipt.failed", "in_doubt")])

    with counter(FINE) as receiver:
        receiver.answers = [None]
        shop = Shop(client, WebhookProvider(f"{receiver.address}/in", SECRET), anna(), "email")
        await shop.take(action())
    assert {posted.headers["webhook-id"] for posted in receiver.posted} == {action().action_id}
    assert (len(receiver.posted), shop.receipts.short) == (2, [("receipt.accepted", "")])


async def test_a_webhook_is_signed_over_id_time_and_body_and_holds_everything(client: Any) -> None:
    with counter(FINE) as receiver:
        shop = Shop(client, WebhookProvider(f"{receiver.address}/in", SECRET), anna())
        await shop.take(action())

    (posted,) = receiver.posted
    head = posted.headers
    signed = signature(key_of(SECRET), head["webhook-id"], head["webhook-timestamp"], posted.body)
    assert head["webhook-signature"] == f"v1,{signed}"
    told = orjson.loads(posted.body)
    assert told["type"] == f"action.{action().kind}"
    assert told["data"]["contact"] == {"name": "Anna Berg", "address": "anna@mail.test"}
    assert "Hello Anna Berg" in told["data"]["message"]["text"]


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    """Of standard-webhooks/standard-webhooks: the specification, and the tests of its libraries."""
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'

    assert signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body) == (
        "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


async def test_a_ticket_goes_to_a_desk_and_needs_no_consent(client: Any) -> None:
    nothing = anna(consents=[Consent("email", "service", False, NOON)])
    with counter(FINE) as receiver:
        shop = Shop(client, WebhookProvider(f"{receiver.address}/in", SECRET), nothing, "desk")
        await shop.take(action("complaint_routed", "desk"))

    told = orjson.loads(receiver.posted[0].body)["data"]
    assert (told["action"]["kind"], told["action"]["complaint_id"]) == ("ticket", "c-2047")
    assert shop.receipts.short == [("receipt.accepted", "")]


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_!!"])
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    with pytest.raises(ConfigurationRefused, match="TEND_WEBHOOK_SECRET"):
        WebhookProvider("https://desk.test", secret)


async def test_an_sms_for_trying_out_is_a_line_that_counts_its_parts(client: Any, tmp_path: Path) -> None:
    path = tmp_path / "sms.jsonl"
    shop = Shop(client, FileSms(path), anna(), "sms")
    await shop.take(action("complaint_acknowledged", "sms"))

    line = orjson.loads(path.read_bytes())
    assert (line["to"], line["parts"]) == ("+12025550143", 2 if len(line["text"]) > 160 else 1)


async def test_an_sms_goes_to_nobody_who_has_no_number(client: Any, tmp_path: Path) -> None:
    record = anna()
    record.profile.phone = ""
    shop = Shop(client, FileSms(tmp_path / "sms.jsonl"), record, "sms")
    await shop.take(action("complaint_acknowledged", "sms"))

    assert shop.receipts.short == [("receipt.failed", "no_address")]


def test_a_breaker_opens_after_five_refusals_and_longer_each_time() -> None:
    breaker = Breaker()
    for _ in range(4):
        breaker.refused(100.0, None)
    assert breaker.wait(100.0) == 0
    breaker.refused(100.0, None)
    first = breaker.wait(100.0)
    breaker.refused(200.0, None)
    assert breaker.wait(200.0) == 2 * first
    breaker.taken()
    breaker.refused(300.0, 3_600.0)
    assert breaker.wait(300.0) == 600.0, "what a provider asks for is bounded"


def test_a_rate_spreads_messages_evenly() -> None:
    rate = Rate(4.0)

    assert [rate.wait(10.0) for _ in range(3)] == [0.0, 0.25, 0.5]


def test_a_new_sender_doubles_daily_up_to_its_limit() -> None:
    assert [warm_up(day, 50, 300) for day in range(5)] == [50, 100, 200, 300, 300]
    assert warm_up(3, 0, None) is None
    assert warm_up(-2, 50, None) == 50
    assert warm_up(10_000, 50, None) == 50 * 2**30


async def test_retries_give_up_with_the_last_reason() -> None:
    tried: list[int] = []

    async def attempt() -> str:
        tried.append(1)
        raise Temporary("http_503")

    async def sleep(seconds: float) -> None:
        assert seconds <= 60

    with pytest.raises(Temporary, match="http_503"):
        await persistently(attempt, sleep)
    assert len(tried) == 5


KILLS = 50


def killed(store: str, kind: str, where: object, moment: str) -> list[str]:
    program = [sys.executable, "-m", "tests.agents.senders.killed", store, kind, str(where), moment, str(KILLS)]
    return subprocess.run(program, capture_output=True, timeout=300, check=True, text=True).stdout.split()


@pytest.mark.faults
@pytest.mark.timeout(400)
@pytest.mark.parametrize(("moment", "told"), [("receipt", "receipt.accepted"), ("ledger", "receipt.failed:in_doubt")])
def test_an_sms_sender_that_is_killed_sends_nothing_twice(store_server: str, moment: str, told: str) -> None:
    """Twilio repeats nothing: what was not even noted is in doubt, and says so instead of being sent again."""
    with counter(TAKEN) as provider:
        assert killed(store_server, "sms", provider.port, moment) == [told] * KILLS

    assert len(provider.posted) == KILLS


@pytest.mark.faults
@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", ["webhook", "desk"])
@pytest.mark.parametrize("moment", ["receipt", "ledger"])
def test_a_webhook_or_desk_sender_that_is_killed_repeats_under_the_same_id_and_loses_nothing(
    store_server: str, kind: str, moment: str
) -> None:
    with counter(FINE) as receiver:
        assert killed(store_server, kind, receiver.port, moment) == ["receipt.accepted"] * KILLS

    ids = [posted.headers["webhook-id"] for posted in receiver.posted]
    assert len(set(ids)) == KILLS
    assert {orjson.loads(posted.body)["data"]["action"]["channel"] for posted in receiver.posted} == {
        "desk" if kind == "desk" else "email"
    }
    assert len(ids) == (KILLS if moment == "receipt" else 2 * KILLS), "who keeps ids drops the second"


@pytest.mark.faults
@pytest.mark.timeout(400)
@pytest.mark.parametrize("moment", ["receipt", "ledger"])
def test_the_sms_file_has_each_message_once_whenever_its_sender_is_killed(
    store_server: str, tmp_path: Path, moment: str
) -> None:
    path = tmp_path / "sms.jsonl"
    assert killed(store_server, "file", path, moment) == ["receipt.accepted"] * KILLS

    ids = [orjson.loads(line)["action_id"] for line in path.read_bytes().splitlines()]
    assert len(ids) == len(set(ids)) == KILLS


@pytest.mark.faults
@pytest.mark.timeout(400)
@pytest.mark.parametrize(("moment", "told"), [("receipt", "receipt.accepted"), ("ledger", "receipt.failed:in_doubt")])
def test_a_mail_sender_that_is_killed_sends_nothing_twice_and_loses_nothing(
    store_server: str, moment: str, told: str
) -> None:
    """SMTP knows no idempotency key: what was not even noted is in doubt; here the server had all of it."""
    with post_office() as office:
        assert killed(store_server, "email", office.port, moment) == [told] * KILLS

    assert len(office.ids) == len(set(office.ids)) == KILLS
