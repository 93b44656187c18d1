"""Lives become one across partitions, exactly once, whatever step of their way a worker is killed at.

Each customer is known under two ids, kept on different partitions. What happens to them is told under either, in no
order and some of it twice, and in between the word that both are one. On real Kafka and a real store, with workers that
are killed, each record is in the end that of one life with the same events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from schemas.outcome import Verdict
from schemas.times import DAY, Millis
from streams.customer import Customer
from streams.duplicates import key_of, knows
from streams.pipeline import fire_timers
from streams.talks import KEPT
from tests.backends import OwnBroker
from tests.builders import Life
from tests.faults.merging import MergingShop, Pair
from tests.faults.probe import Passage, Safeguard
from tests.faults.reconciliation import GIVEN
from tests.streams.test_order_of_arrival import essence_of

pytestmark = [pytest.mark.faults, pytest.mark.timeout(500)]

CUSTOMERS = 200
AT_RANDOM = 4


def test_two_lives_become_one_exactly_once_through_kills(site_broker: OwnBroker, tmp_path: Path) -> None:
    with MergingShop(tmp_path, site_broker, seed=1, customers=CUSTOMERS) as shop:
        thanked = live(shop, kills=True)

        check_records(shop)
        check_actions(shop)
        check_thanks(shop, thanked)
        assert {f"kill at {step}" for step in Passage} <= shop.done.keys()
        print(dict(shop.done))  # noqa: T201 - shown with -s, and where it fails


def test_without_the_ids_that_a_life_brings_along_the_records_differ(site_broker: OwnBroker, tmp_path: Path) -> None:
    with MergingShop(tmp_path, site_broker, seed=1, customers=60, safeguard=Safeguard.IDENTITY) as shop:
        live(shop, kills=False)

        with pytest.raises(AssertionError, match="differ"):
            check_records(shop)


def live(shop: MergingShop, *, kills: bool) -> Counter[str]:
    """All that happens; returns who had been thanked for a first order by the time when all were one."""
    shop.first_news()
    shop.until_quiet()
    shop.lives_and_words()
    if kills:
        blows: list[Callable[[], None]] = [partial(shop.kill_at, step) for step in Passage]
        blows += [shop.kill_any_time] * AT_RANDOM
        shop.dice.shuffle(blows)
        for strike in blows:
            strike()
    shop.until_quiet()
    thanked = thanks(shop)
    shop.second_orders()
    shop.until_quiet()
    return thanked


def check_records(shop: MergingShop) -> None:
    everybody = shop.customers()
    differences = [
        difference for pair in shop.pairs for difference in differences_of(shop, pair, everybody[pair.customer])
    ]
    assert not differences, f"{len(differences)} differ: {differences[:10]}"
    for pair in shop.pairs:
        left = everybody[pair.guest].record
        assert (left.merged_into, left.purchases.count, left.timers) == (pair.customer, 0, [])
        assert [one.id for one in everybody[pair.customer].record.merged] == [pair.guest]
    assert len(everybody) == 2 * len(shop.pairs)


def differences_of(shop: MergingShop, pair: Pair, found: Customer) -> list[str]:
    """In what a record differs from that of one life with the same events."""
    life = Life(who=pair.customer, since=shop.now - 32 * DAY)
    life.happens(*sorted(shop.lives[pair], key=lambda one: (one.at, one.id)))
    end = shop.now + 8 * DAY
    life.until(end)
    fire_timers(found, end, life.lane)
    for one in (life.customer, found):
        forget_old_contacts(one, end)
    ours, theirs = essence_of(life.customer), essence_of(found)
    wrong = [
        f"{pair.customer}: {name} {theirs[name]}, expected {ours[name]}"
        for name in ours
        if name != "sent" and ours[name] != theirs[name]
    ]
    voiced = found.record.voiced
    unknown = [
        one.id
        for one in shop.lives[pair]
        if one.type in ("survey.answered", "contact.made") and not (voiced and knows(voiced, key_of(one.id)))
    ]
    return wrong + [f"{pair.customer}: {one} would be counted once more" for one in unknown]


def forget_old_contacts(customer: Customer, now: Millis) -> None:
    """As a look at this moment would: each life forgets them with its own next one, on a weekday of its own."""
    if (talks := customer.record.talks) is not None:
        talks.contacts = [one for one in talks.contacts if one.at >= now - KEPT]


def check_actions(shop: MergingShop) -> None:
    """None is lost, none is doubled, and lives are sent once."""
    actions, ledger = shop.actions(), shop.decisions()
    ids = [action["action_id"] for action in actions]
    assert len(ids) == len(set(ids)), "an action is out twice"
    assert sorted(one.action_id for one in ledger if one.verdict in GIVEN) == sorted(ids)
    open_ones = {one.action_id for one in ledger if one.verdict is Verdict.HELD}
    settled = {one.action_id for one in ledger if one.verdict is not Verdict.HELD}
    waiting = {held.id.hex() for one in shop.customers().values() for held in one.record.held}
    assert open_ones - settled == waiting, "what was held is neither given out, nor refused, nor held"
    lives = shop.lives_sent()
    assert len(lives) == len(set(lives)) == len(shop.pairs)


def thanks(shop: MergingShop) -> Counter[str]:
    """How often each id was thanked for a first order."""
    return Counter(action["customer"] for action in shop.actions() if action["rule"] == "first_order_thanks")


def check_thanks(shop: MergingShop, before: Counter[str]) -> None:
    """Nobody is thanked for a first order once it is known that it is none.

    Who ordered under both ids before a word of it was told is thanked under both.
    """
    assert thanks(shop) == before
    assert set(before.values()) == {1}
    assert {pair.guest for pair in shop.pairs} <= before.keys()
