"""Now: is it running, and is everything accounted for?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, cast

import msgspec
from lunar_python import Solar
from starlette.responses import HTMLResponse, Response

from agents.console import charts
from agents.console.decisions import decided, feed_entry
from agents.console.sampler import Signs
from agents.console.web import View, environment, frame, parts_of
from agents.replay.steering import AT as PACE_AT
from schemas.errors import TendError
from schemas.outcome import decode_decision
from schemas.profile import Profile
from schemas.times import DAY, HOUR, MINUTE, Millis
from schemas.topics import EVENT_TOPICS

DAYS: Final = 42
MINUTES: Final = 60
_SORTS: Final = (("acted-m", "service"), ("acted-2", "marketing"), ("acted-3", "tasks"))
_FAMILIES: Final = (("s1", "browsing"), ("s2", "carts"), ("s3", "orders"), ("s4", "rest"))
_FEED: Final = 10
_LAST_THAT_FITS: Final = 5
"""A first day from here on stands too near to the next Monday for two labels."""
_YEAR: Final = 366
_SLOW_SECONDS: Final = 5.0
_MUCH_WAITING_SECONDS: Final = 10.0


async def now_page(view: View) -> Response:
    """The page."""
    return await view.page("now.html", **await now_values(view))


async def steer(view: View) -> Response:
    """Pause a replay, let it go on, slower, faster."""
    sampler = view.backend.sampler
    if sampler.pace is None:
        raise TendError(view.words("now.no_replay"))
    sampler.pace = sampler.pace.turned((await view.form()).get("turn", ""))
    await cast("Any", view.backend.tables.client).set(PACE_AT, msgspec.json.encode(sampler.pace))
    values = {**await frame(view), **await now_values(view)}
    return HTMLResponse(environment().get_template("now/plate.html").render(**values))


async def now_parts(view: View) -> dict[str, str]:
    """What changes by itself."""
    parts = ("opening", "plate", "vitals", "charts", "books", "feed")
    return await parts_of(view, "now", parts, await now_values(view))


async def now_values(view: View) -> dict[str, Any]:
    """All figures of the page."""
    sampler, words = view.backend.sampler, view.words
    signs = sampler.latest
    books = await _books(view, signs)
    today = f"{words.local(view.now):%Y%m%d}"
    of_today = (await view.backend.rollups.days([today])).get(today, {})
    came_in, decisions = await _charts(view)
    per_second = sampler.rate("read")
    return {
        "signs": signs,
        "rate_in": round(per_second),
        "rate_out": round(sampler.rate("acted")),
        "letters_today": of_today.get("letters", 0),
        "vitals": _vitals(view, signs, of_today),
        "problems": _problems(view, signs, books),
        "books": books,
        "workers": sampler.workers,
        "learner": view.backend.almanacs.newest,
        "came_in": came_in,
        "decided_chart": decisions,
        "feed": await _feed(view),
        "per_day": sampler.replays,
        "lunar": lunar_day(view.now, view) if words.language == "zh-CN" else "",
        "festival": await _next_festival(view),
        "begun": bool(sampler.counts),
        "pace": sampler.pace,
    }


def _problems(view: View, signs: Signs, books: dict[str, Any]) -> list[str]:
    """What heads the page instead of "running well", the worst first."""
    words, found = view.words, list[str]()
    if signs.away:
        found.append(words("now.away"))
    if books["missing"]:
        found.append(words("now.missing", n=books["missing"]))
    per_second = max(view.backend.sampler.rate("read"), 1.0)
    if signs.waiting and signs.waiting / per_second > _MUCH_WAITING_SECONDS and not view.backend.sampler.replays:
        found.append(words("now.behind", n=signs.waiting))
    return found


def _vitals(view: View, signs: Signs, today: Mapping[str, int]) -> list[dict[str, Any]]:
    shown = (
        _latency(view, signs),
        _waiting(view, signs),
        _lateness(view, signs),
        _letters(view, signs, today),
        _quality(view, signs),
    )
    return [{"unit": "", "href": "", "failing": False, **sign} for sign in shown]


def _latency(view: View, signs: Signs) -> dict[str, Any]:
    words, sampler = view.words, view.backend.sampler
    measured = [one.latency[1] * 1000 for one in sampler.history if one.latency]
    shown = {"label": words("now.latency"), "spark": charts.spark(measured)}
    if not signs.latency:
        unmeasured = "now.unmeasured_in_replay" if sampler.workers else "now.unmeasured"
        return {**shown, "value": "–", "note": words(unmeasured)}
    median, slow = signs.latency
    return {
        **shown,
        "value": words.number(round(slow * 1000)),
        "unit": "ms",
        "note": words("now.median", n=round(median * 1000)),
        "failing": slow > _SLOW_SECONDS and not sampler.replays,
    }


def _waiting(view: View, signs: Signs) -> dict[str, Any]:
    words = view.words
    return {
        "label": words("now.waiting"),
        "value": "–" if signs.waiting is None else words.number(signs.waiting),
        "unit": words("now.events"),
        "note": words("now.read_so_far", n=signs.read),
        "spark": charts.spark([float(one.waiting or 0) for one in view.backend.sampler.history]),
    }


def _lateness(view: View, signs: Signs) -> dict[str, Any]:
    words, late = view.words, signs.lateness
    return {
        "label": words("now.lateness"),
        "value": "–" if late is None else words.number(round(late, 1)),
        "unit": "" if late is None else "s",
        "note": words("now.held_now", n=signs.held),
        "spark": charts.spark([one.lateness for one in view.backend.sampler.history if one.lateness is not None]),
    }


def _letters(view: View, signs: Signs, today: Mapping[str, int]) -> dict[str, Any]:
    words = view.words
    return {
        "label": words("nav.letters"),
        "value": words.number(signs.letters),
        "note": words("now.letters_today_short", n=today.get("letters", 0)),
        "spark": charts.spark([float(one.letters) for one in view.backend.sampler.history]),
        "href": "/letters",
    }


def _quality(view: View, signs: Signs) -> dict[str, Any]:
    words = view.words
    return {
        "label": words("now.auc"),
        "value": "–" if signs.auc is None else words.number(signs.auc, 3),
        "note": words("now.no_model") if signs.auc is None else words("now.auc_note"),
        "spark": charts.spark([one.auc for one in view.backend.sampler.history if one.auc is not None]),
    }


# ------------------------------------------------------------ the books


async def _books(view: View, signs: Signs) -> dict[str, Any]:
    counts = view.backend.sampler.counts
    read = sum(counts.get(f"read.{topic}", 0) for topic in EVENT_TOPICS)
    in_flight = await _in_flight(view)
    letters = counts.get("letters", 0)
    acted, not_sent = counts.get("decided.acted", 0), counts.get("decided.not_sent", 0)
    failed, proposed = counts.get("event.receipt.failed", 0), counts.get("decided.proposed", 0)
    out = sum(count for name, count in counts.items() if name.startswith("action."))
    return {
        "read": read,
        "handled": max(read - letters - in_flight, 0),
        "letters": letters,
        "in_flight": in_flight,
        "acted": acted - failed,
        "not_sent": not_sent,
        "failed": failed,
        "held": signs.held,
        "proposed": proposed,
        "partitions": view.backend.settings.partitions,
        "missing": _settled_difference(view, abs(proposed - acted - not_sent - signs.held) + max(acted - out, 0)),
    }


async def _in_flight(view: View) -> int:
    """Events that the rollups have read and no lane has handled yet."""
    read, flying = await view.backend.rollups.read(), 0
    for partition, state in enumerate(view.backend.sampler.lanes):
        for topic in EVENT_TOPICS:
            handled = state.offsets.get(topic, 0) if state is not None else 0
            flying += max(read.get((partition, topic), 0) - handled, 0)
    return flying


def _settled_difference(view: View, difference: int) -> int:
    """A difference counts when it stays while nothing comes: what goes out at this moment is read a moment later."""
    return difference if view.backend.sampler.caught_up and not view.backend.sampler.rate("read") else 0


# ------------------------------------------------------------ charts


async def _charts(view: View) -> tuple[Any, Any]:
    columns = await (_by_day(view) if view.backend.sampler.replays else _by_minute(view))
    came_in, decisions = [], []
    for at, label, sums, href in columns:
        title = label or at
        up = charts.Column(label, _told(view, title, sums), href)
        up.up = [(paint, sums.get(f"in.{family}", 0)) for paint, family in _FAMILIES]
        both = charts.Column(label, _told(view, title, sums), href)
        both.up = [(paint, sums.get(f"decided.acted.{sort}", 0)) for paint, sort in _SORTS]
        both.down = [
            ("held-m", decided(sums, "held")),
            ("hatch", decided(sums, "not_sent")),
            ("fail-m", sums.get("receipt.failed", 0)),
        ]
        came_in.append(up)
        decisions.append(both)
    return (
        charts.stacked(came_in, view.words, view.words("now.came_in_label")),
        charts.mirrored(decisions, view.words, view.words("now.decided_label")),
    )


def _told(view: View, when: str, sums: dict[str, int]) -> str:
    events = sum(sums.get(f"in.{family}", 0) for _, family in _FAMILIES)
    figures = {name: decided(sums, name) for name in ("acted", "held", "not_sent")}
    return view.words("now.bar", when=when, n=events, **figures)


async def _by_day(view: View) -> list[tuple[str, str, dict[str, int], str]]:
    words, today = view.words, view.words.local(view.now)
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    sums = await view.backend.rollups.days([f"{day:%Y%m%d}" for day in days])
    found = []
    for n, day in enumerate(days):
        moment = view.now - (DAYS - 1 - n) * DAY
        label = words.short_day(moment) if day.weekday() == 0 or (n == 0 and day.weekday() < _LAST_THAT_FITS) else ""
        found.append((words.day(moment), label, sums[f"{day:%Y%m%d}"], f"/care?day={day:%Y%m%d}"))
    return found


async def _by_minute(view: View) -> list[tuple[str, str, dict[str, int], str]]:
    latest = view.now // MINUTE
    minutes = list(range(latest - MINUTES + 1, latest + 1))
    sums = await view.backend.minutes(minutes)
    found = []
    for minute in minutes:
        moment: Millis = minute * MINUTE
        label = view.words.time(moment) if moment % (HOUR // 4) == 0 else ""
        found.append((view.words.time(moment), label, sums[str(minute)], ""))
    return found


# ------------------------------------------------------------ beside


async def _feed(view: View) -> list[dict[str, Any]]:
    bodies = await view.backend.rollups.feed(_FEED)
    newest = sorted((decode_decision(body) for body in bodies), key=lambda one: one.acting, reverse=True)
    return [feed_entry(one, view.words, view.now) for one in newest[:_FEED]]


def lunar_day(moment: Millis, view: View) -> str:
    """The day of the lunar calendar, in Chinese."""
    local = view.words.local(moment)
    lunar = Solar.fromYmd(local.year, local.month, local.day).getLunar()
    return f"农历{lunar.getMonthInChinese()}月{lunar.getDayInChinese()}"


async def _next_festival(view: View) -> str:
    """The next festival of the rulebook's calendar that readers of this language keep."""
    calendar = (await view.backend.rulebook()).festivals
    today = view.words.local(view.now).date()
    keeper = calendar.keeper(Profile(locale=view.words.language))
    coming = calendar.days(keeper, today, today + timedelta(days=_YEAR))
    if not coming:
        return ""
    ahead, festival = (coming[0].day - today).days, view.words.named("festivals", coming[0].id)
    return (
        view.words("now.festival", n=ahead, festival=festival)
        if ahead
        else view.words("now.festival_today", festival=festival)
    )
