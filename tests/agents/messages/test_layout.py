"""Mails: what every mail program needs, in HTML and in plain text, with name and links filled in last."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from agents.messages.layout import UnfilledLink, mail
from agents.messages.samples import PICTURE, MessageSample, links, sample
from rules.loading import shipped
from rules.rule import Rule
from schemas.message import Message
from schemas.times import to_millis

DOCS = Path(__file__).parents[3] / "docs"
AT = to_millis(datetime(2026, 11, 12, 15, tzinfo=UTC))
LOCALES = ("en-US", "de-DE", "zh-CN")
BY_MAIL = [rule for rule in shipped().rules if "email" in rule.plans[0].terms.channels and rule.id != "tier_upgrade"]
WHOLE = {**links("https://shop.example")}


def message(rule: str, locale: str = "en-US", status: str = "dispatched") -> Message:
    known = shipped().rule(rule)
    assert known is not None
    action = sample(shipped(), known, MessageSample(locale, AT, status), "email")
    assert action.message is not None
    return action.message


class Tags(HTMLParser):
    """Collects tags with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("rule", BY_MAIL, ids=lambda rule: rule.id)
def test_every_shipped_mail_is_whole(rule: Rule, locale: str) -> None:
    laid_out = mail(message(rule.id, locale), "Edda Marlow", WHOLE)
    tags = Tags(laid_out.html).found

    assert "{{" not in laid_out.html + laid_out.text + laid_out.subject
    assert len(laid_out.html.encode()) < 13_000
    assert [tag for tag, _ in tags].count("h1") == 1
    assert next(attributes for tag, attributes in tags if tag == "html")["lang"] == locale
    assert all(attributes["href"] not in ("", "#", None) for tag, attributes in tags if tag == "a")
    assert all(attributes.get("style") for tag, attributes in tags if tag in ("p", "a", "h1"))
    assert laid_out.html.count("<style") == 2, "one for Outlook, one that only improves"
    assert "Edda Marlow" in laid_out.text


@pytest.mark.parametrize("rule", BY_MAIL, ids=lambda rule: rule.id)
def test_every_shipped_mail_is_shown_in_the_documents(rule: Rule) -> None:
    picture = f"messages/{rule.id}.png"

    assert (DOCS / picture).exists(), "make sheets draws it"
    assert picture in (DOCS / "messages.md").read_text(encoding="utf-8")


def test_what_is_shown_of_news_names_what_it_is_about() -> None:
    assert mail(message("wish_back"), "", WHOLE).subject == "The Tidal Almanac is in stock again"


def test_a_mail_says_in_text_what_it_says_in_html() -> None:
    laid_out = mail(message("late_delivery_apology"), "Edda Marlow", WHOLE)

    assert laid_out.subject == "Order o-88213 is late. We are sorry."
    assert laid_out.text.startswith(
        "Hello Edda Marlow,\n\nWe promised you this order for Thursday, November 12. It is on its way,"
    )
    assert "Order o-88213\nPromised for: Thursday, November 12\nDelivered: not yet, 1 day late\nTotal: $64.50\n" in (
        laid_out.text
    )
    assert "\n-- \nWhy you get this: Order o-88213 is past the day we promised." in laid_out.text


def test_without_a_name_the_greeting_does_without() -> None:
    laid_out = mail(message("birthday_greeting"), "", WHOLE)

    assert laid_out.subject == "Happy birthday"
    assert laid_out.text.startswith("Hello,\n\nWe wish you")
    assert mail(message("birthday_greeting"), "Edda", WHOLE).subject == "Happy birthday, Edda"


def test_what_a_customer_is_called_cannot_change_the_mail() -> None:
    laid_out = mail(message("birthday_greeting"), "<b>Edda</b>\r\nBcc: all@example.org", WHOLE)

    assert "b" not in [tag for tag, _ in Tags(laid_out.html).found]
    assert "&lt;b&gt;Edda" in laid_out.html
    assert not re.search(r"[\r\n]", laid_out.subject)


@pytest.mark.parametrize("name", ["moc.live\u202e", "\u2067Edda", "Ed\x1b[31mda", "Ed\u200bda", "Edda\u2028Bcc: all"])
def test_no_name_turns_the_writing_around_or_hides_in_it(name: str) -> None:
    laid_out = mail(message("birthday_greeting"), name, WHOLE)

    for part in (laid_out.subject, laid_out.html, laid_out.text):
        assert not re.search("[\x1b\u200b\u202a-\u202e\u2028\u2066-\u2069]", part)


@pytest.mark.parametrize("name", ["王小明", "می‌خواهم", "Zoë 👩‍🚀", "\u200fשלום\u200f"])
def test_names_of_all_scripts_stay_as_they_are(name: str) -> None:
    assert name in mail(message("birthday_greeting"), name, WHOLE).subject


def test_a_survey_is_answered_by_one_click_on_number_and_word() -> None:
    laid_out = mail(message("delivery_survey", status="delivered"), "", WHOLE)

    for value, word in enumerate(("Very poor", "Poor", "Fair", "Good", "Very good"), 1):
        assert f'{WHOLE["survey"]}?a={value}"' in laid_out.html
        assert f"{value} {word}: {WHOLE['survey']}?a={value}" in laid_out.text
    assert f'{WHOLE["survey"]}?a=0"' in laid_out.html


def test_a_promised_link_without_an_address_is_an_error() -> None:
    with pytest.raises(UnfilledLink, match="coupon"):
        mail(
            message("birthday_greeting"),
            "",
            {"unsubscribe": "https://a.example/k/x", "preferences": "https://a.example/k/y"},
        )


def test_the_colour_of_the_store_is_on_buttons_in_light_and_dark() -> None:
    laid_out = mail(message("birthday_greeting"), "", WHOLE)

    assert "background-color: #6A2148" in laid_out.html
    assert ".f{background-color:#984B71!important" in laid_out.html


def test_marketing_to_china_is_marked_as_the_law_wants() -> None:
    assert mail(message("birthday_greeting", "zh-CN"), "陈予安", WHOLE).subject == "（广告）陈予安，生日快乐"
    assert not mail(message("complaint_acknowledged", "zh-CN"), "", WHOLE).subject.startswith("（广告）")


def test_a_coupon_in_germany_says_what_it_is_not_good_for() -> None:
    assert "Gilt nicht für preisgebundene Bücher" in mail(message("birthday_greeting", "de-DE"), "", WHOLE).text
    assert "preisgebunden" not in mail(message("birthday_greeting", "en-US"), "", WHOLE).text


LEADS_TO = {
    "late_delivery_apology": ["order"],
    "delivery_survey": [],
    "complaint_acknowledged": [],
    "complaint_follow_up": ["settled", "reopen"],
    "welcome": ["preferences"],
    "first_order_thanks": ["order"],
    "second_order_coupon": ["coupon"],
    "cart_left": ["cart"],
    "points_expiring": ["account"],
    "coupon_expiring": ["coupon"],
    "birthday_greeting": ["coupon"],
    "festival_greeting": [],
    "win_back_coupon": ["coupon"],
    "quiet_coupon": ["coupon"],
    "dormant_wake_up": ["coupon"],
    "wish_cheaper": ["account"],
    "wish_back": ["account"],  # by its name in the contract; its address is the product's
}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("rule", BY_MAIL, ids=lambda rule: rule.id)
def test_every_button_leads_where_its_sentence_says(rule: Rule, locale: str) -> None:
    assert [one.to for one in message(rule.id, locale).buttons] == LEADS_TO[rule.id]


@pytest.mark.parametrize("rule", ["wish_back", "wish_cheaper"])
def test_news_of_a_product_lead_to_its_own_page_and_without_one_nowhere_else(rule: str) -> None:
    (button,) = message(rule).buttons
    assert button.url == "https://lindmoor.example/books/s-301"

    known = shipped().rule(rule)
    assert known is not None
    assert "product.url" in known.uses


@pytest.mark.parametrize(("locale", "label"), [("en-US", "Total"), ("de-DE", "Summe"), ("zh-CN", "合计")])
def test_the_total_of_an_order_stands_under_a_double_rule(locale: str, label: str) -> None:
    told = message("late_delivery_apology", locale)
    laid_out = mail(told, "Edda Marlow", WHOLE)

    assert told.facts is not None
    assert told.facts.total is not None
    assert told.facts.total.label == label
    assert "3px double" in laid_out.html
    assert f"{label}{'：' if locale == 'zh-CN' else ': '}{told.facts.total.value}" in laid_out.text


def test_in_chinese_text_labels_end_with_a_colon_of_its_own() -> None:
    text = mail(message("win_back_coupon", "zh-CN"), "陈予安", WHOLE).text

    assert "优惠码：BACK" in text
    assert "查看我的优惠券：\nhttps://" in text
    assert ": " not in text.replace("https://", "")


def test_a_picture_has_a_text_in_its_place_and_leads_to_its_page() -> None:
    told = message("wish_back")
    assert told.product is not None
    nasty = told.product.model_copy(update={"title": '"><script>x()</script>', "image": PICTURE + "?w=1&h=2"})
    laid_out = mail(told.model_copy(update={"product": nasty}), "", WHOLE)
    tags = Tags(laid_out.html).found

    (picture,) = [attributes for tag, attributes in tags if tag == "img"]
    assert (picture["alt"], picture["src"]) == ('"><script>x()</script>', PICTURE + "?w=1&h=2")
    assert picture["style"]
    assert "script" not in [tag for tag, _ in tags]
    assert [tag for tag, attributes in tags if attributes.get("href") == told.product.url] == ["a", "a"]
    assert PICTURE not in laid_out.text


def test_a_mail_without_a_picture_has_no_image_at_all() -> None:
    told = message("wish_back").model_copy(update={"product": None})

    assert "<img" not in mail(told, "", WHOLE).html
