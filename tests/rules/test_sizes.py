"""What a rulebook may cost is bounded when it is read: nesting, lengths, patterns, walks, and files that never end."""

from __future__ import annotations

import os
from pathlib import Path

import orjson
import pytest

from rules.language import BadExpression, compile_expression
from rules.loading import load_rulebook, parse_rulebook, rulebook_of
from rules.problems import BadRulebook
from rules.reading.yaml_source import MAX_CHARACTERS


@pytest.mark.parametrize(
    "text",
    ["[" * 900, "[" * 5_000, "[" * 1_500 + "]" * 1_500, "{a: " * 3_000, "\n".join(" " * i + "-" for i in range(1_200))],
    ids=["brackets", "many brackets", "balanced", "mappings", "lists"],
)
def test_what_is_nested_too_deep_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadRulebook):
        rulebook_of({"x.yaml": text}, "defaults: {}")


def test_a_number_of_many_digits_is_refused_in_words() -> None:
    with pytest.raises(BadRulebook):
        rulebook_of({"x.yaml": "defaults: {orders: {second_order_days: " + "9" * 400_000 + "}}"}, "defaults: {}")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/stdin"])
def test_a_device_is_not_read(device: str) -> None:
    with pytest.raises(BadRulebook, match="no plain file"):
        load_rulebook(Path(device))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "rules.yaml"
    os.mkfifo(pipe)

    with pytest.raises(BadRulebook, match="no plain file"):
        load_rulebook(tmp_path)


def test_a_file_of_any_length_costs_no_memory(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    with file.open("wb") as empty:
        empty.truncate(1 << 40)

    with pytest.raises(BadRulebook, match=str(1 << 40)):
        load_rulebook(file)
    assert MAX_CHARACTERS < 1 << 30


@pytest.mark.parametrize(
    "bundle",
    [b"", b"[]", b"{}", b"null", b"[" * 2_000, orjson.dumps({"files": {"a.yaml": 1}, "base": "", "in_force_from": 0}),
     orjson.dumps({"files": [], "base": "", "in_force_from": 1e300}),
     orjson.dumps({"files": "x", "base": "", "in_force_from": 0})],
)  # fmt: skip
def test_what_is_no_bundle_is_refused_in_words(bundle: bytes) -> None:
    with pytest.raises(BadRulebook):
        parse_rulebook(bundle)


@pytest.mark.parametrize(
    "pattern", ["((((a{1,100}){1,100}){1,100}){1,100})", "(a{1000}){1000}", "(", "a(?=b)", "[z-a]"]
)
def test_a_pattern_that_cannot_compile_is_refused_when_the_rule_is_read(pattern: str) -> None:
    with pytest.raises(BadExpression, match="a pattern that does not compile"):
        compile_expression(f"profile.locale.matches('{pattern}')")


def test_a_pattern_must_stand_in_the_rule() -> None:
    with pytest.raises(BadExpression, match="pattern that stands in the rule") as refused:
        compile_expression("profile.locale.matches(profile.region)")

    assert refused.value.column == 16


@pytest.mark.parametrize(
    "text", ["profile.locale.matches('^(en|de)(-.*)?$')", "profile.tags.exists(t, t.matches(r'^vip\\d'))"]
)
def test_plain_patterns_and_walks_are_taken(text: str) -> None:
    compile_expression(text)


def test_walks_within_walks_are_few() -> None:
    nested = "true"
    for depth in range(4):
        nested = f"[1,2,3,4,5,6,7,8,9,0].all(v{depth}, {nested})"

    with pytest.raises(BadExpression, match="4 walks through lists"):
        compile_expression(nested)
