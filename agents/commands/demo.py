"""``tend demo``: what ``make run`` calls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.commands.import_options import CurrencyOption, PresetOption, TzOption
from schemas.errors import TendError

if TYPE_CHECKING:
    from agents.imports.people import Maker
    from agents.imports.presets import AmountIs
    from agents.imports.request import Request
    from agents.replay.file import EventFile


def demo(
    weeks: Annotated[int, typer.Option(help="Weeks of the real year to replay, from its first day.", min=1)] = 53,
    year: Annotated[bool, typer.Option("--year", help="The whole year of all 2,469 households.")] = False,
    households: Annotated[int, typer.Option(help="How many of the households; 0 is all.", min=0)] = 300,
    seed: Annotated[int, typer.Option(help="Seed of what is simulated around the real orders.")] = 1,
    orders: Annotated[Path | None, typer.Option(help="Your own orders instead: what your shop exports.")] = None,
    customers: Annotated[Path | None, typer.Option(help="Your customers, with addresses and consent.")] = None,
    preset: PresetOption = None,
    currency: CurrencyOption = None,
    tz: TzOption = None,
    assume_consent: Annotated[
        bool, typer.Option("--assume-consent", help="Take every customer to allow marketing; for a look only.")
    ] = False,
    leave: Annotated[bool, typer.Option("--exit", help="End after the summary.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as JSON; implies --exit.")] = False,
) -> None:
    """Start a broker, a store, a worker and a learner, replay orders through them, and show what came of it.

    Then it stays, so that you can look around from another terminal, until Ctrl-C. It ends by itself with --exit,
    or where nobody is at the terminal. Each run starts afresh.

    Examples:

      tend demo --weeks 12

      tend demo --orders orders_export.csv --customers customers_export.csv
    """
    from agents.demo.run import Plan, run
    from agents.simulate.source import DAYS

    own = None
    if orders is not None:
        own = _own(orders, customers, preset, currency, tz, assume_consent=assume_consent)
    elif customers is not None or assume_consent:
        raise TendError("--customers and --assume-consent go with your own orders: --orders FILE.")
    days, households = (DAYS, 0) if year else (min(weeks * 7, DAYS), households)
    plan = Plan(days, households or None, seed, own, assume_consent)
    run(plan, leave=leave, as_json=as_json)


def _own(
    orders: Path, customers: Path | None, preset: str | None, currency: str | None, tz: str | None, *,
    assume_consent: bool,
) -> Callable[[Path], EventFile]:  # fmt: skip
    """What makes the history of a shop's files; what is wrong with them is said before any server starts."""
    from agents.commands.import_reports import tell
    from agents.demo.own import own_history

    asked, layout = _orders_asked(orders, preset, currency, tz)
    people_of = _customers_asked(customers, layout, asked.country, tz) if customers is not None else None
    return lambda folder: own_history(
        asked, people_of, folder, lambda found: tell(found, as_json=False, aside=True), assume_consent=assume_consent
    )


def _orders_asked(orders: Path, preset: str | None, currency: str | None, tz: str | None) -> tuple[Request, str]:
    """The import of the orders, and the preset by which they are read; "" where their columns are guessed."""
    from agents.commands.import_options import layouts_of, request_of
    from agents.imports.look import look_at
    from agents.imports.presets import PRESETS
    from agents.imports.request import tables_of

    seen = look_at(orders)
    name = preset or seen.preset
    columns = {} if name else {meaning: (column,) for meaning, column in seen.guessed.items()}
    if not name and (seen.missing or not (currency or seen.has_currency)):
        hint = "" if currency else " --currency EUR"
        raise TendError(
            f"{orders}: not all of its columns are understood. See `tend import look {orders}{hint}`, and make a file "
            "of events with `tend import orders`."
        )
    whole: AmountIs | None = "order" if "--amount-is" in seen.options() else None
    request = request_of(
        orders, PRESETS.get(name), layouts_of(PRESETS.get(name), columns, whole, None), tz=tz,
        currency=currency or seen.currency,
    )  # fmt: skip
    tables_of(request)
    return request, name


def _customers_asked(customers: Path, preset: str, country: str, tz: str | None) -> tuple[Request, Maker]:
    """The import of the customers, and what its rows tell."""
    from agents.commands.import_options import request_of
    from agents.imports import people
    from agents.imports.look import look_at
    from agents.imports.presets import CUSTOMERS
    from agents.imports.request import tables_of

    layout = CUSTOMERS.get(preset)
    if layout is None:
        guessed = look_at(customers).guessed
        if "customer" not in guessed:
            raise TendError(f"{customers}: no column seems to name the customer; see `tend import look {customers}`.")
        layout = people.layout_of_guess(guessed)
    request = request_of(customers, None, (layout,), tz=tz)
    tables_of(request)
    return request, people.customers(country, request.told.zone)
