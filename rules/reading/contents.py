"""From files to a checked rulebook: shapes first, then what they mean together. Every problem is told at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rules.defaults import Defaults
from rules.defaults.brand import STORES_OWN
from rules.facts import FACTS, asking
from rules.facts.own import ATTRIBUTE, own_facts
from rules.own import Own, OwnEvent, OwnField
from rules.problems import BadRulebook, Problem
from rules.reading.checking import Checker
from rules.reading.schema_errors import validated
from rules.reading.yaml_source import Document, read_document
from rules.rulebook import Contents
from rules.schema import RuleFile
from schemas.triggers import TRIGGERS


def read_rulebook(files: Mapping[str, str], base: str) -> Contents:
    """The rulebook in these files (name to text), on top of the shipped defaults ``base``.

    Raises:
        BadRulebook: with everything that is wrong.
    """
    problems: list[Problem] = []
    documents = _documents(files, problems)
    shapes = [(one, shape) for one in documents if (shape := validated(RuleFile, one, (), one.data, problems))]
    defaults, numbers = _defaults(documents, base, problems)
    if problems or defaults is None:
        raise BadRulebook(problems)
    own = _own(shapes, problems)
    with asking(own_facts(own)):
        checker = Checker(defaults, shapes, problems, frozenset(own.events))
        rules = checker.rules()
    if problems:
        raise BadRulebook(problems)
    return Contents(defaults, rules, checker.words, _plain(documents, numbers), own)


def _documents(files: Mapping[str, str], problems: list[Problem]) -> list[Document]:
    documents = []
    for name in sorted(files):
        try:
            documents.append(read_document(name, files[name]))
        except BadRulebook as bad:
            problems.extend(bad.problems)
    return documents


def _defaults(documents: list[Document], base: str, problems: list[Problem]) -> tuple[Defaults | None, dict[str, Any]]:
    """The shipped numbers with those of the files laid over."""
    places = read_document("defaults.yaml (shipped)", base)
    if not (isinstance(places.data, dict) and isinstance(places.data.get("defaults"), dict)):
        fix = "take it from a bundle that tend has published"
        raise BadRulebook([places.problem((), "the numbers that all others lie over are missing", fix)])
    numbers: dict[str, Any] = places.data["defaults"]
    giving = [one for one in documents if isinstance(one.data, dict) and isinstance(one.data.get("defaults"), dict)]
    for again in giving[1:]:
        fix = f"keep all of them in {giving[0].file}"
        problems.append(again.problem(("defaults",), "defaults stand in two files", fix, key=True))
    for places in giving[:1]:
        numbers = _branded(_over(numbers, places.data["defaults"]), places.data["defaults"].get("brand"))
    return validated(Defaults, places, ("defaults",), numbers, problems), numbers


def _own(shapes: list[tuple[Document, RuleFile]], problems: list[Problem]) -> Own:
    """What the files declare of the store's own, each name once and none that tend has itself."""
    events: dict[str, OwnEvent] = {}
    attributes: dict[str, OwnField] = {}
    for document, shape in shapes:
        for name in shape.events:
            if name in TRIGGERS or name == ATTRIBUTE or any(fact.partition(".")[0] == name for fact in FACTS):
                fix = "give it another name"
                problems.append(document.problem(("events", name), f"tend has {name!r} itself", fix, key=True))
        for part, mine, known in (("events", shape.events, events), ("attributes", shape.attributes, attributes)):
            for again in sorted(mine.keys() & known.keys()):
                fix = "declare it in one file"
                problems.append(document.problem((part, again), f"{again!r} is declared twice", fix, key=True))
        events.update(shape.events)
        attributes.update(shape.attributes)
    return Own(events, attributes)


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Sections are laid over each other; lists and values replace."""
    both = {
        name: _over(below[name], value)
        for name, value in above.items()
        if isinstance(value, dict) and isinstance(below.get(name), dict)
    }
    return {**below, **above, **both}


def _branded(numbers: dict[str, Any], given: object) -> dict[str, Any]:
    """Names, numbers and addresses of the shipped store do not stay beside those that were given."""
    own = {name: told for name, told in given.items() if name in STORES_OWN} if isinstance(given, dict) else {}
    return {**numbers, "brand": {**numbers["brand"], **own}} if own else numbers


def _plain(documents: list[Document], numbers: dict[str, Any]) -> dict[str, Any]:
    """Which file something stands in, and comments and layout, make no difference."""
    parts: dict[str, Any] = {"defaults": numbers, "rules": {}, "texts": {}, "words": {}}
    for document in documents:
        parts["rules"].update({rule["id"]: rule for rule in document.data.get("rules", ())})
        parts["texts"].update(document.data.get("texts", {}))
        parts["words"].update(document.data.get("words", {}))
        for own in ("events", "attributes"):
            if document.data.get(own):
                parts.setdefault(own, {}).update(document.data[own])
    return parts
