"""The books must balance: of what came in, and of what rules proposed."""

from __future__ import annotations

import re
import urllib.request
from collections import Counter
from collections.abc import Iterable, Sequence

from agents.installation import Service
from schemas.codec import decode_record
from schemas.outcome import Decision, Verdict
from tests.equality.histories import Result

GIVEN = (Verdict.EMITTED, Verdict.RELEASED)
_SAMPLE = re.compile(r"^(tend_\w+?)(?:\{.*\})? ([0-9.e+]+)$", re.MULTILINE)


def check_ledger(ledger: Sequence[Decision], published: Sequence[str], found: Result) -> None:
    """What rules proposed is published, held, or refused (expired among them), and nothing is both."""
    given = [one.action_id for one in ledger if one.verdict in GIVEN]
    assert sorted(given) == sorted(published), "the ledger tells of other actions than were published"
    last = {one.action_id: one.verdict for one in ledger}
    held = {action for action, verdict in last.items() if verdict is Verdict.HELD}
    assert held == _held_in(found), "the ledger tells of other held actions than the records hold"
    settled = Counter(last.values())
    assert len(last) == len(published) + len(held) + settled[Verdict.REFUSED]


def _held_in(found: Result) -> set[str]:
    return {held.id.hex() for body in found.records.values() for held in decode_record(body).held}


def totals(services: Iterable[Service]) -> Counter[str]:
    """The metrics of these services, each summed over its labels and over them all."""
    found: Counter[str] = Counter()
    for service in services:
        with urllib.request.urlopen(f"http://{service.address}/metrics", timeout=60) as answer:
            for name, value in _SAMPLE.findall(answer.read().decode()):
                found[name] += float(value)  # type: ignore[assignment]  # a Counter adds floats as well
    return found
