"""Dead letters: what could not be read, and can it be mended?"""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from agents.access import Actor, AuditEntry
from agents.console.backend import Backend
from agents.console.letters_done import DISCARDED, MOST_REASON, SENT_AGAIN, LetterDone
from agents.console.web import View
from agents.dead_letters import REDRIVEN, described, newest_letters, one_letter, target
from schemas.errors import TendError
from schemas.events import Invalid, decode_event

_NEWEST: Final = 50
_MOST_BODY: Final = 4_000


async def letters_page(view: View) -> Response:
    """The page: causes with their counts; the letters of one of them; one letter with its mend."""
    words, counts = view.words, view.backend.sampler.counts
    causes = sorted(
        ((name.removeprefix("letter."), count) for name, count in counts.items() if name.startswith("letter.")),
        key=lambda one: -one[1],
    )
    chosen, done = view.query.get("letter", ""), await view.backend.letters_done.all()
    letters = await newest_letters(view.backend.settings, _NEWEST) if causes else []
    return await view.page(
        "letters.html",
        says=words("letters.says", n=sum(count for _, count in causes), causes=words("letters.n_causes", n=len(causes)))
        if causes
        else words("letters.none"),
        causes=[_cause(cause, count, view) for cause, count in causes],
        found=[{**one, "done": _done(done.get(one["id"]), view)} for one in _newest_first(letters)],
        letter=await _letter(view, chosen) if chosen else None,
        done=_done(done.get(chosen), view),
        left=await view.backend.open_letters(),
    )


def _newest_first(letters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(letters, key=lambda one: (one["at"], one["id"]), reverse=True)


def _done(done: LetterDone | None, view: View) -> str:
    """What became of a letter, in words; nothing where nobody has dealt with it."""
    if done is None:
        return ""
    told = view.words(f"letters.{done.how}", by=done.by, when=view.words.by_moment(done.at, view.now))
    return f"{told}: {done.reason}" if done.reason else told


def _cause(cause: str, count: int, view: View) -> dict[str, Any]:
    reason, field, topic = [*cause.split("|"), "", ""][:3]
    return {"reason": view.words.named("letter_reasons", reason), "field": field, "topic": topic, "count": count}


async def _letter(view: View, name: str) -> dict[str, Any]:
    raw = await one_letter(view.backend.settings, name)
    letter = described(raw, body=True)
    await view.backend.audit.write(AuditEntry(view.session.actor.text, "letter.opened", name))
    try:
        decode_event(raw.value or b"")
        passes, problem = True, ""
    except Invalid as invalid:
        passes, problem = False, str(invalid)
    return {**letter, "body": letter["body"][:_MOST_BODY], "passes": passes, "problem": problem}


async def redrive(view: View) -> Response:
    """Send a letter again to where it belongs, where it would pass now."""
    name = (await view.form()).get("letter", "")
    await send_again(view.backend, view.session.actor, name)
    return RedirectResponse(f"/letters?letter={quote(name)}", status_code=303)


async def discard(view: View) -> Response:
    """Put a letter away, with the reason."""
    told = await view.form()
    await put_away(view.backend, view.session.actor, told.get("letter", ""), told.get("reason", ""))
    return RedirectResponse(f"/letters?letter={quote(told.get('letter', ''))}", status_code=303)


async def put_away(backend: Backend, actor: Actor, name: str, reason: str) -> None:
    """Discard a letter: it needs nobody any more, and stays where it lies.

    Raises:
        TendError: there is no such letter, or no reason was given.
    """
    reason = reason.strip()[:MOST_REASON]
    if not reason:
        raise TendError(f"Dead letter {name} was not discarded: say why, as others will ask")
    await one_letter(backend.settings, name)
    await backend.audit.write(AuditEntry(actor.text, "letter.discarded", name, detail=reason))
    await backend.letters_done.note(name, LetterDone(DISCARDED, actor.name, backend.now(), reason))


async def send_again(backend: Backend, actor: Actor, name: str) -> tuple[str, int, int]:
    """Put a letter on the topic it belongs to, after that is written down; topic, partition and offset it got.

    Raises:
        TendError: there is no such letter, or it is still no event.
    """
    raw = await one_letter(backend.settings, name)
    topic, partition = await asyncio.to_thread(target, raw, name, backend.settings.partitions, False)
    if raw.key is None or raw.value is None:
        raise TendError(f"Dead letter {name} has no key or no body; nothing was sent")
    await backend.audit.write(AuditEntry(actor.text, "letter.redriven", name))
    headers = [one for one in raw.headers if not one[0].startswith("tend-")]
    offset = await backend.producer.send(topic, partition, raw.key, raw.value, [*headers, (REDRIVEN, name.encode())])
    await backend.letters_done.note(name, LetterDone(SENT_AGAIN, actor.name, backend.now()))
    return topic, partition, offset
