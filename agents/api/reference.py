"""The API as tables for people, in Markdown: what each route takes and gives, and the class of each field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from schemas.contract_pages import class_of, fields_table

_INTRODUCTION: Final = """\
# The API, field by field

What `tend api` takes and gives; [the console's page](console.md#the-api) tells of keys, rights and cursors, and
`/api/openapi.json` says the same to programs. Fields of class *contact* are what a customer can be found or addressed
by, and their own words; those of class *life* tell of their life with the store. Names and addresses come masked.
Ignore fields that you do not know: later versions may add some.

Generated from `agents/api/` by `make docs`.
"""
_REF: Final = "$ref"
_Schema = Mapping[str, Any]


def api_page(document: _Schema) -> str:
    """The page of an OpenAPI document."""
    models = document["components"]["schemas"]
    lines = [_INTRODUCTION]
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            lines += [f"## {method.upper()} {path}", "", f"{route['summary']}.", "", *_tables(route, models)]
    return "\n".join(lines)


def _tables(route: _Schema, models: _Schema) -> Iterator[str]:
    if "requestBody" in route:
        yield from ("It takes:", "", *_table(_body(route["requestBody"]), models), "")
    answers = [answer for status, answer in route["responses"].items() if status.startswith("2")]
    for answer in answers:
        if "content" in answer:
            yield from ("It gives:", "", *_table(_body(answer), models), "")


def _body(part: _Schema) -> _Schema:
    found: _Schema = part["content"]["application/json"]["schema"]
    return found


def _table(schema: _Schema, models: _Schema) -> list[str]:
    """The fields of an object or of each of a list; of anything else what it is."""
    inner = schema.get("items", schema)
    if _REF not in inner:
        of = "a list of texts" if "items" in schema else "an object"
        return [f"{of}, of class *{class_of(inner)}*"]
    plain = {name: _spelt_out(model, models) for name, model in models.items()}
    return list(fields_table(plain[_name(inner)], {"$defs": plain}))


def _spelt_out(part: Any, models: _Schema) -> Any:
    """A schema in which closed lists stand where they are used."""
    if isinstance(part, list):
        return [_spelt_out(one, models) for one in part]
    if not isinstance(part, dict):
        return part
    if _REF in part and "enum" in models[_name(part)]:
        return models[_name(part)]
    return {name: _spelt_out(one, models) for name, one in part.items()}


def _name(part: _Schema) -> str:
    return str(part[_REF]).rsplit("/", 1)[-1]
