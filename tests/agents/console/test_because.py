"""Reasons of shipped rules are told in the reader's language; what a store wrote stands as it is."""

from __future__ import annotations

import re

import pytest

from agents.console.because import because
from agents.console.words import LANGUAGES, Words
from rules.loading import shipped

RULES = {rule.id: rule for rule in shipped().rules}
EN, DE, ZH = (Words(language, "Europe/Berlin") for language in ("en", "de", "zh-CN"))


@pytest.mark.parametrize("rule", sorted(RULES))
@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_every_shipped_reason_is_told_in_every_language(rule: str, language: str) -> None:
    reason = re.sub(r"\{[^}]*\}", "17", RULES[rule].reason.text)

    told = because(rule, reason, Words(language, "UTC"))

    assert told != reason
    assert told.count("17") == reason.count("17")


def test_what_stands_in_a_reason_is_told_too() -> None:
    assert because("coupon_expiring", "holds BDAY-7, good until 2017-03-08", ZH) == "持有 BDAY-7，有效期至 3月8日"
    assert because("complaint_routed", "high complaint about delivery", DE) == "Beschwerde, dringend: Lieferung"
    told = "high value, risk of 31 % that they do not come back: fewer visits"
    assert because("win_back_call", told, ZH) == "价值高，不再光顾的风险 31%：访问减少"


def test_what_a_store_wrote_itself_stands_as_it_is() -> None:
    assert because("delivery_survey", "Ware ist da", ZH) == "Ware ist da"
    assert because("their_own", "asked a question", ZH) == "asked a question"
