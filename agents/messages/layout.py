"""A message as a mail: HTML that mail programs show alike, and the same in plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from css_inline import CSSInliner
from jinja2 import Environment, StrictUndefined, Template

from rules.messages.colours import palette
from rules.traditional import is_traditional
from schemas.message import NAME_SLOT, Button, Message, Slip, link_slot
from schemas.shown import harmless

_PADDING: Final = "&#847;&zwnj;&nbsp;" * 60
"""Behind the preheader, so that an inbox shows nothing of what follows."""
_DENSE: Final = ("zh", "ja", "ko")
"""Languages whose letters need more room between lines."""
_COLUMNS: Final = 72
_SHORT: Final = 40
"""Characters of an address that still goes behind its label."""
_MONO: Final = "Consolas,Menlo,'Noto Sans Mono','Courier New',monospace"


class _Fonts(NamedTuple):
    serif: str
    sans: str
    mso_serif: str
    mso_sans: str


_LATIN: Final = _Fonts(
    "Georgia,'Noto Serif','Times New Roman',serif",
    "-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'Noto Sans',sans-serif",
    "Georgia,serif",
    "Arial,sans-serif",
)
_CHINESE: Final = _Fonts(
    "Georgia,'Songti SC','Noto Serif CJK SC','Source Han Serif SC','Microsoft YaHei',serif",
    "-apple-system,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',Arial,sans-serif",
    "Georgia,'Microsoft YaHei',serif",
    "'Microsoft YaHei',Arial,sans-serif",
)
_TRADITIONAL: Final = _Fonts(
    "Georgia,'Songti TC','Noto Serif CJK TC','Source Han Serif TC','Microsoft JhengHei',serif",
    "-apple-system,'PingFang TC','Microsoft JhengHei','Noto Sans CJK TC',Arial,sans-serif",
    "Georgia,'Microsoft JhengHei',serif",
    "'Microsoft JhengHei',Arial,sans-serif",
)


class _Placed(NamedTuple):
    """A button or link with its address."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A message laid out for one reader."""

    subject: str
    html: str
    text: str


class UnfilledLink(ValueError):
    """A message speaks of a link that it was given no address for."""


def mail(message: Message, name: str, links: Mapping[str, str]) -> Mail:
    """The message as a mail.

    Args:
        name: as the customer wants to be addressed; empty where it is not known.
        links: address by the name of each signed link.

    Raises:
        UnfilledLink: a button or text promises a link that ``links`` has not.
    """
    subject = subject_of(message, name)
    greeting = _named(message.named.greeting, message.greeting or "", name)
    filled = _with_links(message, links)
    return Mail(subject, _html(filled, subject, greeting, links), _text(filled, greeting, links))


def subject_of(message: Message, name: str) -> str:
    """The subject: with the name where there is one and it is said."""
    return _one_line(_named(message.named.subject, message.subject, name))


def fill_links(text: str, links: Mapping[str, str]) -> str:
    """The text with the addresses of its links.

    Raises:
        UnfilledLink: one is not known.
    """
    for target, url in links.items():
        text = text.replace(link_slot(target), url)
    if "{{ link." in text:
        raise UnfilledLink(f"no address for {text[text.index('{{ link.') :].partition('}}')[0]}}}}}")
    return text


def _named(named: str | None, plain: str, name: str) -> str:
    return named.replace(NAME_SLOT, harmless(name)) if named and name else plain


def _one_line(text: str) -> str:
    """Without anything that would end a header."""
    return harmless(text)


def _with_links(message: Message, links: Mapping[str, str]) -> Message:
    body = tuple(fill_links(paragraph, links) for paragraph in message.body)
    small = fill_links(message.small, links) if message.small else None
    return message.model_copy(update={"body": body, "small": small})


def _placed(buttons: tuple[Button, ...], links: Mapping[str, str]) -> list[_Placed]:
    return [_Placed(one.label, one.url or fill_links(link_slot(one.to), links)) for one in buttons]


def _html(message: Message, subject: str, greeting: str, links: Mapping[str, str]) -> str:
    colours = palette(message.brand.colour)
    language = _language(message)
    chinese = _TRADITIONAL if is_traditional(message.locale) else _CHINESE
    fonts = chinese if language == "zh" else _LATIN
    around = {
        "light": colours.light,
        "dark": colours.dark,
        "dense": language in _DENSE,
        "mono": _MONO,
        **fonts._asdict(),
    }
    html = _template("mail.html").render(
        m=message,
        subject=subject,
        greeting=greeting,
        links={"survey": "", **links},
        buttons=_placed(message.buttons, links),
        footer=_placed(message.footer, links),
        padding=_PADDING,
        media=_template("mail_media.css").render(around),
        **around,
    )
    css = _template("mail.css").render(around)
    return CSSInliner(extra_css=css, keep_style_tags=True, load_remote_stylesheets=False).inline(html)


def _language(message: Message) -> str:
    return message.locale.split("-")[0].lower()


@cache
def _template(name: str) -> Template:
    environment = Environment(autoescape=name.endswith(".html"), undefined=StrictUndefined, keep_trailing_newline=True)
    source = (resources.files("agents.messages") / name).read_text(encoding="utf-8")
    return environment.from_string(source)


def _colon(message: Message) -> str:
    """What stands between a label and what it is about; Chinese has one of its own, as wide as a character."""
    return "：" if _language(message) == "zh" else ": "


def _text(message: Message, greeting: str, links: Mapping[str, str]) -> str:
    blocks = [*_blocks(message, greeting, links)]
    foot = [*_foot(message, links)]
    return "\n\n".join(blocks) + ("\n\n-- \n" + "\n\n".join(foot) if foot else "") + "\n"


def _blocks(message: Message, greeting: str, links: Mapping[str, str]) -> Iterator[str]:
    colon = _colon(message)
    if greeting:
        yield greeting
    yield from map(_wrapped, message.body or (message.headline,))
    if message.facts:
        rows = [*message.facts.rows, *([message.facts.total] if message.facts.total else ())]
        yield "\n".join([message.facts.caption, *(f"{row.label}{colon}{row.value}" for row in rows)])
    if message.slip:
        yield "\n".join(_slip_lines(message.slip, colon))
    if message.scale and "survey" in links:
        asked = links["survey"]
        yield "\n".join(f"{one.value} {one.label}{colon}{asked}?a={one.value}" for one in message.scale.choices)
        if message.scale.out:
            yield f"{message.scale.out}{colon.rstrip()}\n{asked}?a=0"
    for button in _placed(message.buttons, links):
        yield f"{button.label}{colon.rstrip()}\n{button.url}"
    if message.small:
        yield _wrapped(message.small)
    if message.sign_off:
        yield message.sign_off


def _slip_lines(slip: Slip, colon: str) -> Iterator[str]:
    yield slip.worth
    yield f"{slip.code_label}{colon}{slip.code}"
    yield from (f"{row.label}{colon}{row.value}" for row in slip.rows)
    if slip.law:
        yield slip.law


def _foot(message: Message, links: Mapping[str, str]) -> Iterator[str]:
    if message.why:
        yield _wrapped(message.why)
    placed = _placed(message.footer, links)
    if placed:
        yield "\n".join(_link_line(one, _colon(message)) for one in placed)
    if message.brand.legal:
        yield "\n".join(message.brand.legal)


def _link_line(link: _Placed, colon: str) -> str:
    gap = f"{colon.rstrip()}\n" if len(link.url) > _SHORT else colon
    return f"{link.label}{gap}{link.url}"


def _wrapped(text: str) -> str:
    """Lines of at most 72 columns; text without spaces stays whole."""
    return textwrap.fill(text, _COLUMNS, break_long_words=False, break_on_hyphens=False)
