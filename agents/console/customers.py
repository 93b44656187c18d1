"""Customers: who are they, and who is leaving? And search, and segments."""

from __future__ import annotations

from typing import Any, Final

import orjson
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from agents.access import AuditEntry
from agents.console import charts
from agents.console.finding import customers_found
from agents.console.segments import SavedSegment, count_segment
from agents.console.web import View, environment, frame, parts_of
from agents.store_queries import everything
from schemas.errors import TendError
from schemas.readings import STAGES

_TIERS: Final = ("none", "bronze", "silver", "gold", "platinum")
_LISTED: Final = 14
_SAMPLE: Final = 10
_FOUND: Final = 10
_PAGES: Final = {
    "now": "/",
    "care": "/care",
    "customers": "/customers",
    "desk": "/desk",
    "rules": "/rules",
    "letters": "/letters",
}


async def customers_page(view: View) -> Response:
    """The page."""
    return await view.page("customers.html", **await customers_values(view))


async def customers_parts(view: View) -> dict[str, str]:
    """What changes by itself."""
    return await parts_of(view, "customers", ("figures",), await customers_values(view))


async def customers_values(view: View) -> dict[str, Any]:
    """All figures of the page."""
    words, places = view.words, await view.backend.rollups.places()
    stages = {name: places.get(f"stage.{name}", 0) for name in STAGES}
    total, risks = sum(stages.values()), await view.backend.rollups.risks()
    leaving = stages["at_risk"] + stages["dormant"]
    return {
        "total": total,
        "says": _says(total, leaving, view),
        "stages": [(name, words.named("stages", name), count) for name, count in stages.items()],
        "moves": {(before, after): places.get(f"moved.{before}>{after}", 0) for before in STAGES for after in STAGES},
        "tiers": _tiers(places, view),
        "tier_counts": _tier_counts(places, view),
        "risk": _histogram(risks, view),
        "calibration": _calibration(view),
        "unscored": max(total - sum(risks), 0),
        "leaving": [
            {"customer": customer, "risk": words.percent(risk)}
            for customer, risk in await view.backend.rollups.latest(_LISTED, by="risk")
        ],
        "latest": [
            {"customer": customer, "when": words.by_moment(int(at), view.now)}
            for customer, at in await view.backend.rollups.latest(_LISTED)
        ],
        "segments": await view.backend.segments.all(),
        "result": None,
        "condition": "",
    }


def _says(total: int, leaving: int, view: View) -> str:
    if not total:
        return view.words("customers.none")
    return (
        view.words("customers.says", n=total, leaving=leaving) if leaving else view.words("customers.all_here", n=total)
    )


def _calibration(view: View) -> dict[str, Any] | None:
    """Whether what the model said of leaving came true, by tenth; None while nobody's time has come."""
    almanac = view.backend.almanacs.newest
    if almanac is None or not almanac.churn.horizons:
        return None
    horizon = almanac.churn.horizons[0]
    tenths = [(said.mean, seen.mean, seen.weight) for said, seen in horizon.monitoring.calibration if seen.weight > 0]
    if not tenths:
        return None
    words, error = view.words, horizon.quality.calibration_error
    note = words("customers.calibration_note", gap=words.number(error * 100, 1), n=round(horizon.quality.examples))
    return {"chart": charts.calibration(tenths, words, words("customers.calibration")), "note": note}


def _tiers(places: dict[str, int], view: View) -> Markup:
    counts = [(name, places.get(f"tier.{name}", 0)) for name in _TIERS]
    total = sum(count for _, count in counts) or 1
    paints = {"none": "line", "bronze": "bronze", "silver": "silver", "gold": "gold", "platinum": "platinum"}
    x, parts = 0.0, []
    for name, count in counts:
        width = 900 * count / total
        title = f"{view.words.named('tiers', name)}: {view.words.number(count)}"
        parts.append(
            f'<g><title>{title}</title><rect x="{x:.1f}" width="{max(width - 1, 0):.1f}" height="18" '
            f'fill="var(--{paints[name]})"/></g>'
        )
        x += width
    label = view.words("customers.tiers_label")
    return Markup(f'<svg viewBox="0 0 900 18" width="100%" role="img" aria-label="{label}">{"".join(parts)}</svg>')


def _tier_counts(places: dict[str, int], view: View) -> list[tuple[str, str, int]]:
    counts = [(name, places.get(f"tier.{name}", 0)) for name in _TIERS]
    return [(name, view.words.named("tiers", name), count) for name, count in counts if count]


def _histogram(counts: list[int], view: View) -> Markup:
    highest = max(counts, default=0) or 1
    ends = [view.words.percent(tenth / 10) for tenth in range(11)]
    bars = "".join(
        f"<g><title>{ends[tenth]} – {ends[tenth + 1]}: {view.words.number(count)}</title>"
        f'<rect x="{tenth * 44}" y="{100 - 90 * count / highest:.1f}" width="40" height="{90 * count / highest:.1f}" '
        f'fill="var(--s3)"/><text x="{tenth * 44 + 20}" y="114" text-anchor="middle">{ends[tenth]}</text></g>'
        for tenth, count in enumerate(counts)
    )
    label = view.words("customers.risk_label", risk=view.words("churn.risk"))
    return Markup(f'<svg viewBox="0 0 440 118" width="440" height="118" role="img" aria-label="{label}">{bars}</svg>')


# ------------------------------------------------------------ search


async def found(view: View, sought: str) -> list[dict[str, str]]:
    """What is found by exactly this: customers by id or by what was told of them, rules and pages by name."""
    sought = sought.strip()
    if not sought:
        return []
    words = view.words
    customers = await customers_found(view.backend, sought, _FOUND)
    hits = [{"href": f"/customers/{one}", "kind": words("nav.customers"), "title": one} for one in customers]
    for rule in (await view.backend.rulebook()).rules:
        name = words.named("rules", rule.id)
        if sought.lower() in (rule.id, name.lower()):
            hits.append({"href": f"/rules?rule={rule.id}", "kind": words("nav.rules"), "title": name})
    for name, href in _PAGES.items():
        if sought.lower() == words(f"nav.{name}").lower():
            hits.append({"href": href, "kind": words("nav.pages"), "title": words(f"nav.{name}")})
    return hits


async def search_page(view: View) -> Response:
    """What is found, as a page of its own: for those without scripts. One hit is opened at once."""
    sought = (await view.form()).get("q", "")
    hits = await found(view, sought)
    if len(hits) == 1:
        return RedirectResponse(hits[0]["href"], status_code=303)
    return await view.page("search.html", hits=hits)


async def search_hits(view: View) -> Response:
    """What is found, for the search box. A search is never part of an address: it may be an e-mail address."""
    hits = await found(view, (await view.form()).get("q", ""))
    asked = bool((await view.form()).get("q", "").strip())
    values = {"hits": hits, "asked": asked, **await frame(view)}
    return HTMLResponse(environment().get_template("hits.html").render(**values))


# ------------------------------------------------------------ segments


async def segment_page(view: View) -> Response:
    """Count a segment, with a sample; save it where that is asked for."""
    told = await view.form()
    condition, name = told.get("condition", "").strip(), told.get("name", "").strip()
    values = await customers_values(view)
    rulebook = await view.backend.rulebook()
    try:
        result = await count_segment(view.backend.everybody(), condition, rulebook, view.now, sample=_SAMPLE)
        if name:
            kept = await view.backend.segments.one(name)
            by = kept.by if kept and kept.condition == condition else view.session.name
            await view.backend.segments.save(SavedSegment(name, condition, by, result["count"], view.now))
            values["segments"] = await view.backend.segments.all()
    except TendError as problem:
        result = {"problem": str(problem)}
    return await view.page("customers.html", **{**values, "result": result, "condition": condition})


async def segment_forget(view: View) -> Response:
    """Keep a saved segment no longer."""
    await view.backend.segments.forget((await view.form()).get("name", ""))
    return RedirectResponse("/customers#segments", status_code=303)


async def segment_export(view: View) -> Response:
    """The ids of a segment's customers as a file; it is written down that somebody took them."""
    condition = (await view.form()).get("condition", "").strip()
    await view.backend.audit.write(AuditEntry(view.session.actor.text, "segment.exported", detail=condition[:200]))
    result = await count_segment(
        view.backend.everybody(), condition, await view.backend.rulebook(), view.now, sample=None
    )
    lines = "\n".join(["customer", *result["sample"]]) + "\n"
    return Response(lines, media_type="text/csv", headers={"content-disposition": 'attachment; filename="segment.csv"'})


async def export(view: View) -> Response:
    """Everything about one customer as a file; it is written down that somebody took it."""
    customer = str(view.request.path_params["customer"])
    await view.backend.audit.write(AuditEntry(view.session.actor.text, "customer.exported", customer, "export"))
    record, orders = await view.backend.queries.customer(customer)
    told = everything(record, orders, await view.backend.queries.decisions(customer))
    return Response(
        orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS),
        media_type="application/json",
        headers={"content-disposition": 'attachment; filename="customer.json"'},
    )
