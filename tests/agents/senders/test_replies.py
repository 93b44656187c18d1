"""Answers to an SMS: STOP and START, of whom they are, and what they change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from agents.access import Admitted
from agents.senders.numbers import Numbers
from agents.senders.replies import Replies, ReplyWish, wish_of
from schemas.record import Consent, CustomerRecord
from tests.agents.senders.sending import KEYS, NOON, Records, Silent, anna, redis_at

NUMBER = "+12025550143"
ACTION = "0123456789abcdef0123456789abcdef"


class Answers:
    """Answers to messages that were sent to one customer's number."""

    def __init__(self, client: Any, record: CustomerRecord | None) -> None:
        self.numbers, self.records = Numbers(client, "store"), Records(record)
        self.written: list[dict[str, Any]] = []
        self.replies = Replies(self.numbers, self.records, Silent(), self._write, KEYS, 8, lambda: NOON)

    async def _write(self, admitted: Admitted) -> None:
        self.written.append(orjson.loads(admitted.body))

    async def reached(self, number: str = NUMBER) -> None:
        await self.numbers.note(KEYS.index_key("phone", number), "sample", ACTION, 1)

    @property
    def short(self) -> list[tuple[str, str]]:
        return [(one["type"], one["purpose"]) for one in self.written]


@pytest.fixture
async def client(store_server: str) -> AsyncIterator[Any]:
    opened = redis_at(store_server)
    yield opened
    await opened.aclose()


@pytest.mark.parametrize(
    "text",
    ["STOP", "stop", " Stop. ", "“STOP”", "STOP ALL", "Opt-out", "ARRÊT", "Stopp!", "ＳＴＯＰ", "R", "退订", "TD"],
)
def test_words_that_mean_stop(text: str) -> None:
    assert wish_of(text) is ReplyWish.STOP


@pytest.mark.parametrize("text", ["START", "unstop", "Start!", "恢复订阅"])
def test_words_that_mean_start(text: str) -> None:
    assert wish_of(text) is ReplyWish.START


@pytest.mark.parametrize("text", ["", "👍", "HELP", "Yes", "When does the bus stop here?", "please cancel my order 12"])
def test_what_is_no_word_alone_is_for_people_to_read(text: str) -> None:
    assert wish_of(text) is None


async def test_stop_withdraws_everything_by_sms_and_start_gives_back_what_there_was(client: Any) -> None:
    answers = Answers(client, anna())
    await answers.reached()

    assert await answers.replies.take("+1 (202) 555-0143", ReplyWish.STOP, "SM1") == 1
    assert answers.short == [("receipt.unsubscribed", "service"), ("receipt.unsubscribed", "marketing")]
    assert {one["action_id"] for one in answers.written} == {ACTION}
    assert {(one["channel"], one["actor"]) for one in answers.written} == {("sms", "customer")}

    answers.written.clear()
    assert await answers.replies.take(NUMBER, ReplyWish.START, "SM2") == 1
    assert answers.short == [("consent.granted", "marketing"), ("consent.granted", "service")]
    answers.written.clear()
    assert await answers.replies.take(NUMBER, ReplyWish.START, "SM3") == 0
    assert answers.written == []


async def test_start_grants_nothing_that_was_never_granted(client: Any) -> None:
    answers = Answers(client, anna(consents=[]))
    await answers.reached()

    assert await answers.replies.take(NUMBER, ReplyWish.START, "SM1") == 0
    await answers.replies.take(NUMBER, ReplyWish.STOP, "SM2")
    answers.written.clear()
    await answers.replies.take(NUMBER, ReplyWish.START, "SM3")

    assert answers.short == [("consent.granted", "service")]


async def test_stop_told_again_is_the_same_news_and_said_again_loses_nothing(client: Any) -> None:
    answers = Answers(client, anna())
    await answers.reached()
    await answers.replies.take(NUMBER, ReplyWish.STOP, "SM1")
    told = [one["id"] for one in answers.written]

    await answers.replies.take(NUMBER, ReplyWish.STOP, "SM1")
    assert [one["id"] for one in answers.written] == told * 2
    answers.records.record = anna(consents=[Consent("sms", name, False, NOON) for name in ("service", "marketing")])
    await answers.replies.take(NUMBER, ReplyWish.STOP, "SM2")
    answers.written.clear()
    await answers.replies.take(NUMBER, ReplyWish.START, "SM3")

    assert answers.short == [("consent.granted", "marketing"), ("consent.granted", "service")]


@pytest.mark.parametrize("record", [None, anna(erased=NOON), anna(id="sample")])
async def test_a_number_of_nobody_changes_nothing(client: Any, record: CustomerRecord | None) -> None:
    """Never written to, erased since, or written to under a number that the customer no longer has."""
    if record is not None and not record.erased:
        record.profile.phone = "+4915112345678"
    answers = Answers(client, record)
    await answers.reached()

    assert await answers.replies.take(NUMBER, ReplyWish.STOP, "SM1") == 0
    assert await answers.replies.take("+15005550006", ReplyWish.STOP, "SM2") == 0
    assert answers.written == []


async def test_no_number_lies_in_the_store(client: Any) -> None:
    answers = Answers(client, anna())
    await answers.reached()
    await answers.replies.take(NUMBER, ReplyWish.STOP, "SM1")

    keys = [key.decode() for key in await client.keys("*")]
    assert keys
    assert not any("2025550143" in key for key in keys)
