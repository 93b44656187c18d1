"""How public pages look: one frame in the store's colours, in the reader's language."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any, Final

import yaml
from jinja2 import Environment, StrictUndefined, Template
from starlette.responses import HTMLResponse, Response

from rules.defaults import Defaults
from rules.languages import of_language
from rules.messages.colours import palette
from rules.messages.house import House
from schemas.channels import TO_CUSTOMERS
from schemas.shown import harmless

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
        words: dict[str, Any] | None = of_language(locale, _words())
        self.words: dict[str, Any] = words or _words()["en"]


def page(defaults: Defaults, looks: Looks, title: str, *, status: int = 200, **values: Any) -> Response:
    """A page in the store's colours."""
    house = House(defaults, looks.locale)
    brand, colours = house.brand(), palette(defaults.brand.colour)
    chinese = house.language == "zh"
    cjk = "'PingFang SC','Microsoft YaHei','Noto Sans CJK SC'," if chinese else ""
    fonts = {
        "serif": "Georgia,'Songti SC','Noto Serif CJK SC',serif" if chinese else "Georgia,'Noto Serif',serif",
        "sans": f"-apple-system,'Segoe UI',Roboto,{cjk}'Helvetica Neue',Arial,'Noto Sans',sans-serif",
    }
    css = _template("page.css").render(light=colours.light, dark=colours.dark, **fonts)
    around: dict[str, Any] = {
        "kind": "", "paragraphs": [], "notes": [], "contact": None, "chosen": {}, "others": (), "dimension": "",
        "scale": house.phrases.scale, "channels": TO_CUSTOMERS, "allowed": set(), "button": "",
    }  # fmt: skip
    around |= {"brand": brand.name, "home": brand.home, "legal": brand.legal, "privacy": defaults.brand.privacy_url}
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
