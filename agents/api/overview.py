"""What concerns all customers: segments, rules and their state, dead letters, health."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Path

from agents.access import Act, Actor
from agents.api.access import allowed
from agents.api.answers import (
    CustomersFound,
    Health,
    Page,
    Redriven,
    RulesInForce,
    RuleState,
    SegmentCounted,
    SegmentSaved,
    UnreadLetter,
)
from agents.api.pages import MOST, Cursor, Limit, Place, newest_first, paged
from agents.api.requests import Discarded, SearchTold, SegmentTold
from agents.console.backend import Backend
from agents.console.finding import customers_found
from agents.console.letters import put_away, send_again
from agents.console.segments import SavedSegment, count_segment
from agents.dead_letters import newest_letters
from agents.rollups.answers import by_rule
from rules.rule import Rule
from schemas.times import to_millis, to_rfc3339

_DAYS: Final = 28
_SAMPLE: Final = 10
Letter = Annotated[str, Path(pattern=r"^[0-9]{1,4}:[0-9]{1,15}$", description="`id` of a dead letter.")]
Watching = Annotated[Actor, Depends(allowed(Act.WATCH))]


def overview(backend: Backend) -> APIRouter:
    """Routes about all customers together, and about the installation."""
    router = APIRouter()
    for add in (_search, _segments, _rules, _dead_letters, _discarding, _health):
        add(router, backend)
    return router


def _segments(router: APIRouter, backend: Backend) -> None:
    @router.get("/segments", tags=["segments"], summary="Saved segments")
    async def segments(_: Watching) -> list[SegmentSaved]:
        found = await backend.segments.all()
        return [_saved(one) for one in found]

    @router.post("/segments", tags=["segments"], summary="Count a segment; with a name it is saved")
    async def count(told: SegmentTold, actor: Watching) -> SegmentCounted:
        book = await backend.rulebook()
        found = await count_segment(backend.everybody(), told.condition, book, backend.now(), sample=_SAMPLE)
        if told.name:
            counted = SavedSegment(told.name, told.condition, actor.name, found["count"], backend.now())
            await backend.segments.save(counted)
        return SegmentCounted(count=found["count"], of=found["of"], sample=found["sample"])


def _saved(segment: SavedSegment) -> SegmentSaved:
    return SegmentSaved(
        name=segment.name,
        condition=segment.condition,
        by=segment.by,
        count=segment.count if segment.count >= 0 else None,
        counted_at=to_rfc3339(segment.counted) if segment.counted else None,
    )


def _search(router: APIRouter, backend: Backend) -> None:
    @router.post("/search", tags=["customers"], summary="Find customers by what was told of them")
    async def search(told: SearchTold, _: Annotated[Actor, Depends(allowed(Act.SEARCH))]) -> CustomersFound:
        return CustomersFound(customers=await customers_found(backend, told.sought, MOST))


def _rules(router: APIRouter, backend: Backend) -> None:
    @router.get("/rules", tags=["rules"], summary="The rules in force, and what came of them in the last four weeks")
    async def rules(_: Annotated[Actor, Depends(allowed(Act.READ_RULES))]) -> RulesInForce:
        book, sums = await backend.rulebook(), await backend.last_days(_DAYS)
        answers = by_rule(sums)
        return RulesInForce(
            version=book.version,
            since=to_rfc3339(book.in_force_from) if book.in_force_from else None,
            days=_DAYS,
            rules=[_state(one, sums, answers.get(one.id, {})) for one in book.rules],
        )


def _state(rule: Rule, sums: dict[str, int], answers: dict[str, dict[str, int]]) -> RuleState:
    figures = {name: sums.get(f"rule.{rule.id}.{name}", 0) for name in ("proposed", "acted", "held", "not_sent")}
    begun = f"reason.{rule.id}.not_sent."
    reasons = {name.removeprefix(begun): count for name, count in sums.items() if name.startswith(begun)}
    about, on = rule.terms.about, list(rule.on)
    return RuleState(id=rule.id, about=about, on=on, file=rule.file, reasons=reasons, answers=answers, **figures)


def _dead_letters(router: APIRouter, backend: Backend) -> None:
    @router.get("/dead-letters", tags=["dead letters"], summary="What could not be read, the newest first")
    async def letters(
        _: Annotated[Actor, Depends(allowed(Act.READ_LETTERS))], cursor: Cursor = "", limit: Limit = 50
    ) -> Page[UnreadLetter]:
        found: list[dict[str, Any]] = []
        if backend.sampler.counts.get("letters"):
            done = await backend.letters_done.all()
            for one in await newest_letters(backend.settings, MOST):
                dealt = done.get(one["id"])
                found.append({**one, "done": msgspec.to_builtins(dealt) if dealt else None})
        return Page[UnreadLetter](**paged(found, _place, cursor, limit)._asdict())

    @router.post(
        "/dead-letters/{letter}/redrive", status_code=202, tags=["dead letters"], summary="Send a dead letter again"
    )
    async def redrive(letter: Letter, actor: Annotated[Actor, Depends(allowed(Act.REDRIVE))]) -> Redriven:
        topic, partition, offset = await send_again(backend, actor, letter)
        return Redriven(id=letter, topic=topic, partition=partition, offset=offset)


def _discarding(router: APIRouter, backend: Backend) -> None:
    @router.post(
        "/dead-letters/{letter}/discard", status_code=204, tags=["dead letters"], summary="Put a dead letter away"
    )
    async def discard(letter: Letter, told: Discarded, actor: Annotated[Actor, Depends(allowed(Act.REDRIVE))]) -> None:
        await put_away(backend, actor, letter, told.reason)


def _place(letter: dict[str, Any]) -> Place:
    return newest_first(to_millis(datetime.fromisoformat(letter["at"])), letter["id"])


def _health(router: APIRouter, backend: Backend) -> None:
    @router.get("/health", tags=["health"], summary="Whether it runs")
    async def health(_: Watching) -> Health:
        signs = backend.sampler.latest
        return Health(
            status="waiting" if signs.away else "running",
            waiting_for=signs.away,
            events_read=signs.read,
            events_waiting=signs.waiting,
            held=signs.held,
            dead_letters=signs.letters,
            now=to_rfc3339(backend.now()),
        )
