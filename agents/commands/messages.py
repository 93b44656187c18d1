"""``tend messages``: look at what rules say, in any language, and send it to oneself."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, get_args
from uuid import uuid4

import typer

from agents.messages.layout import Mail, mail
from agents.messages.samples import MessageSample, links, sample
from agents.rulebooks import own_rulebook
from agents.screen import say, say_json
from agents.senders.provider import Doubtful, Outgoing, Permanent, Temporary
from agents.senders.wiring import sms_of, smtp_of
from infra.settings import load_settings
from rules.loading import load_rulebook
from rules.messages import sms
from rules.rule import Rule
from rules.rulebook import Rulebook
from schemas.actions import AnyAction
from schemas.errors import TendError
from schemas.fields import Channel
from schemas.times import to_millis

app = typer.Typer(no_args_is_help=True, help="Look at what rules say, in any language.")

RuleName = Annotated[str, typer.Argument(metavar="RULE", help="Name of the rule, as `tend rules list` shows it.")]
Language = Annotated[str, typer.Option("--locale", help="Language and region: en-US, de-DE, zh-CN.")]
By = Annotated[str, typer.Option("--channel", help="email, sms or push; by default the rule's first channel.")]
Files = Annotated[
    list[Path] | None, typer.Option("--rules", help="Rule files; by default the settings' or the shipped.")
]
Status = Annotated[str, typer.Option("--order", help="State of the invented order: placed, dispatched, delivered.")]


@app.command()
def preview(
    rule: RuleName,
    locale: Language = "en-US",
    channel: By = "",
    order: Status = "dispatched",
    rules: Files = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the mail's HTML to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The whole action as JSON.")] = False,
) -> None:
    """Show what a rule would say to an invented customer.

    Example: tend messages preview birthday_greeting --locale zh-CN --html birthday.html
    """
    book = _book(rules)
    shown = MessageSample(locale, to_millis(datetime.now(UTC)), order)
    action = sample(book, _rule(book, rule), shown, _channel(channel))
    if as_json:
        say_json(action.model_dump(mode="json", exclude_none=True), indent=True)
        return
    laid_out = mail_of(action, shown.name, book)
    if html is not None:
        html.write_text(laid_out.html, encoding="utf-8")
    say(_in_words(action, laid_out))


@app.command("send-test")
def send_test(
    rule: RuleName,
    to: Annotated[str, typer.Option("--to", help="Your own address, or number with + for an SMS.")],
    locale: Language = "en-US",
    channel: By = "",
    order: Status = "dispatched",
    rules: Files = None,
) -> None:
    """Send what a rule would say to an invented customer to yourself; its links lead nowhere, and nothing is noted.

    Example: TEND_SMTP=smtp://mail.shop.example:587 tend messages send-test welcome --to me@shop.example --locale de-DE
    """
    book, settings = _book(rules), load_settings()
    shown = MessageSample(locale, to_millis(datetime.now(UTC)), order)
    action = sample(book, _rule(book, rule), shown, _channel(channel))
    # Under an id of its own: servers drop a mail that they know.
    action = action.model_copy(update={"action_id": uuid4().hex})
    if action.channel not in ("email", "sms"):
        raise TendError(f"--channel {action.channel}: a test goes by email or sms")
    provider = smtp_of(settings) if action.channel == "email" else sms_of(settings)
    outgoing = Outgoing(action, shown.name, to, links(book.defaults.brand.base_url))
    try:
        reference = asyncio.run(provider.send(outgoing))
    except (Temporary, Permanent, Doubtful) as failure:
        raise TendError(f"{to}: not sent, {failure}. Look at TEND_SMTP or TEND_SMS") from None
    say(f"sent to {to}: {reference}")


def mail_of(action: AnyAction, name: str, book: Rulebook) -> Mail:
    """The mail of a sample, with links that lead nowhere."""
    if action.message is None:
        raise TendError(f"rule {action.rule!r} says nothing that could be laid out")
    return mail(action.message, name, links(book.defaults.brand.base_url))


def _in_words(action: AnyAction, laid_out: Mail) -> str:
    told = action.message
    if told is not None and told.sms is not None:
        counted = sms.count(sms.with_links(told.sms.text))
        return f"{told.sms.text}\n\n{counted.encoding}, {counted.units} units, {counted.parts} part(s)"
    if told is not None and told.push is not None:
        return told.push
    return f"Subject: {laid_out.subject}\n\n{laid_out.text}"


def _book(files: list[Path] | None) -> Rulebook:
    return load_rulebook(*files) if files else own_rulebook(load_settings())


def _rule(book: Rulebook, name: str) -> Rule:
    rule = book.rule(name)
    if rule is None:
        raise TendError(f"There is no rule {name!r}; there are {', '.join(sorted(one.id for one in book.rules))}")
    return rule


def _channel(name: str) -> Channel | None:
    if not name:
        return None
    known: tuple[Channel, ...] = get_args(Channel)
    found = next((one for one in known if one == name), None)
    if found is None:
        raise TendError(f"--channel {name}: expected one of {', '.join(known)}")
    return found
