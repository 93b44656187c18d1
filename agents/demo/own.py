"""A shop's own history for the demo: orders, customers and, for a look, consent that is assumed and marked so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path
from typing import Final

from agents.access import admit
from agents.imports.events import IMPORTER, event_id
from agents.imports.history import import_orders
from agents.imports.imported import Imported
from agents.imports.people import Maker, import_people
from agents.imports.request import Request
from agents.replay.file import EventFile, read_file
from agents.replay.replay import EventHistory
from infra.settings import Settings
from schemas.fields import ConsentChannel
from schemas.times import DAY, SECOND, WEEK, Millis, to_rfc3339

ASSUMED: Final = "demo:assumed-consent"
"""The source of consent that nobody gave: it stands in each such event, beside ``simulated``."""
_CHANNELS: Final[tuple[ConsentChannel, ...]] = ("email", "sms")

LOOKS: Final = 300_000
"""At customers who do nothing, in one run: some minutes on a laptop."""
_RAREST_WEEKS: Final = 8
_LONG: Final = 26 * WEEK


def pace_of(history: EventHistory, usual: Settings) -> dict[str, int]:
    """The settings with which a shop's long history takes minutes, where they are not the usual ones.

    Customers who do nothing are looked at more rarely where they are many, and what customers share is learned anew
    each week instead of each day: both cost every lane a commit.
    """
    chosen = {}
    if history.end - history.start > _LONG and usual.epoch < WEEK:
        chosen["epoch_seconds"] = WEEK // SECOND
    if (days := look_days(history, usual.look_days)) > usual.look_days:
        chosen["look_days"] = days
    return chosen


def look_days(history: EventHistory, usual: int) -> int:
    """Days between two looks at a customer with which a history has no more than ``LOOKS``, or eight weeks."""
    first: dict[str, Millis] = {}
    for told in history.events():
        first.setdefault(told.customer, told.time)
    weeks = sum((history.end - time) // WEEK for time in first.values())
    return max(usual, min(ceil(weeks / LOOKS), _RAREST_WEEKS) * 7)


def own_history(
    orders: Request,
    customers: tuple[Request, Maker] | None,
    folder: Path,
    tell: Callable[[Imported], None],
    *,
    assume_consent: bool = False,
) -> EventFile:
    """The events of a shop's files, as one history in the demo's folder.

    Args:
        orders: the import of the orders.
        customers: the import of the customers, and what its rows tell; they are known from the day before the first
            order on, unless the file says when they registered.
        folder: where the events are written.
        tell: told what became of each import.
        assume_consent: whether every customer is taken to allow marketing by e-mail and text message.

    Raises:
        TendError: a file cannot be imported.
    """
    parts = [folder / "orders.jsonl"]
    made = import_orders(orders, parts[0])
    tell(made)
    if customers is not None:
        request, make = customers
        parts.append(folder / "customers.jsonl")
        first = read_file(parts[0]).start
        tell(import_people(request, parts[1], make, first - DAY, "import:customers"))
    history = folder / "history.jsonl"
    with history.open("wb") as file:
        if assume_consent:
            file.writelines(_assumed(parts, orders))
        for part in parts:
            file.write(part.read_bytes())
    return read_file(history)


def _assumed(parts: list[Path], request: Request) -> Iterator[bytes]:
    """Consent of every customer from the moment of their first event on."""
    first: dict[str, int] = {}
    for part in parts:
        for told in read_file(part).events():
            first[told.customer] = min(told.time, first.get(told.customer, told.time))
    for customer, time in first.items():
        for channel in _CHANNELS:
            event = {
                "id": event_id(ASSUMED, customer, channel), "type": "consent.granted", "time": to_rfc3339(time),
                "customer": customer, "channel": channel, "purpose": "marketing", "simulated": True,
            }  # fmt: skip
            yield admit(event, actor=IMPORTER, source=ASSUMED, keys=request.keys, partitions=1).body + b"\n"
