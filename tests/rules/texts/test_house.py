"""The store as its readers see it: in their language and for the country that they live in."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rules.problems import BadRulebook
from rules.rulebook import Rulebook
from tests.rules.moments import Moments, action, book, customer, message_of, rule

PHONES = {"DE": "040 111", "CH": "044 222", "CN": "400-333", "*": "+1 444"}
HOURS = {"de": "9 bis 18 Uhr", "de-CH": "8 bis 17 Uhr", "*": "9 am to 6 pm"}


def store(**brand: Any) -> Rulebook:
    """One whose only message says how to call it."""
    text = "Call {{ brand.phone }}{% if brand.hours %} ({{ brand.hours }}){% endif %}"
    texts = {"hello": dict.fromkeys(("en", "de", "zh"), text)}
    parts = {"rules": [rule(actions=[action(channel="sms")])], "texts": texts}
    parts |= {"defaults": {"brand": brand, "quiet": {"channels": []}}}
    return book(msgspec.json.encode(parts).decode())


def said(rulebook: Rulebook, locale: str, zone: str = "") -> str:
    record = customer()
    record.profile.locale, record.profile.zone = locale, zone
    moments = Moments(rulebook, record)
    moments.when("order.placed")
    (sent,) = moments.outcome.actions
    sms = message_of(sent).sms
    assert sms is not None
    return sms.text


@pytest.mark.parametrize(("locale", "zone", "called"), [
    ("de-DE", "", "Call 040 111 (9 bis 18 Uhr)"),
    ("de", "", "Call 040 111 (9 bis 18 Uhr)"),
    ("de", "Europe/Zurich", "Call 044 222 (8 bis 17 Uhr)"),
    ("de-CH", "", "Call 044 222 (8 bis 17 Uhr)"),
    ("de-AT", "Europe/Vienna", "Call +1 444 (9 bis 18 Uhr)"),
    ("en", "America/New_York", "Call +1 444 (9 am to 6 pm)"),
    ("en", "Asia/Shanghai", "Call 400-333 (9 am to 6 pm)"),
    ("zh-CN", "America/New_York", "Call +1 444 (9 am to 6 pm)"),
])  # fmt: skip
def test_the_number_is_that_of_the_country_where_the_reader_lives(locale: str, zone: str, called: str) -> None:
    assert called in said(store(phone=PHONES, hours=HOURS), locale, zone)


@pytest.mark.parametrize("locale", ["de-DE", "en-US", "zh-CN"])
def test_one_number_is_that_of_all_countries(locale: str) -> None:
    assert "Call +49 40 111" in said(store(phone="+49 40 111"), locale)


@pytest.mark.parametrize(
    ("phone", "problem"),
    [
        ({"Germany": "040 1", "*": "1 2"}, "phone: 'Germany' is no country: write its code, such as DE"),
        ({"DE": "040 1", "CH": "044 2"}, "phone: there is one for DE, CH only: give one for .* as well"),
        (110, "phone: put the number in quotation marks"),
        ({"DE": "", "*": "1 2"}, "DE: string should have at least 2 characters"),
        ({"DE": "040\n1", "*": "1 2"}, "DE: string should match pattern"),
    ],
)
def test_a_number_that_is_none_is_named_with_what_is_expected(phone: Any, problem: str) -> None:
    with pytest.raises(BadRulebook, match=problem):
        store(phone=phone)


def test_nothing_of_the_shipped_store_stays_beside_what_a_store_says_of_itself() -> None:
    """Its addresses in China and America are no imprint of a store that gave its own for Germany alone."""
    brand = store(name={"de": "Buchladen"}, postal={"DE": ["Buchladen, Hamburg"]}, phone="040 1").defaults.brand

    assert (brand.name, dict(brand.postal)) == ({"de": "Buchladen"}, {"DE": ("Buchladen, Hamburg",)})
    assert (dict(brand.phone), brand.ad_mark["CN"]) == ({"*": "040 1"}, "（广告）")


def test_a_store_that_is_named_in_one_language_is_called_so_in_all() -> None:
    rulebook = store(name={"de": "Buchladen"})

    assert rulebook.houses.of_locale("en-US").named("name") == "Buchladen"


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("post@müller.de", "post@xn--mller-kva.de"),
        ("post@straße.de", "post@xn--strae-oqa.de"),
        ("post@shop.example", "post@shop.example"),
    ],
)
def test_an_address_with_a_domain_in_other_letters_is_one_that_servers_take(given: str, taken: str) -> None:
    brand = store(sender=given, reply_to=given).defaults.brand

    assert (brand.sender, brand.reply_to) == (taken, taken)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("büro@shop.de", "sender: 'büro' has letters that few mail servers take"),
        ("post@-ü-.de", "'-ü-.de' is no domain"),
    ],
)
def test_an_address_that_no_server_takes_is_refused_with_the_rulebook(given: str, problem: str) -> None:
    with pytest.raises(BadRulebook, match=problem):
        store(sender=given)
