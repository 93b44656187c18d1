"""The demo's store has the shipped rules and numbers of its own, and its year has something for each rule to do."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from agents.demo.rulebook import write_rulebook
from rules.loading import load_rulebook, shipped
from schemas.almanac import decode_almanac
from schemas.topics import ACTION_TOPICS
from tests.equality.conftest import settings_of
from tests.equality.histories import history, rehearse
from tests.year.test_year import UNTIL_TRUSTED


def test_the_demo_has_the_shipped_rules_and_a_store_that_gives_its_tiers_something(tmp_path: Path) -> None:
    demo = load_rulebook(write_rulebook(tmp_path / "rules"))

    assert [rule.id for rule in demo.rules] == [rule.id for rule in shipped().rules]
    assert all(tier.benefits for tier in demo.defaults.tiers if tier.score)
    assert demo.defaults.points.redeemable


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_in_the_demo_every_rule_acts_and_the_model_is_trusted_and_better_than_the_base_rate(tmp_path: Path) -> None:
    demo = load_rulebook(write_rulebook(tmp_path / "rules"))

    rehearsal = rehearse(history(first_day=0, days=366, households=300, act_after=28), settings_of(), rulebook=demo)

    acted = Counter(
        msgspec.json.decode(message.value)["rule"]
        for shelf in rehearsal.shelves
        for message in shelf.outbox
        if message.topic in ACTION_TOPICS.values()
    )
    assert {rule.id for rule in demo.rules} - set(acted) <= UNTIL_TRUSTED
    almanacs = rehearsal.almanac_bytes()
    horizon = decode_almanac(almanacs[max(almanacs)]).churn.horizons[0]
    assert horizon.trusted
    assert horizon.quality.log_loss < horizon.quality.base_loss
