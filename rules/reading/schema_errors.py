"""Shapes of a rule file: what pydantic finds wrong, said with its place and a fix."""

from __future__ import annotations

from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from rules.problems import Problem, nearest
from rules.reading.yaml_source import Document, Path

Shape = TypeVar("Shape", bound=BaseModel)


def validated(model: type[Shape], document: Document, path: Path, data: Any, problems: list[Problem]) -> Shape | None:
    """The data as the model, or None after adding what is wrong; ``path`` is where it stands in the document."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found: dict[object, Problem] = {}
        for detail in _telling(error.errors(include_url=False)):
            problem = _in_words(model, document, path, detail)
            # A union complains once for each of its sides: one of them is enough.
            found.setdefault((problem.line, problem.column, detail["type"] == "missing" and problem.message), problem)
        problems.extend(found.values())
        return None


def _telling(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without what only follows: a list too short as its members are wrong, a field missing as it is misspelt."""
    within = {one["loc"][:length] for one in details for length in range(len(one["loc"]))}
    unknown: dict[tuple[int | str, ...], list[str]] = {}
    for one in details:
        if one["type"] == "extra_forbidden":
            unknown.setdefault(one["loc"][:-1], []).append(str(one["loc"][-1]))

    def follows(one: ErrorDetails) -> bool:
        where = one["loc"]
        if one["type"] == "too_short":
            return where in within
        return one["type"] == "missing" and any(nearest(name, [str(where[-1])]) for name in unknown.get(where[:-1], ()))

    return [one for one in details if not follows(one)]


def _in_words(model: type[BaseModel], document: Document, path: Path, detail: ErrorDetails) -> Problem:
    inside = _known(document, path, detail["loc"])
    place = path + inside
    name = str(inside[-1]) if inside else "the file"
    if detail["type"] == "extra_forbidden":
        names = _fields(model, inside[:-1])
        fix = nearest(name, names) or f"known here: {', '.join(names)}"
        return document.problem(place, f"there is no {name!r} here", fix, key=True)
    if detail["type"] == "missing":
        fix = f"add {name}: {_meaning(model, inside)}"
        return document.problem(place[:-1], f"{name!r} is missing", fix)
    said = detail["msg"].removeprefix("Value error, ")
    shown = "" if isinstance(detail["input"], dict | list) else f", not {detail['input']!r}"
    return document.problem(place, f"{name}: {said[:1].lower() + said[1:]}{shown}", _meaning(model, inside))


def _known(document: Document, path: Path, where: tuple[str | int, ...]) -> Path:
    """The location without the names of union members, which pydantic puts between."""
    inside: Path = ()
    for number, part in enumerate(where):
        last = number == len(where) - 1
        if (path + inside + (part,)) in document.values or (last and _is_name(part)):
            inside += (part,)
    return inside


def _is_name(part: str | int) -> bool:
    return isinstance(part, str) and part.isidentifier() and part.islower() and part not in ("str", "tuple", "literal")


def _meaning(model: type[BaseModel], inside: Path) -> str:
    """What belongs there, from the field's own description."""
    for end in range(len(inside), 0, -1):
        field = _field(model, inside[:end])
        if field and field.description:
            return " ".join(field.description.split())
    return "see docs/rules.md"


def _field(model: type[BaseModel], inside: Path) -> FieldInfo | None:
    owner = _model_at(model, inside[:-1])
    return owner.model_fields.get(str(inside[-1])) if owner else None


def _fields(model: type[BaseModel], inside: Path) -> list[str]:
    owner = _model_at(model, inside)
    return list(owner.model_fields) if owner else []


def _model_at(model: type[BaseModel], inside: Path) -> type[BaseModel] | None:
    """The model that describes what stands at this location."""
    at: type[BaseModel] | None = model
    for part in inside:
        if isinstance(part, int):
            continue
        field = at.model_fields.get(part) if at else None
        at = _model_in(field.annotation) if field else None
    return at


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for one in get_args(annotation) if (found := _model_in(one))), None)
