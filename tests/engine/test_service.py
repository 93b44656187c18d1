"""A store in service: events lead to actions at once, timers ring by the clock, rulebooks change while it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from kafka import KafkaProducer

from agents.clock import wall_clock
from rules.loading import shipped
from schemas.ids import partition_of
from schemas.times import HOUR, SECOND
from schemas.topics import COMPLAINTS
from tests.engine.site import Site

pytestmark = pytest.mark.timeout(300)

EXTRA_RULE = """
rules:
  - id: searched_in_vain
    about: Tells the desk what somebody looked for.
    on: [search.performed]
    when: "true"
    occasion: "{now.date}"
    reason: searched
    purpose: service
    priority: 100
    expiry: 1 day
    actions:
      - kind: message
        channel: [email]
        text: searched_in_vain
texts:
  searched_in_vain:
    en: A customer searched.
"""


def test_an_order_is_thanked_for_at_once(site: Site) -> None:
    site.register("service-1")
    site.tell("order.placed", "service-1", order_id="o-1", amount=5_000, currency="EUR")

    site.until(lambda: "first_order_thanks" in site.rules_acted("service-1"), "the first order is thanked for")

    thanks = next(one for one in site.actions("service-1") if one["rule"] == "first_order_thanks")
    assert thanks["version"] == 1
    assert "o-1" in thanks["text"]


def test_what_any_kafka_client_sends_by_key_lies_where_tend_looks_for_it(site: Site) -> None:
    customers = [f"keyed-{number}@example.org" for number in range(30)]
    producer = KafkaProducer(bootstrap_servers=site.settings.brokers)
    try:
        lying = {
            who: producer.send(
                COMPLAINTS,
                key=who.encode(),
                value=site.event("complaint.opened", who, complaint_id="p-1", category="delivery"),
            ).get(20)
            for who in customers
        }
    finally:
        producer.close()

    assert {who: where.partition for who, where in lying.items()} == {who: partition_of(who, 2) for who in customers}
    site.until(lambda: all(site.rules_acted(who) for who in customers), "all complaints are routed")


def test_a_cart_that_was_left_rings_by_the_wall_clock(site: Site) -> None:
    an_hour_ago = wall_clock() - HOUR
    site.tell(
        "cart.item_added", "service-2", an_hour_ago + 2 * SECOND, cart_id="k-1", sku="s", price=4_000, currency="EUR"
    )
    site.register("service-2")

    # It waits for half an hour, as the customer has just been welcomed; that it rang is what counts here.
    def reminders() -> list[dict[str, Any]]:
        return [one for one in site.decisions("service-2") if one["rule"] == "cart_left"]

    reminder = site.until(reminders, "the cart's timer has rung")[0]
    assert reminder["at"] == an_hour_ago + 2 * SECOND + HOUR
    assert reminder["acting"] >= reminder["at"]


def test_an_order_before_the_timer_keeps_the_cart_quiet(site: Site) -> None:
    an_hour_ago = wall_clock() - HOUR
    cart = {"cart_id": "k-1", "sku": "s", "price": 4_000, "currency": "EUR"}
    site.tell("cart.item_added", "service-3", an_hour_ago + SECOND, **cart)
    site.register("service-3")
    site.tell("order.placed", "service-3", order_id="o-1", amount=4_000, currency="EUR", cart_id="k-1")
    site.tell("cart.item_added", "service-3b", an_hour_ago + 2 * SECOND, **cart)

    site.until(lambda: site.decisions("service-3b"), "a timer due later has rung")

    assert "cart_left" not in {one["rule"] for one in site.decisions("service-3")}


def test_a_shops_product_file_tells_who_noted_a_product_that_it_is_back(site: Site, tmp_path: Path) -> None:
    site.register("service-wish")
    site.tell("wishlist.added", "service-wish", sku="at-1", price=2_000, currency="EUR", in_stock=False)

    def noted() -> bool:
        record = site.record("service-wish")
        return record is not None and [one.sku for one in record.wishes] == ["at-1"]

    site.until(noted, "the product is on the customer's list")
    catalogue, feed = tmp_path / "products.csv", tmp_path / "feed.jsonl"
    catalogue.write_text("sku,title,price,stock\nat-1,Great Atlas,18.00,4\nat-2,Globe,99.00,0\n")
    columns = ("--sku", "sku", "--title", "title", "--price", "price", "--stock", "stock", "--currency", "EUR")

    made = site.tend("import", "products", str(catalogue), *columns, "--out", str(feed))
    told = site.tend("products", str(feed))

    assert (made.status, told.status) == (0, 0), made.err + told.err
    assert told.out == "products: 2; customers with a list: 1; events told: 1\n"
    site.until(
        lambda: [one for one in site.decisions("service-wish") if one["rule"] == "wish_back"], "the list was told"
    )
    assert "events told: 0" in site.tend("products", str(feed)).out, "what a list knows is not told again"


def test_an_event_sent_twice_acts_once(site: Site) -> None:
    body = site.event("complaint.opened", "service-4", complaint_id="p-1", category="delivery")
    for _ in range(3):
        site.put(COMPLAINTS, body, "service-4")
    site.complain("service-4", "p-2")

    site.until(lambda: any("p-2" in one["text"] for one in site.actions("service-4")), "the second complaint is routed")

    ids = [one["action_id"] for one in site.actions("service-4")]
    assert len(ids) == len(set(ids))
    record = site.record("service-4")
    assert record is not None
    assert record.complaints.total == 2


def test_a_rulebook_published_while_it_runs_comes_into_force_at_its_moment(site: Site, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    for pack in (Path(__file__).parents[2] / "rules" / "packs").glob("*.yaml"):
        if pack.name != "defaults.yaml":
            (rules / pack.name).write_text(pack.read_text())
    (rules / "extra.yaml").write_text(EXTRA_RULE)
    site.register("service-5")
    site.tell("search.performed", "service-5", query="umbrella", results=0)

    said = site.tend("rules", "publish", str(rules), "--json")
    assert said.status == 0, said.err
    published = orjson.loads(said.out)

    def searched() -> list[str]:
        site.tell("search.performed", "service-5", query="umbrella", results=0)
        return [one["rulebook"] for one in site.decisions("service-5") if one["rule"] == "searched_in_vain"]

    versions = site.until(searched, "the new rule acts")
    assert set(versions) == {published["version"]} != {shipped().version}
    first = next(one for one in site.decisions("service-5") if one["rule"] == "searched_in_vain")
    assert first["at"] >= wall_clock() - HOUR


@pytest.mark.slow
def test_a_worker_that_got_no_partition_is_ready_to_take_over(site: Site) -> None:
    spare = [site.installation.add_worker(), site.installation.add_worker()]
    assert site.ready(spare[1])[0] == 503

    site.until(lambda: all(site.ready(one)[0] == 200 for one in (site.worker, *spare)), "all workers are ready")
    shares = [site.metrics(one).count('state="running"} 1.0') for one in (site.worker, *spare)]
    for one in spare:
        site.installation.workers.remove(one)
        one.stop()

    assert sorted(shares) == [0, 1, 1]


def test_lanes_and_dependencies_are_well(site: Site) -> None:
    assert site.ask("/healthz") == (200, "alive\n")
    assert site.ready() == (200, "ready\n")
    assert 'tend_lane_state{partition="0",state="running"} 1.0' in site.metrics()
