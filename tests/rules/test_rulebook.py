"""Rulebooks: versions, bundles, files."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from rules.loading import load_rulebook, parse_rulebook, shipped
from rules.problems import BadRulebook
from schemas.times import DAY
from tests.rules.moments import book, rule, rules
from tests.rules.reading.test_contents import GOOD

RULES, TEXTS = GOOD.split("texts:\n")


def test_the_version_comes_from_what_it_says() -> None:
    same = book("# a comment\n" + GOOD.replace("    about: Says hello.\n", "    about:   'Says hello.'\n\n"))

    assert same.version == book(GOOD).version
    assert book(GOOD.replace("> 3", "> 4")).version != same.version
    assert book(GOOD + "defaults: {carts: {delay: 61}}\n").version != same.version


def test_it_does_not_matter_which_file_says_what() -> None:
    assert book(RULES, "texts:\n" + TEXTS).version == book("texts:\n" + TEXTS, RULES).version == book(GOOD).version


def test_a_bundle_holds_all_of_it() -> None:
    before = book(GOOD + "defaults: {carts: {delay: 61}}\n")

    after = parse_rulebook(before.bundle(in_force_from=5 * DAY))

    assert after.version == before.version
    assert after.in_force_from == 5 * DAY
    assert after.defaults == before.defaults
    assert [one.id for one in after.rules] == ["hello"]
    assert after.bundle(5 * DAY) == before.bundle(5 * DAY)


@pytest.mark.parametrize(
    "bundle",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        *(
            orjson.dumps({"files": {}, "base": base, "in_force_from": 0})
            for base in ("", "[]", "text", "other: 1", "defaults: 1", "defaults:")
        ),
    ],
)
def test_what_is_no_bundle_is_refused(bundle: bytes) -> None:
    with pytest.raises(BadRulebook):
        parse_rulebook(bundle)


def test_a_bundle_that_reads_differently_here_is_refused() -> None:
    parts = orjson.loads(book(GOOD).bundle())
    parts["version"] = "0123456789ab"

    with pytest.raises(BadRulebook, match="published as 0123456789ab, but it reads as") as caught:
        parse_rulebook(orjson.dumps(parts))

    assert "run the same version" in str(caught.value)


def test_a_folder_of_files_is_read(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "texts.yml").write_text("texts:\n" + TEXTS)
    (tmp_path / "notes.txt").write_text("not for tend")

    assert load_rulebook(tmp_path).version == book(GOOD).version
    assert load_rulebook(tmp_path / "rules.yaml", tmp_path / "texts.yml").version == book(GOOD).version


def test_a_folder_without_rules_a_missing_file_and_one_that_is_no_text_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadRulebook, match="no rules here"):
        load_rulebook(tmp_path)
    with pytest.raises(BadRulebook, match="No such file"):
        load_rulebook(tmp_path / "missing.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadRulebook, match="not UTF-8"):
        load_rulebook(tmp_path)


def test_a_trigger_wakes_its_rules_the_highest_priority_first() -> None:
    several = rules(
        rule(id="b", priority=5), rule(id="a", priority=5), rule(id="c", priority=9, on=["order.delivered"])
    )

    assert [one.id for one in several.triggered_by("order.placed")] == ["a", "b"]
    assert [one.id for one in several.triggered_by("order.delivered")] == ["c"]
    assert several.triggered_by("order.returned") == ()


def test_a_rule_is_found_by_name_and_by_what_records_remember() -> None:
    known = shipped().rule("welcome")

    assert known is not None
    assert shipped().rule_of(known.hash) is known
    assert shipped().rule("nobody") is None
    assert shipped().rule_of(1) is None


def test_only_the_facts_that_a_rule_uses_are_needed() -> None:
    known = shipped().rule("welcome")

    assert known is not None
    assert known.uses == ("orders.count",)


def test_the_shipped_numbers_are_complete() -> None:
    numbers = shipped().defaults

    assert [numbers.tier(score) for score in (3, 7, 8, 11, 15)] == ["bronze", "bronze", "silver", "gold", "platinum"]
    assert [numbers.rank(tier) for tier in ("bronze", "platinum", "", "gone")] == [1, 4, 0, 0]
    assert [numbers.rfm.recency(days) for days in (0, 7, 8, 30, 91)] == [5, 5, 4, 3, 1]
    assert [numbers.rfm.frequency(orders) for orders in (0, 3, 10, 25, 60)] == [1, 2, 3, 4, 5]
    assert [numbers.segments.value(spent) for spent in (0, 50_000, 200_000)] == ["low", "middle", "high"]
    assert [numbers.segments.activity(days) for days in (None, 28, 29, 90)] == ["none", "active", "cooling", "dormant"]
