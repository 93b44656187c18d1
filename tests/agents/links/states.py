"""Every state of every public page, in a language: what a reader of links can meet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agents.links.looks import Looks, away, languages, page
from rules.defaults import Defaults

DAYS = {"en": "December 5", "de": "5. Dezember", "zh": "12月5日"}
_SURVEY: dict[str, Any] = {"kind": "survey", "dimension": "delivery", "others": ("product",)}


def states(defaults: Defaults, locale: str) -> Iterator[tuple[str, str]]:
    """Name and HTML of each."""
    looks = Looks(locale)
    for name, (title, values) in _states(looks.words, defaults.brand.contact_url, DAYS[locale[:2]]).items():
        yield name, bytes(page(defaults, looks, title, **values).body).decode()
    yield "away", bytes(away(defaults, locale).body).decode()


def _states(w: dict[str, Any], contact: str | None, day: str) -> dict[str, tuple[str, dict[str, Any]]]:
    by = {
        name: w[name].replace("{channel}", w["by"]["email"]) for name in ("unsubscribe_ask", "unsubscribed", "undone")
    }
    masked = {name: w[name].replace("{masked}", "e***@m***.example") for name in ("unsubscribe_for", "preferences_for")}
    answered = w["answered_on"].replace("{day}", day).replace("{score}", "4")
    return {
        "survey": (
            w["survey"]["delivery"],
            {**_SURVEY, "chosen": {"delivery": 4}, "notes": [w["before"]], "contact": contact},
        ),
        "survey-answered": (w["answered"], {**_SURVEY, "chosen": {"delivery": 4}, "paragraphs": [answered]}),
        "survey-incomplete": (w["incomplete"], _SURVEY),
        "survey-sent": (w["sent"], {"notes": [w["sent_until"].replace("{day}", day)]}),
        "not-there": (w["not_there_title"], {"paragraphs": [w["not_there"]], "contact": contact}),
        "reopen": (w["still_open"], {"kind": "reopen", "paragraphs": [w["reopen_number"].replace("{id}", "c-1203")]}),
        "reopened": (w["reopened"], {"paragraphs": [w["reopened_by"]]}),
        "open-already": (w["open_already"], {}),
        "settled": (w["settled_ask"], {"kind": "confirm", "button": w["settled_yes"]}),
        "settled-done": (w["settled"], {}),
        "unsubscribe": (
            by["unsubscribe_ask"],
            {
                "kind": "confirm", "paragraphs": [masked["unsubscribe_for"]], "button": w["unsubscribe_yes"],
                "beside": "/k/xxxxxxxxxxxxxxxx", "beside_label": w["unsubscribe_some"],
            },
        ),
        "unsubscribed": (by["unsubscribed"], {"kind": "undo", "button": w["undo"], "notes": [w["unsubscribed_note"]]}),
        "undone": (by["undone"], {}),
        "preferences": (
            w["preferences"],
            {
                "kind": "preferences", "paragraphs": [masked["preferences_for"]], "notes": [w["preferences_note"]],
                "allowed": {("email", "service"), ("email", "marketing")}, "languages": languages(), "language": "de",
            },
        ),
        "saved": (w["saved"], {}),
        "coupon": (
            w["coupon"],
            {
                "kind": "coupon", "worth": "15 %", "code": "BACK-7QK2MX3WPA", "until_label": "…", "until": day,
                "notes": [w["checkout"], w["bound"]],
            },
        ),
        "coupon-used": (w["coupon_used"], {"contact": contact}),
        "coupon-gone": (w["coupon_gone"], {"contact": contact}),
        "coupon-expired": (w["coupon_expired"].replace("{day}", day), {"contact": contact}),
        "ended": (w["unknown"], {"kind": "renew", "notes": [w["unknown_note"]], "status": 404}),
        "renewed": (w["renewed"], {"notes": [w["renewed_to"]]}),
    }  # fmt: skip
