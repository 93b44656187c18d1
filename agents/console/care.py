"""Care: what did we do for customers, and did it help?"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo

from markupsafe import Markup
from starlette.responses import Response

from agents.console import charts
from agents.console.answers import came_of_it, channel_table
from agents.console.customer_sections import begun
from agents.console.decisions import decided
from agents.console.rules import DAYS
from agents.console.web import View
from agents.rollups.answers import by_rule, together
from schemas.errors import NotFound
from schemas.fields import ComplaintCategory
from schemas.outcome import Reason
from schemas.readings import DIMENSIONS
from schemas.times import to_millis

_TOUCHPOINTS: Final = ("product.viewed", "cart.item_added", "checkout.started", "order.placed")
_DAY: Final = re.compile(r"^20\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$")
_ASKED: Final = 5
_CATEGORIES: Final = get_args(ComplaintCategory)


async def care_page(view: View) -> Response:
    """The page; of four weeks."""
    words = view.words
    day = view.query.get("day", "")
    sums = (await view.backend.rollups.days([day]))[day] if _DAY.match(day) else await view.backend.last_days(DAYS)
    counts = view.backend.sampler.counts
    acted, not_sent = decided(sums, "acted"), decided(sums, "not_sent")
    reasons = _reasons(sums, view)
    whole = counts.get(f"event.{_TOUCHPOINTS[0]}", 0)
    return await view.page(
        "care.html",
        says=_says(view, day, acted, not_sent),
        over=_named(view, day) if _DAY.match(day) else words("rules_page.days", n=DAYS),
        rules=await _rules(sums, view),
        reasons=reasons,
        complaints=_complaints(sums, view),
        satisfaction=_satisfaction(sums, view),
        funnel=charts.funnel(
            [(counts.get(f"event.{name}", 0), words(f"care.{name.replace('.', '_')}")) for name in _TOUCHPOINTS], whole
        ),
        discount=words.money(sums.get("spent.discount", 0), await _currency(view)),
        redeemed=sums.get("receipt.redeemed", 0),
        answers=channel_table(_by_channel(sums), words),
    )


def _says(view: View, day: str, acted: int, not_sent: int) -> str:
    """The sentence: of four weeks, or of one day that was chosen."""
    if _DAY.match(day):
        return view.words("care.says_day", n=acted, not_sent=not_sent, day=_named(view, day))
    return view.words("care.says", n=acted, not_sent=not_sent) if acted or not_sent else view.words("care.none")


def _named(view: View, day: str) -> str:
    return view.words.long_day(to_millis(datetime.strptime(day, "%Y%m%d").replace(tzinfo=ZoneInfo(view.backend.zone))))


async def _currency(view: View) -> str:
    """The one in which this store's customers pay, as the newest of them say."""
    newest, scored = [await view.backend.rollups.latest(_ASKED, by=by) for by in ("seen", "risk")]
    for customer, _ in [*newest, *scored]:  # who has a score has ordered
        with suppress(NotFound):
            record, _orders = await view.backend.queries.customer(customer)
            if record.purchases.currency:
                return record.purchases.currency
    return ""


async def _rules(sums: dict[str, int], view: View) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    told = by_rule(sums)
    for rule in (await view.backend.rulebook()).rules:
        acted = sums.get(f"rule.{rule.id}.acted", 0)
        if acted:
            title, came = view.words.named("rules", rule.id), came_of_it(together(told.get(rule.id, {})), view.words)
            rows.append({"id": rule.id, "title": title, "acted": acted, "came": came})
    rows.sort(key=lambda row: -row["acted"])
    most = rows[0]["acted"] if rows else 1
    return [{**row, "bar": _bar(row["acted"] / most, "acted-m")} for row in rows]


def _by_channel(sums: dict[str, int]) -> dict[str, dict[str, int]]:
    """What senders told by channel, of all rules together."""
    channels: dict[str, list[dict[str, int]]] = {}
    for told in by_rule(sums).values():
        for channel, counts in told.items():
            channels.setdefault(channel, []).append(counts)
    return {channel: together({str(n): one for n, one in enumerate(some)}) for channel, some in channels.items()}


def _reasons(sums: dict[str, int], view: View) -> list[dict[str, Any]]:
    totals: dict[str, int] = {}
    for name, count in sums.items():
        if name.startswith("reason.") and name.split(".")[2] == "not_sent":
            reason = name.split(".")[3]
            totals[reason] = totals.get(reason, 0) + count
    most = max(totals.values(), default=1)
    known = [reason.value for reason in Reason if reason.value in totals]
    return sorted(
        (
            {"words": view.words.named("reasons", one), "count": totals[one], "bar": _bar(totals[one] / most, "hatch")}
            for one in known
        ),
        key=lambda row: -int(str(row["count"])),
    )


def _complaints(sums: dict[str, int], view: View) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for name in _CATEGORIES:
        opened = sums.get(f"complaints.opened.{name}", 0)
        met, missed = sums.get(f"complaints.met.{name}", 0), sums.get(f"complaints.missed.{name}", 0)
        if opened or met or missed:
            share = view.words.percent(met / (met + missed)) if met + missed else "–"
            rows.append({"words": begun(view.words.named("categories", name)), "opened": opened, "met": share})
    most = max((row["opened"] for row in rows), default=1) or 1
    return [{**row, "bar": _bar(row["opened"] / most, "ink2")} for row in rows]


def _satisfaction(sums: dict[str, int], view: View) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for name in DIMENSIONS:
        count = sums.get(f"scores.{name}", 0)
        mean = sums.get(f"score.{name}", 0) / count if count else None
        shown = view.words.number(mean, 1) if mean is not None else "–"
        rows.append(
            {"words": view.words(f"dimensions.{name}"), "mean": shown, "count": count, "dots": charts.dots(mean)}
        )
    return rows


def _bar(share: float, paint: str) -> Markup:
    if paint == "hatch":
        fill = 'fill="url(#hat)" stroke="var(--supp-m)" stroke-width="0.8"'
    else:
        fill = f'fill="var(--{paint})"'
    width = max(360 * share, 1.0)
    drawn = f'<rect x="1" y="1" width="{width:.1f}" height="8" {fill}/>'
    return Markup(
        f'<svg viewBox="0 0 362 10" width="362" preserveAspectRatio="none" height="10" aria-hidden="true">{drawn}</svg>'
    )
