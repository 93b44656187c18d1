"""Who it is: guests with an address or a number alone, who open an account later; customers whom a shop makes one."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.customers import CustomerIdentified
from tests.agents.connectors.shop_doors import ShopDoor
from tests.doors.told import comes_in

PLACED = "2026-11-20T08:00:00Z"


def of_shopify(number: int = 1, *, hour: int = 8, **changes: Any) -> dict[str, Any]:
    told = {
        "id": 5900000000800 + number, "name": f"#18{number:02}", "created_at": PLACED, "processed_at": PLACED,
        "updated_at": f"2026-11-20T{hour:02}:00:00Z", "currency": "EUR", "total_price": "30.00", "email": "",
        "line_items": [{"id": 1, "sku": "NOVEL", "price": "30.00", "quantity": 1}], "customer": None,
    }  # fmt: skip
    return {**told, **changes}


def of_woocommerce(number: int = 1, *, hour: int = 8, **changes: Any) -> dict[str, Any]:
    told = {
        "id": 4800 + number, "number": str(4800 + number), "status": "processing", "currency": "EUR", "total": "30.00",
        "customer_id": 0, "date_created_gmt": "2026-11-20T08:00:00", "refunds": [], "line_items": [],
        "date_modified_gmt": f"2026-11-20T{hour:02}:00:00", "billing": {"email": "gina@mail.test", "country": "DE"},
    }  # fmt: skip
    return {**told, **changes}


def said_to_be(door: ShopDoor) -> set[tuple[str, str]]:
    """Who is whom, as far as it was told."""
    return {(one.event.customer, one.event.into) for one in door.safe if isinstance(one.event, CustomerIdentified)}


def who_placed(door: ShopDoor) -> list[str]:
    return [one.event.customer for one in door.safe if one.event.type == "order.placed"]


@pytest.mark.parametrize("account_first", [False, True])
@comes_in(
    "who it is",
    "woocommerce/woocommerce #29138: guests open an account, and their orders are linked to it",
    "woocommerce/woocommerce #29368: orders of guests that are linked by hand",
)
async def test_the_guest_of_an_order_that_belongs_to_an_account_now_is_its_customer(
    woocommerce: ShopDoor, account_first: bool
) -> None:
    as_guest = ("order.created", of_woocommerce())
    as_account = ("order.updated", of_woocommerce(hour=9, customer_id=304))
    for topic, body in (as_account, as_guest) if account_first else (as_guest, as_account):
        assert (await woocommerce.post(topic, body)).status_code == 200
    await woocommerce.post(*as_account)

    (guest,) = {one for one in who_placed(woocommerce) if one != "304"}
    assert guest.startswith("c_")
    assert said_to_be(woocommerce) == {(guest, "304")}
    assert woocommerce.kinds.count("customer.identified") == 1
    known = await woocommerce.orders.find("4801")
    assert known is not None
    assert known.customer == "304"


async def test_an_order_that_is_given_to_another_account_makes_no_one_of_the_two(woocommerce: ShopDoor) -> None:
    await woocommerce.post("order.created", of_woocommerce(customer_id=304))
    await woocommerce.post("order.updated", of_woocommerce(hour=9, customer_id=305))

    assert said_to_be(woocommerce) == set()


@comes_in("who it is", "dubinc/dub PR #2607: orders whose customer is null, and told later")
async def test_a_guest_of_shopifys_is_the_customer_whom_it_names_later(shopify: ShopDoor) -> None:
    await shopify.post("orders/create", of_shopify(email="ann@mail.test"))
    person = {"id": 7100000000800, "email": "ann@mail.test"}
    await shopify.post("orders/updated", of_shopify(hour=9, email="ann@mail.test", customer=person))

    (guest,) = {one for one in who_placed(shopify) if one != "7100000000800"}
    assert said_to_be(shopify) == {(guest, "7100000000800")}


@comes_in("who it is", "fivetran/dbt_shopify PR #11: orders at a till, of nobody in particular")
async def test_an_order_of_nobody_is_answered_and_becomes_somebodys_when_one_is_named(shopify: ShopDoor) -> None:
    at_the_till: dict[str, Any] = {"source_name": "pos", "phone": None, "contact_email": None}
    nobody = await shopify.post("orders/create", of_shopify(**at_the_till))
    assert (nobody.status_code, nobody.json()) == (200, {"taken": 0, "left_out": "no customer is named"})

    await shopify.post("orders/updated", of_shopify(hour=9, **at_the_till, customer={"id": 7100000000801}))

    assert shopify.life("7100000000801").record.purchases.count == 1


@pytest.mark.parametrize("address", ["none", "n/a", "-", "ann at mail.test", "@", " "])
async def test_what_is_no_address_makes_no_customer_of_all_who_gave_none(
    shopify: ShopDoor, woocommerce: ShopDoor, address: str
) -> None:
    ours = await shopify.post("orders/create", of_shopify(email=address))
    theirs = await woocommerce.post("order.created", of_woocommerce(billing={"email": address}))

    assert ours.json() == theirs.json() == {"taken": 0, "left_out": "no customer is named"}


@comes_in("who it is", "smartstore/Smartstore #1294: guests of whom a number is known, and no address")
async def test_a_guest_with_a_number_alone_is_one_however_it_is_written(
    shopify: ShopDoor, woocommerce: ShopDoor
) -> None:
    for number, phone in enumerate(("+49 1512 3456789", "01512/3456789", "0049 1512 3456789"), start=1):
        billing = {"email": "", "phone": phone, "country": "DE"}
        await woocommerce.post("order.created", of_woocommerce(number, billing=billing))
    await shopify.post("orders/create", of_shopify(phone="+4915123456789"))

    (guest,) = {*who_placed(woocommerce), *who_placed(shopify)}
    assert guest.startswith("c_")


@pytest.mark.parametrize("phone", ["0151 234", "(212) 555-0199", "555 0199 ext. 7"])
async def test_a_number_that_cannot_be_told_never_stands_in_an_id_that_anybody_can_compute(
    shopify: ShopDoor, woocommerce: ShopDoor, phone: str
) -> None:
    await woocommerce.post("order.created", of_woocommerce(billing={"email": "", "phone": phone}))
    await shopify.post("orders/create", of_shopify(phone=phone))

    assert {one[:2] for one in (*who_placed(woocommerce), *who_placed(shopify))} <= {"c_"}


@comes_in("who it is", "Shopify's documentation, topic customers/merge: two customers become one")
async def test_customers_whom_shopify_made_one_are_one(shopify: ShopDoor) -> None:
    def merge(status: str) -> dict[str, Any]:
        return {
            "admin_graphql_api_customer_kept_id": "gid://shopify/Customer/11",
            "admin_graphql_api_customer_deleted_id": "gid://shopify/Customer/12",
            "status": status,
        }

    for status in ("in_progress", "failed"):
        assert (await shopify.post("customers/merge", merge(status))).json()["left_out"] == "two customers as before"
    for _ in range(2):
        await shopify.post("customers/merge", merge("completed"))

    assert said_to_be(shopify) == {("12", "11")}
    assert shopify.kinds == ["customer.identified"]


async def test_who_wants_to_be_forgotten_is_so_as_a_guest_as_well(shopify: ShopDoor) -> None:
    await shopify.post("orders/create", of_shopify(email="ann@mail.test"))
    person = {"id": 7100000000800, "email": "ann@mail.test", "phone": None}
    await shopify.post("customers/redact", {"customer": person, "orders_to_redact": []})

    (guest,) = who_placed(shopify)
    forgotten = {one.event.customer for one in shopify.safe if one.event.type == "erasure.requested"}
    assert forgotten == {"7100000000800", guest}


@pytest.mark.parametrize("topic", ["orders/create", "customers/create", "customers/redact"])
@comes_in("no trade", "Shopify's documentation, webhooks: the test notification of the admin, marked in a header")
async def test_what_the_admin_sends_as_a_test_is_nobodys(shopify: ShopDoor, topic: str) -> None:
    person = {"id": 7, "state": "enabled", "email": "bob@biller.test", "created_at": PLACED, "updated_at": PLACED}
    body = {**of_shopify(customer=person), **person} if topic == "customers/create" else of_shopify(customer=person)

    answer = await shopify.post(topic, body, headers={"x-shopify-test": "true"})
    assert (answer.status_code, answer.json()) == (200, {"taken": 0, "left_out": "a test message"})

    await shopify.post("orders/create", of_shopify(customer=person), headers={"x-shopify-test": "false"})
    assert "order.placed" in shopify.kinds
