"""Files of customers, consents and complaints become events, with what cannot be understood left out and counted."""

from __future__ import annotations

import pytest

from agents.imports.people import category_of
from tests.agents.imports.shop import KEYS, Shop

SHOPIFY = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Country Code,Phone,"
    "Accepts SMS Marketing,Tags\n"
    "'7001,Mia,Wolf,Mia@Example.org,yes,DE,'0151 12345678,no,\"vip, books\"\n"
    "'7002,Leo,,leo@example.org,no,US,12,,\n"
    "'7003,,,,,,,,\n"
)


def test_shopify_customers_meet_the_orders_by_their_address(shop: Shop) -> None:
    found = shop.imports(SHOPIFY, "--preset", "shopify", "--as-of", "2024-01-01", command="customers")

    mia = next(event for event in found.of("customer.updated") if event.customer == KEYS.customer_of("mia@example.org"))
    fields = ("name", "email", "phone", "tags")
    assert [getattr(mia, name) for name in fields] == [
        "Mia Wolf", "mia@example.org", "+4915112345678", ("vip", "books"),
    ]  # fmt: skip
    told = [(event.type, getattr(event, "channel", "")) for event in found.events if event.customer == mia.customer]
    assert told == [("customer.updated", ""), ("consent.granted", "email"), ("consent.withdrawn", "sms")]
    assert found.summary["dropped"] == {"phone": 1}
    assert found.summary["meant"] == {"no customer is named": 1}


def test_a_file_without_a_day_asks_for_one(shop: Shop) -> None:
    found = shop.imports(SHOPIFY, "--preset", "shopify", command="customers")

    assert found.said.status == 2
    assert "--as-of 2024-01-01" in found.said.err


def test_registrations_carry_birthday_language_and_region(shop: Shop) -> None:
    rows = (
        "id;seit;mail;geburtstag;sprache;land\n"
        "7;05.03.2024 10:00;a@x.org;09.02.1990;de_DE;Bayern\n"
        "8;17.03.2024;b@x.org;31.02.1990;?;\n"
    )

    found = shop.imports(
        rows, "--customer", "id", "--registered", "seit", "--email", "mail", "--birthday", "geburtstag",
        "--locale", "sprache", "--region", "land", "--tz", "Europe/Berlin", command="customers",
    )  # fmt: skip

    first = found.of("customer.registered")[0]
    fields = ("birthday", "locale", "region")
    assert [getattr(first, name) for name in fields] == ["1990-02-09", "de-DE", "Bayern"]
    assert found.summary["dropped"] == {"birthday": 1, "locale": 1}


def test_a_list_of_subscribers_becomes_consents(shop: Shop) -> None:
    rows = "Email,Subscribed,Since\na@x.org,yes,2024-01-05\nb@x.org,no,2024-01-06\nc@x.org,perhaps,2024-01-07\n"

    found = shop.imports(
        rows, "--customer", "Email", "--value", "Subscribed", "--time", "Since", "--max-bad", "40%", command="consent"
    )

    assert [event.type for event in found.events] == ["consent.granted", "consent.withdrawn"]
    assert found.report == ["line 4: value: 'perhaps' is neither yes nor no"]


def test_tickets_become_complaints_opened_and_resolved(shop: Shop) -> None:
    rows = (
        "id,requester,created,solved,subject,body,order\n"
        "1,7,2024-03-05 10:00,2024-03-06 10:00,Late delivery,Where is it?,#1001\n"
        "2,8,2024-03-05 11:00,,Versand,,\n"
    )

    found = shop.imports(
        rows, "--customer", "requester", "--time", "created", "--complaint", "id", "--category", "subject",
        "--text", "body", "--order", "order", "--resolved-at", "solved", command="complaints",
    )  # fmt: skip

    assert [event.type for event in found.events] == ["complaint.opened", "complaint.opened", "complaint.resolved"]
    assert {getattr(event, "category", "delivery") for event in found.events} == {"delivery"}


@pytest.mark.parametrize(
    ("subject", "category"),
    [("Damaged book", "product"), ("退款太慢", "payment"), ("safety", "safety"), ("Hello", "other"), ("", "other")],
)
def test_subjects_have_a_category(subject: str, category: str) -> None:
    assert category_of(subject) == category
