"""Which changes of a contract break those who already use it.

Events are written by others and read by tend: every event that was valid must stay valid. Actions are written by tend
and read by others, who ignore fields that they do not know: every action written now must be one that they can read.
Both are one question, whether all values of one JSON Schema are values of another; the keywords known are those that
pydantic writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]

_LOWEST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
"""Keywords where a greater number accepts less."""
_NO_SIZE = {"minLength": 0, "minItems": 0, "minProperties": 0}
"""What these say where they are left out."""
_HIGHEST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
"""Keywords where a smaller number accepts less."""
_EXACT = ("pattern", "format")


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """What was valid under ``old`` and is so no longer, one line each: for contracts that others write."""
    return [f"{gap.path}: was {gap.given}, now {gap.accepted}" for gap in _Comparison(old, new).gaps()]


def breaking_for_readers(old: Schema, new: Schema) -> list[str]:
    """What may be written under ``new`` and was not valid under ``old``, but for further fields: for our own output."""
    gaps = _Comparison(new, old, readers_ignore_unknown=True).gaps()
    return [f"{gap.path}: now {gap.given}, while readers expect {gap.accepted}" for gap in gaps]


@dataclass(frozen=True)
class _Gap:
    path: str
    given: str
    accepted: str


@dataclass(frozen=True)
class _Comparison:
    """Are all values of ``given`` values of ``accepting``? References are looked up in the document they stand in."""

    given: Schema
    accepting: Schema
    readers_ignore_unknown: bool = False
    _under_way: set[tuple[str, str]] = field(default_factory=set)

    def gaps(self) -> list[_Gap]:
        return list(self._compare(self.given, self.accepting, "$"))

    def _compare(self, given: Schema, accepting: Schema, path: str) -> Iterator[_Gap]:
        pair = (given.get("$ref", ""), accepting.get("$ref", ""))
        if all(pair) and pair in self._under_way:
            return  # a type that contains itself: it is being compared further up
        self._under_way.add(pair)
        given, accepting = _resolve(given, self.given), _resolve(accepting, self.accepting)
        if "anyOf" in given or "oneOf" in given or "anyOf" in accepting or "oneOf" in accepting:
            yield from self._choices(given, accepting, path)
        else:
            yield from self._plain(given, accepting, path)
        self._under_way.discard(pair)

    def _choices(self, given: Schema, accepting: Schema, path: str) -> Iterator[_Gap]:
        choices = _variants(accepting)
        for variant in _variants(given):
            found = [list(self._compare(variant, choice, path)) for choice in choices]
            if all(found):
                nearest = min(found, key=len)
                yield from nearest if len(choices) == 1 else [_Gap(path, _name(variant), _names(choices))]

    def _plain(self, given: Schema, accepting: Schema, path: str) -> Iterator[_Gap]:
        mismatch = list(_types(given, accepting, path))
        if mismatch:
            yield from mismatch
            return
        yield from _values(given, accepting, path)
        yield from _bounds(given, accepting, path)
        yield from self._fields(given, accepting, path)
        yield from self._members(given, accepting, path)

    def _fields(self, given: Schema, accepting: Schema, path: str) -> Iterator[_Gap]:
        ours, theirs = given.get("properties", {}), accepting.get("properties", {})
        closed = accepting.get("additionalProperties") is False and not self.readers_ignore_unknown
        for name in sorted(ours):
            if name in theirs:
                yield from self._compare(ours[name], theirs[name], f"{path}.{name}")
            elif closed:
                yield _Gap(f"{path}.{name}", "a field", "unknown")
        if self.readers_ignore_unknown:
            for name in sorted(set(theirs) - set(ours) - set(accepting.get("required", ()))):
                yield _Gap(f"{path}.{name}", "absent", "a field")
        for name in sorted(set(accepting.get("required", ())) - set(given.get("required", ()))):
            yield _Gap(f"{path}.{name}", "optional" if name in ours else "absent", "required")

    def _members(self, given: Schema, accepting: Schema, path: str) -> Iterator[_Gap]:
        for keyword, suffix in (("items", "[]"), ("additionalProperties", ".*"), ("propertyNames", ".<name>")):
            ours, theirs = given.get(keyword), accepting.get(keyword)
            if isinstance(theirs, Mapping) and ours is not False:
                yield from self._compare(ours if isinstance(ours, Mapping) else {}, theirs, path + suffix)


def _resolve(schema: Schema, document: Schema) -> Schema:
    while "$ref" in schema:
        target: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


def _variants(schema: Schema) -> list[Schema]:
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return list(schema[keyword])
    return [schema]


def _types(given: Schema, accepting: Schema, path: str) -> Iterator[_Gap]:
    ours, theirs = _type_names(given), _type_names(accepting)
    if theirs and "number" in theirs:
        theirs = theirs | {"integer"}
    if theirs and not (ours and ours <= theirs):
        yield _Gap(path, " or ".join(sorted(ours)) or "of any type", " or ".join(sorted(theirs)))


def _type_names(schema: Schema) -> set[str]:
    names = schema.get("type", ())
    return {names} if isinstance(names, str) else set(names)


def _values(given: Schema, accepting: Schema, path: str) -> Iterator[_Gap]:
    ours, theirs = _allowed(given), _allowed(accepting)
    if theirs is None:
        return
    if ours is None:
        yield _Gap(path, "any value", f"one of {', '.join(map(str, theirs))}")
        return
    for value in ours:
        if value not in theirs:
            yield _Gap(path, f"possibly {value!r}", f"one of {', '.join(map(str, theirs))}")


def _allowed(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    return list(schema["enum"]) if "enum" in schema else None


def _bounds(given: Schema, accepting: Schema, path: str) -> Iterator[_Gap]:
    if _allowed(given) is not None:
        return
    for keyword in (*_LOWEST, *_HIGHEST, *_EXACT):
        ours, theirs = given.get(keyword, _NO_SIZE.get(keyword)), accepting.get(keyword)
        if theirs is None or ours == theirs:
            continue
        if ours is None or keyword in _EXACT or (ours < theirs if keyword in _LOWEST else ours > theirs):
            yield _Gap(path, f"{keyword} {ours}" if ours is not None else f"without {keyword}", f"{keyword} {theirs}")


def _name(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    return str(schema.get("const", schema.get("type", "anything")))


def _names(schemas: list[Schema]) -> str:
    return " or ".join(_name(schema) for schema in schemas)
