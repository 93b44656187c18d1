"""How public pages look: one frame in the store's colours, in the reader's language."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any, Final

import yaml
from babel import Locale
from jinja2 import Environment, StrictUndefined, Template
from starlette.responses import HTMLResponse, Response

from rules.defaults import Defaults
from rules.languages import of_language, said_in
from rules.messages.colours import palette
from rules.texts.house import House
from rules.traditional import CHINESE, TRADITIONAL, is_traditional
from schemas.channels import TO_CUSTOMERS
from schemas.shown import harmless

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
HEADERS: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; img-src 'self'",
}


class Looks:
    """Language of a page."""

    def __init__(self, locale: str) -> None:
        self.locale = locale
        words: dict[str, Any] | None = said_in(locale, _words())
        self.words: dict[str, Any] = words or _words()["en"]


def language_of(accepted: str, otherwise: str) -> str:
    """The language of who asks for a page that belongs to nobody: of those that a browser accepts, the first we speak.

    Args:
        accepted: ``Accept-Language``, such as ``de-AT,de;q=0.8,en;q=0.5``.
        otherwise: the store's.
    """
    wanted: list[tuple[float, str]] = []
    for part in accepted.split(","):
        name, _, rank = part.strip().partition(";q=")
        try:
            wanted.append((float(rank or 1), name))
        except ValueError:
            continue
    ranked = [name for rank, name in sorted(wanted, key=lambda one: -one[0]) if rank and _LANGUAGE.fullmatch(name)]
    return next((name for name in ranked if of_language(name, _words())), otherwise)


def away(defaults: Defaults, accepted: str) -> Response:
    """Nothing can be looked up or recorded just now."""
    looks = Looks(language_of(accepted, defaults.place.locale))
    answer = page(defaults, looks, looks.words["away"], notes=[looks.words["away_note"]], status=503)
    answer.headers["retry-after"] = "60"
    return answer


def page(defaults: Defaults, looks: Looks, title: str, *, status: int = 200, **values: Any) -> Response:
    """A page in the store's colours."""
    house = House(defaults, looks.locale)
    brand, colours = house.brand, palette(defaults.brand.colour)
    chinese = house.language == "zh"
    script, plain = ("TC", "JhengHei") if is_traditional(looks.locale) else ("SC", "YaHei")
    cjk = f"'PingFang {script}','Microsoft {plain}','Noto Sans CJK {script}'," if chinese else ""
    fonts = {
        "serif": f"Georgia,'Songti {script}','Noto Serif CJK {script}',serif"
        if chinese
        else "Georgia,'Noto Serif',serif",
        "sans": f"-apple-system,'Segoe UI',Roboto,{cjk}'Helvetica Neue',Arial,'Noto Sans',sans-serif",
    }
    css = _template("page.css").render(light=colours.light, dark=colours.dark, **fonts)
    around: dict[str, Any] = {
        "kind": "", "paragraphs": [], "notes": [], "contact": None, "chosen": {}, "others": (), "dimension": "",
        "scale": house.phrases.scale, "channels": TO_CUSTOMERS, "allowed": set(), "may_profile": True, "button": "",
        "beside": "", "languages": (), "language": "",
    }  # fmt: skip
    around |= {"brand": brand.name, "home": brand.home, "legal": brand.legal, "privacy": defaults.brand.privacy_url}
    around |= {"imprint": house.imprint, "imprint_label": house.phrases.imprint}
    around |= values
    around["notes"] = [note for note in around["notes"] if note]
    html = _template("page.html").render(w=looks.words, locale=looks.locale, title=title, css=css, **around)
    return HTMLResponse(html, status, HEADERS)


@cache
def _words() -> dict[str, dict[str, Any]]:
    text = (resources.files("agents.links") / "words.yaml").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return found


def _finalized(value: object) -> object:
    return harmless(value) if type(value) is str else value


@cache
def _template(name: str) -> Template:
    environment = Environment(autoescape=name.endswith(".html"), undefined=StrictUndefined, finalize=_finalized)
    return environment.from_string((resources.files("agents.links") / name).read_text(encoding="utf-8"))


def languages() -> tuple[tuple[str, str], ...]:
    """The languages that pages speak, each with its own name for itself."""
    spoken = [(code, (Locale.parse(code).get_language_name(code) or code).capitalize()) for code in _words()]
    named = {CHINESE: "简体中文"}
    return (*((code, named.get(code, name)) for code, name in spoken), (TRADITIONAL, "繁體中文"))


def language_among(locale: str) -> str | None:
    """Which of them a locale is."""
    code = TRADITIONAL if is_traditional(locale) else locale.split("-")[0].lower()
    return code if code in dict(languages()) else None
