"""Rules: what do we do by ourselves, and what stops it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final

import yaml
from starlette.responses import Response

from agents.console import charts
from agents.console.answers import came_of_it, channel_table, steps_taken
from agents.console.decisions import feed_entry
from agents.console.rule_looks import looks
from agents.console.web import View, parts_of
from agents.console.words import Words
from agents.rollups.answers import BOUNCED, REFUSED, by_rule, together
from rules.durations import in_words
from rules.rule import Rule
from schemas.outcome import decode_decision

DAYS: Final = 28
AnswersByRule = Mapping[str, Mapping[str, Mapping[str, int]]]
_SPANS: Final = frozenset({"cooldown", "expiry", "spread", "valid"})
"""Terms that are spans of time."""
_PURPOSES: Final = (
    ("complaints", ("complaint",)),
    ("promises", ("late_", "delivery", "refund", "dispatch")),
    ("new", ("welcome", "first_order", "second_order")),
    ("staying", ("win_back", "dormant", "cart", "quiet")),
    ("talks", ("question", "contacts", "wish")),
    ("loyalty", ("tier", "points", "coupon", "birthday", "festival")),
    ("own", ("",)),
)
"""Groups of rules with the beginnings of their names; the last one takes the rest."""


async def rules_page(view: View) -> Response:
    """The page."""
    return await view.page("rules.html", **await rules_values(view))


async def rules_parts(view: View) -> dict[str, str]:
    """What changes by itself."""
    return await parts_of(view, "rules", ("list",), await list_values(view))


async def rules_values(view: View) -> dict[str, Any]:
    """All that the page shows."""
    values = await list_values(view)
    chosen = (await view.backend.rulebook()).rule(values["chosen"])
    return values | {"rule": await _detail(chosen, await view.backend.last_days(DAYS), view) if chosen else None}


async def list_values(view: View) -> dict[str, Any]:
    """All rules with what became of them, and which one is chosen."""
    words, rulebook = view.words, await view.backend.rulebook()
    sums = await view.backend.last_days(DAYS)
    answers = by_rule(sums)
    rows = [_row(rule, sums, answers, words) for rule in rulebook.rules]
    chosen = rulebook.rule(view.query.get("rule", "")) or max(
        rulebook.rules, key=lambda rule: sums.get(f"rule.{rule.id}.proposed", 0), default=None
    )
    return {
        "says": says(rows, words),
        "version": rulebook.version,
        "since": words.by_moment(rulebook.in_force_from, view.now) if rulebook.in_force_from else "",
        "groups": _grouped(rows, words),
        "chosen": chosen.id if chosen else "",
    }


def says(rows: Sequence[Mapping[str, Any]], words: Words) -> str:
    """In a sentence: how many rules had something to propose, and what became of it."""
    acted, still = sum(row["acted"] for row in rows), sum(row["not_sent"] + row["held"] for row in rows)
    busy = sum(row["acted"] + row["not_sent"] + row["held"] > 0 for row in rows)
    return words("rules_page.says", n=busy, acted=words("spans.times", n=acted), still=words("spans.times", n=still))


def _row(rule: Rule, sums: Mapping[str, int], answers: AnswersByRule, words: Words) -> dict[str, Any]:
    figures = {name: sums.get(f"rule.{rule.id}.{name}", 0) for name in ("acted", "held", "not_sent", "proposed")}
    figures["held"] = min(figures["held"], max(figures["proposed"] - figures["acted"] - figures["not_sent"], 0))
    # What was proposed before these days and came out of a hold in them counts as well, so that the account balances.
    figures["proposed"] = figures["acted"] + figures["held"] + figures["not_sent"]
    told = together(answers.get(rule.id, {}))
    failed = min(told.get(BOUNCED, 0) + told.get(REFUSED, 0), figures["acted"])
    title = words.named("rules", rule.id) if words.has(f"rules.{rule.id}") else rule.terms.about
    label = words("rules_page.bar", acted=figures["acted"], held=figures["held"], not_sent=figures["not_sent"])
    if failed:
        label = words.listed([label, words("rules_page.failed", n=failed)])
    return {
        "id": rule.id,
        "title": title,
        "group": next(group for group, starts in _PURPOSES if any(rule.id.startswith(start) for start in starts)),
        "bar": charts.proposals(figures["acted"], figures["held"], figures["not_sent"], failed, label),
        "came": came_of_it(told, words),
        **figures,
    }


def _grouped(rows: list[dict[str, Any]], words: Words) -> list[tuple[str, list[dict[str, Any]]]]:
    return [
        (words(f"rules_page.{group}"), found)
        for group, _ in _PURPOSES
        if (found := [row for row in rows if row["group"] == group])
    ]


async def _detail(rule: Rule, sums: Mapping[str, int], view: View) -> dict[str, Any]:
    words = view.words
    answers = by_rule(sums)
    row = _row(rule, sums, answers, words)
    steps = steps_taken(together(answers.get(rule.id, {})), words)
    refused = _refused(rule, sums)
    losses = [("not_sent", count) for _, count in refused]
    named = [(f"−{words.number(count)}", words.named("reasons", reason), "supp") for reason, count in refused]
    if row["held"]:
        losses.append(("held", row["held"]))
        named.append((f"−{words.number(row['held'])}", words("rules_page.held_now"), "held"))
    newest = [decode_decision(body) for body in await view.backend.rollups.of_rule(rule.id, 3)]
    newest.sort(key=lambda one: -one.acting)
    return {
        **row,
        "about": rule.terms.about,
        "sieve": charts.sieve(row["proposed"], losses, [row["acted"], *(count for count, _ in steps)]),
        "losses": named,
        "steps": steps,
        "answers": channel_table(answers.get(rule.id, {}), words),
        "source": _source(rule),
        "file": PurePath(rule.file).name,
        "looks": looks(rule, await view.backend.rulebook(), view.query, view.now),
        "latest": [feed_entry(one, words, view.now) for one in newest[:6]],
    }


def _refused(rule: Rule, sums: Mapping[str, int]) -> list[tuple[str, int]]:
    """Reasons for which its actions were not sent, the most frequent first."""
    begins = f"reason.{rule.id}.not_sent."
    found = [
        (name.removeprefix(begins).split(".")[0], count) for name, count in sums.items() if name.startswith(begins)
    ]
    return sorted(found, key=lambda one: -one[1])


class _Plainly(yaml.SafeDumper):
    """YAML as people write rules: ``on`` is a word here, and no truth value of YAML 1.1."""


_Plainly.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:bool"]
    for first, found in yaml.SafeDumper.yaml_implicit_resolvers.items()
}


def _source(rule: Rule) -> list[str]:
    told: dict[str, Any] = rule.terms.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return yaml.dump(_written(told), Dumper=_Plainly, sort_keys=False, allow_unicode=True, width=72).splitlines()


def _written(value: Any, name: str = "") -> Any:
    """The terms with spans in words again."""
    if isinstance(value, dict):
        return {key: _written(inner, key) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_written(inner) for inner in value]
    return in_words(value) if name in _SPANS and isinstance(value, int) else value
