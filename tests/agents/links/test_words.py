"""The public pages have words for whatever they show."""

from __future__ import annotations

from importlib import resources

import pytest
import yaml

from schemas.channels import TO_CUSTOMERS

WORDS = yaml.safe_load((resources.files("agents.links") / "words.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", list(WORDS))
def test_every_channel_that_customers_can_refuse_has_words(language: str) -> None:
    assert WORDS[language]["channels"].keys() >= set(TO_CUSTOMERS)
    assert WORDS[language]["by"].keys() >= set(TO_CUSTOMERS)
