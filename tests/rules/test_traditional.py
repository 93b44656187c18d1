"""Readers of Traditional Chinese get Traditional Chinese: what Big5 cannot write is none."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
import yaml

from agents.links.looks import Looks, language_among
from rules.defaults import Phrases
from rules.languages import best, of_language, said_in
from rules.loading import load_rulebook, shipped
from rules.templates.liquid import read_liquid
from rules.texts.house import House
from rules.texts.script import as_read, places
from rules.traditional import in_traditional, is_traditional

READERS = ("zh-TW", "zh-HK", "zh-Hant")


def chinese(told: Any) -> Iterator[str]:
    """Every text of a structure that stands under ``zh``."""
    if isinstance(told, dict):
        for key, value in told.items():
            yield from texts(value) if key == "zh" else chinese(value)
    if isinstance(told, list):
        for one in told:
            yield from chinese(one)


def texts(told: Any) -> Iterator[str]:
    """Every text of a structure."""
    if isinstance(told, str):
        yield told
    elif isinstance(told, dict):
        for name, value in told.items():
            yield name
            yield from texts(value)
    elif isinstance(told, list):
        for one in told:
            yield from texts(one)


def shipped_texts() -> list[str]:
    files = [one for one in (resources.files("rules") / "packs").iterdir() if one.name.endswith(".yaml")]
    files.append(resources.files("agents.links") / "words.yaml")
    return sorted({text for one in files for text in chinese(yaml.safe_load(one.read_text(encoding="utf-8")))})


def strange(text: str) -> str:
    """The characters of a text that Big5, the Traditional character set, does not have, nor Hong Kong's part of it."""
    han = (one for one in text if "\u4e00" <= one <= "\u9fff")
    return "".join(one for one in han if one not in "裏着" and not one.encode("big5", "ignore"))


@pytest.mark.parametrize(
    ("locale", "is_so"),
    [
        ("zh-TW", True), ("zh-HK", True), ("zh-MO", True), ("zh-Hant", True), ("zh-hant-us", True), ("ZH-tw", True),
        ("zh", False), ("zh-CN", False), ("zh-SG", False), ("zh-Hans-HK", False), ("ja", False), ("en-TW", False),
    ],
)  # fmt: skip
def test_who_reads_traditional_characters(locale: str, is_so: bool) -> None:
    assert is_traditional(locale) is is_so


@pytest.mark.parametrize("reader", READERS)
def test_whatever_is_shipped_is_written_in_characters_that_they_read(reader: str) -> None:
    found = shipped_texts()

    assert len(found) > 250
    assert any(strange(text) for text in found), "these are Simplified"
    assert [told for text in found if strange(told := in_traditional(text, reader))] == []


@pytest.mark.parametrize("reader", READERS)
def test_what_a_text_asks_for_stays_as_it_is(reader: str) -> None:
    for rule in shipped().rules:
        for plan in rule.plans:
            for key, scripts in plan.text.variants.items():
                for script in scripts:
                    read = as_read(script, key, reader)
                    assert read.asks == script.asks
                    assert list(read.templates) == [place for place, _ in places(read.spoken)]
                    assert (read is script) == (key != "zh")


def test_liquid_and_addresses_are_left_alone() -> None:
    told = "请看 https://shop.example/订单 {% if product.title == '软件' %}软件{% endif %}{{ order.id }}"

    assert in_traditional(told, "zh-TW") == (
        "請看 https://shop.example/訂單 {% if product.title == '软件' %}軟體{% endif %}{{ order.id }}"
    )
    assert read_liquid(in_traditional(told, "zh-TW")).asked


def test_taiwan_and_hong_kong_have_words_and_characters_of_their_own() -> None:
    told = "后天里面收到短信，请点击“提交”回复本邮件"

    assert in_traditional(told, "zh-TW") == "後天裡面收到簡訊，請點選「提交」回覆本郵件"
    assert in_traditional(told, "zh-HK") == "後天裏面收到短信，請點擊「提交」回覆本郵件"


def test_a_text_of_the_stores_own_comes_first() -> None:
    known = {"zh": "软件", "zh-Hant": "自己寫的", "en": "software"}

    assert said_in("zh-TW", known) == said_in("zh-Hant-HK", known) == "自己寫的"
    assert said_in("zh-CN", known) == "软件"
    assert said_in("zh-HK", {"zh": "软件", "zh-TW": "軟體"}) == "軟件"
    assert said_in("zh-TW", {"zh": "软件"}) == "軟體"
    assert said_in("zh-TW", {"*": "softwaré"}) == "softwaré"


@pytest.mark.parametrize(
    ("known", "wanted", "found"),
    [
        (["zh", "zh-hant"], "zh-TW", "zh-hant"),
        (["zh", "zh-tw"], "zh-HK", "zh-tw"),
        (["zh-hant", "zh-cn"], "zh", "zh-cn"),
        (["zh-hant"], "zh-CN", "zh-hant"),
        (["zh"], "zh-Hant-TW", "zh"),
        (["de-at", "de"], "de-CH", "de"),
    ],
)
def test_of_several_chinese_texts_they_get_the_nearest(known: list[str], wanted: str, found: str) -> None:
    assert best(known, wanted) == found


def test_phrases_pages_and_names_are_theirs_as_well() -> None:
    house = House(shipped().defaults, "zh-TW")

    assert isinstance(house.phrases, Phrases)
    assert house.phrases.marketing == "此類訊息經您同意後傳送。"
    assert house.named("name") == "林墨書店"
    assert House(shipped().defaults, "zh-CN").named("name") == "林墨书店"
    assert Looks("zh-Hant").words["language"] == "語言"
    assert [language_among(one) for one in ("zh-TW", "zh", "de-AT", "fr")] == ["zh-hant", "zh", "de", None]


def test_a_name_of_the_store_is_not_rewritten() -> None:
    defaults = load_rulebook().defaults
    brand = defaults.brand.model_copy(update={"name": {"zh": "林墨书店"}})

    assert House(defaults.model_copy(update={"brand": brand}), "zh-TW").named("name") == "林墨书店"
    assert of_language("zh-TW", {"zh": "林墨书店"}) == "林墨书店"
