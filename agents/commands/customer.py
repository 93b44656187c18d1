"""``tend customer``: one customer on one page."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer
from rich.console import Console as Screen
from rich.table import Column, Table

from agents.screen import say_json
from agents.server_check import reachable_settings
from agents.store_queries import StoreQueries, everything
from schemas.currencies import major
from schemas.order_book import OrderBook
from schemas.outcome import Decision
from schemas.readings import points_balance
from schemas.record import CustomerRecord, TimerKind
from schemas.shown import shown
from schemas.times import Millis, to_rfc3339
from streams.explain import by_channel

_WIDE, _OF_AN_ID = 200, 32


def customer(
    customer_id: Annotated[
        str, typer.Argument(metavar="ID", help="The customer's id, or a beginning that no other has.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="The whole record as JSON.")] = False,
) -> None:
    """Show who a customer is, what happened, what was decided, and what is waited for.

    Example: tend customer h-00900
    """
    record, orders, decisions = asyncio.run(_ask(customer_id))
    if as_json:
        say_json(everything(record, orders, decisions), indent=True)
        return
    _show(record, orders, decisions)


async def _ask(customer_id: str) -> tuple[CustomerRecord, OrderBook, list[Decision]]:
    console = StoreQueries(reachable_settings(broker=False, store=True))
    try:
        customer_id = await console.named(customer_id)
        record, orders = await console.customer(customer_id)
        return record, orders, await console.decisions(customer_id)
    finally:
        await console.close()


def _show(record: CustomerRecord, orders: OrderBook, decisions: list[Decision]) -> None:
    # A pipe has no width: there an id must not be cut for one.
    screen = Screen(width=None if sys.stdout.isatty() else _WIDE, markup=False, highlight=False, emoji=False)
    if record.merged_into:
        said = f"{shown(record.id)} is {shown(record.merged_into)}: everything is kept there"
        screen.print(said, style="bold")
        return
    segment, bought = record.segment, record.purchases
    screen.print(f"{shown(record.id)}  {shown(record.profile.name) or '(no name told)'}", style="bold")
    screen.print(
        f"tier {segment.tier or '-'}, stage {segment.stage or '-'}, {segment.activity or '-'}, "
        f"{segment.value or '-'} value, RFM {segment.rfm or '-'}"
    )
    screen.print(
        f"{bought.count} orders, {_money(bought.spent, bought.currency)} spent, last {_moment(bought.last)}; "
        f"{record.complaints.total} complaints; points {points_balance(record.points)}"
    )
    for one in record.merged:
        screen.print(f"was {shown(one.id)} as well, until {_moment(one.at)}")
    if record.churn:
        screen.print("risk that they do not come back " + ", ".join(f"{p:.2f}" for p in record.churn))
    screen.print(_orders(orders))
    screen.print(_waits(record))
    screen.print(_decisions(decisions))


def _orders(orders: OrderBook) -> Table:
    table = Table(_id("order"), "placed", "amount", "status", title="Latest orders", title_justify="left")
    for order in orders.orders[-5:]:
        table.add_row(shown(order.id), _moment(order.placed), _money(order.amount, order.currency), order.status)
    return table


def _waits(record: CustomerRecord) -> Table:
    table = Table("when", "what", _id("about"), title="Waits for", title_justify="left")
    for timer in record.timers:
        table.add_row(_moment(timer.due), TimerKind(timer.kind).name.lower().replace("_", " "), shown(timer.ref))
    return table


def _decisions(decisions: list[Decision]) -> Table:
    table = Table("when", "rule", "what", "verdict", _id("action"), title="Recent decisions", title_justify="left")
    for decision in decisions[:12]:
        table.add_row(_moment(decision.at), decision.rule, decision.kind, _verdict(decision), shown(decision.action_id))
    return table


def _verdict(decision: Decision) -> str:
    if decision.is_not_due:
        return "not due"
    if decision.channels:
        return f"{decision.verdict.value}; {by_channel(decision)}"
    return decision.verdict.value + (f": {decision.reason.value}" if decision.reason else "")


def _id(name: str) -> Column:
    """A column of ids: they are never cut, as they are there to be pasted."""
    return Column(name, overflow="fold", min_width=_OF_AN_ID if name == "action" else None)


def _moment(moment: Millis) -> str:
    return to_rfc3339(moment)[:16].replace("T", " ") if moment else "-"


def _money(minor: int, currency: str) -> str:
    return f"{major(minor, currency)} {currency}".strip()
