"""What tend writes for others beside actions: the ledgers of decisions and moves, the audit trail, dead letters.

Their shapes are published as those of events and actions are, each field with its class.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import msgspec

from schemas.audit import AuditEntry
from schemas.move import Move
from schemas.outcome import Decision, Reason, Verdict, encode_decision
from schemas.personal import KEYWORD, classes_of
from schemas.topics import AUDIT, DEAD_LETTERS, DECISIONS, MOVES

_LETTER_HEADERS: Final[Mapping[str, tuple[str, str]]] = {
    "tend-reason": ("life", "Why it could not be handled; docs/outcomes.md lists them."),
    "tend-field": ("life", "The field, where one is to blame."),
    "tend-message": ("life", "What was expected; never the value."),
    "tend-topic": ("life", "Where the record lay."),
    "tend-partition": ("life", "Where the record lay."),
    "tend-offset": ("life", "Where the record lay."),
    "tend-timestamp": ("life", "The broker's time of the record, in milliseconds."),
    "tend-truncated": ("life", "Its length, where only the beginning is carried."),
    "tend-key-truncated": ("life", "Length of its key, where only the beginning is carried."),
}


@dataclass(frozen=True)
class PublishedLedger:
    """One kind of record that tend writes down."""

    name: str
    topic: str
    meaning: str
    key: str
    shape: type[msgspec.Struct] | None
    """None where the body is another's record, as it lay."""
    example: Any

    @property
    def schema(self) -> dict[str, Any]:
        """Its JSON Schema; fields with their class and meaning."""
        if self.shape is None:
            return {"description": "The record as it lay, whatever it is.", KEYWORD: "contact"}
        return _schema_of(self.shape)

    @property
    def headers(self) -> dict[str, dict[str, str]]:
        """Headers by name."""
        if self.shape is not None:
            return {}
        return {
            name: {"type": "string", "description": told, KEYWORD: sort}
            for name, (sort, told) in _LETTER_HEADERS.items()
        }


@cache
def ledgers() -> tuple[PublishedLedger, ...]:
    """All of them."""
    customer = "The customer's id, as it stands in the body."
    return (
        PublishedLedger(
            "decision", DECISIONS, "What a rule proposed for a customer, and what became of it.", customer, Decision,
            msgspec.json.decode(encode_decision(_DECISION)),
        ),
        PublishedLedger(
            "move", MOVES, "A customer came into another stage of life or another tier.", customer, Move,
            msgspec.to_builtins(_MOVE),
        ),
        PublishedLedger(
            "audit", AUDIT, "Who saw or changed what, written before it is shown or done.",
            "Whom or what it is about.", AuditEntry, msgspec.to_builtins(_AUDIT),
        ),
        PublishedLedger(
            "dead_letter", DEAD_LETTERS, "A record that could not be handled, as it lay; its headers say why.",
            "The record's own key.", None, {"type": "order.placed", "customer": "ada", "amount": "29.90"},
        ),
    )  # fmt: skip


_DECISION: Final = Decision(
    action_id="9f2c41d07be5a8364410c7de25b90f13",
    customer="ada",
    rule="cart_left",
    occasion="c-77",
    index=0,
    kind="message",
    channel="email",
    purpose="marketing",
    verdict=Verdict.REFUSED,
    at=1_772_704_800_000,
    acting=1_772_704_800_000,
    rulebook="3f9ac01b",
    almanac=61,
    trigger="cart.left",
    reason=Reason.NO_CONSENT,
    facts={"cart.open": True, "cart.value": 2_990},
    channels={"push": Reason.NO_ADDRESS},
)
_MOVE: Final = Move("ada", 1_772_704_800_000, "loyal", "gold", "repeat", "silver")
_AUDIT: Final = AuditEntry("staff:mei", "contact.opened", "ada", "look", at="2026-03-05T10:00:00.000Z")


def _schema_of(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """What msgspec says of it, with all types written out where they are used."""
    (schema,), parts = msgspec.json.schema_components([shape], ref_template="{name}")
    told: dict[str, Any] = _resolved(schema, parts)
    classes, meanings = classes_of(shape), dict(_meanings(shape))
    for name, field in told["properties"].items():
        kind = classes[name]
        assert kind is not None, "a test holds that every field has a class"
        field[KEYWORD] = kind.sort
        if name in meanings:
            field["description"] = meanings[name]
    return {key: value for key, value in told.items() if key not in ("title", "description")}


def _resolved(schema: Any, parts: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_resolved(one, parts) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {key: value for key, value in _resolved(parts[schema["$ref"]], parts).items() if key != "title"}
    return {key: _resolved(value, parts) for key, value in schema.items()}


def _meanings(shape: type[msgspec.Struct]) -> Iterator[tuple[str, str]]:
    """The docstring below each field, as pydantic reads those of its models."""
    (told,) = ast.parse(inspect.getsource(shape)).body
    assert isinstance(told, ast.ClassDef)
    for field, below in zip(told.body, told.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, " ".join(text.replace("``", "`").split())
            case _:
                pass
