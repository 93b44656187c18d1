"""A rehearsal as people read it, and as other programs do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from agents.rehearsal.rehearsal import Rehearsed, RehearsedStep
from rules.deciding.compose import coupon_of
from rules.facts import FACTS
from rules.facts.fact import MOMENT
from rules.rulebook import Rulebook
from schemas.actions import AnyAction
from schemas.codec import with_names
from schemas.currencies import major
from schemas.order_book import OrderBook
from schemas.outcome import REASONS_IN_WORDS, Decision, Verdict
from schemas.outcome_codes import MEANINGS, OutcomeCode
from schemas.readings import points_balance
from schemas.record import CustomerRecord, TimerKind
from schemas.times import Millis, to_rfc3339
from streams.customer import Customer
from streams.explain import by_channel

_WIDTH: Final = 10
_LOOKS: Final = (TimerKind.TICK, TimerKind.MATURITY)
"""Timers at which the engine looks again by itself."""
_PROFILE: Final = ("name", "email", "phone", "locale", "zone", "region", "birthday")
_NO_NEWS: Final = (OutcomeCode.NEW_CUSTOMER,)
_HIDDEN: Final = ("recent", "browsed", "spent", "pending_labels", "purchase_features", "version")
"""Parts of a record that only the engine reads."""


def as_text(rehearsed: Rehearsed, rulebook: Rulebook, *, verbose: bool = False) -> Iterator[str]:
    """The lines to print.

    Args:
        verbose: also rules that were triggered and whose condition was not true, what decisions knew, and timers that
            nothing came of.
    """
    yield f"Rulebook {rulebook.version}, {len(rulebook.rules)} rules. All times are UTC."
    for step in rehearsed.steps:
        if verbose or not step.is_quiet:
            yield ""
            yield from _step(step, verbose=verbose)
    for who, customer in rehearsed.customers.items():
        yield ""
        yield from _customer(who, customer)
    yield ""
    yield _sum(rehearsed)


def as_plain(rehearsed: Rehearsed) -> dict[str, Any]:
    """The same as plain data for JSON."""
    return {
        "rulebook": rehearsed.rulebook,
        "steps": [_plain_step(step) for step in rehearsed.steps],
        "customers": {who: _plain_customer(customer) for who, customer in rehearsed.customers.items()},
    }


def _step(step: RehearsedStep, *, verbose: bool) -> Iterator[str]:
    where = f"line {step.line}" if step.line else "timer"
    if step.refused and not step.customer:
        yield f"{where:{_WIDTH}}is no event"
    else:
        yield f"{where:{_WIDTH}}{_moment(step.at)}  {step.customer}  {step.what}"
    if step.refused:
        yield _item("refused", f"would be a dead letter: {step.refused}")
    for name, times in step.codes.items():
        if verbose or name not in _NO_NEWS:
            yield _item("noted", f"{name}: {MEANINGS[OutcomeCode(name)]}" + (f" ({times} times)" if times > 1 else ""))
    given = {action.action_id: action for action in step.actions}
    for decision in step.decisions:
        yield from _decision(decision, given.get(decision.action_id), verbose=verbose)
    if verbose:
        for one in step.not_true:
            knew = _facts(one.facts)
            yield _item("not true", f"{one.rule}: {one.condition}" + (f"  [{knew}]" if knew else ""))


def _decision(decision: Decision, action: AnyAction | None, *, verbose: bool) -> Iterator[str]:
    what = f"{decision.rule}: {decision.kind or 'action'}"
    if action is not None:
        again = " after it had been held" if decision.verdict is Verdict.RELEASED else ""
        yield _item("done", f"{what} by {action.channel}{again} ({action.reason})")
        yield from _given_out(action)
    else:
        verdict = "not due" if decision.is_not_due else "held" if decision.verdict is Verdict.HELD else "not done"
        until = f" until {_moment(decision.until)}" if decision.until else ""
        because = REASONS_IN_WORDS[decision.reason] if decision.reason else ""
        detail = f" ({decision.detail})" if decision.detail else ""
        yield _item(verdict, f"{what}{until}: {because}{detail}")
    if decision.channels:
        yield _item("", f"passed over: {by_channel(decision)}")
    if verbose and decision.facts:
        yield _item("", f"knew {_facts(decision.facts)}")


def _given_out(action: AnyAction) -> Iterator[str]:
    for number, paragraph in enumerate(f"“{action.text}”".splitlines()):
        if paragraph:
            yield _item("", paragraph if number == 0 else f" {paragraph}")
    offer = coupon_of(action)
    if offer is not None:
        yield _item("", f"coupon {offer.code} until {to_rfc3339(_millis(offer.expires_at))[:10]}")


def _customer(who: str, customer: Customer) -> Iterator[str]:
    record = customer.record
    yield f"{who}  at {_moment(record.seen)}"
    if record.erased:
        yield _item("", "asked to be forgotten; nothing is kept")
        return
    if record.merged_into:
        yield _item("is", f"{record.merged_into}; everything is kept there")
        return
    yield from (_item("was", f"{one.id}, until {_moment(one.at)}") for one in record.merged)
    yield from (_item(label, said) for label, said in _summary(record) if said)
    yield from _orders(customer.orders or OrderBook())
    yield from _complaints(record)
    for coupon in record.coupons:
        state = "used" if coupon.redeemed else f"until {_moment(coupon.expires)}"
        yield _item("coupon", f"{coupon.code}: {state}")
    for held in record.held:
        yield _item("held", f"{held.rule} until {_moment(held.release)} ({held.reason})")


def _orders(book: OrderBook) -> Iterator[str]:
    for order in book.orders:
        back = f", {_money(order.refunded, order.currency)} given back" if order.refunded else ""
        late = ", late" if order.late else ""
        yield _item("order", f"{order.id}: {order.status}, {_money(order.amount, order.currency)}{back}{late}")


def _complaints(record: CustomerRecord) -> Iterator[str]:
    for one in record.complaints.recent:
        state = f"open, due {_moment(one.deadline)}" if one.is_open else "closed" if one.opened else "not opened yet"
        escalated = ", escalated" if one.escalated else ""
        yield _item("complaint", f"{one.id}: {one.category}, {one.urgency}, {state}{escalated}")


def _summary(record: CustomerRecord) -> list[tuple[str, str]]:
    profile, segment, bought = record.profile, record.segment, record.purchases
    known = {
        name: getattr(profile, name) for name in ("name", "email", "phone", "locale", "zone", "region", "birthday")
    }
    allowed = [f"{one.channel} {one.purpose}" for one in record.consents if one.granted]
    withdrawn = [f"{one.channel} {one.purpose}" for one in record.consents if not one.granted]
    satisfaction = record.satisfaction
    answers = sum(satisfaction.counts)
    coming = [
        f"{TimerKind(one.kind).name.lower()} {_moment(one.due)}" for one in record.timers if one.kind not in _LOOKS
    ]
    return [
        ("is", ", ".join(f"{name} {value}" for name, value in known.items() if value)),
        ("allows", ", ".join(allowed)),
        ("refuses", ", ".join(withdrawn)),
        (
            "stands",
            f"{segment.stage or 'nowhere yet'}, tier {segment.tier}, {segment.value} value, {segment.activity}",
        ),
        (
            "orders",
            f"{bought.count} ({bought.cancelled} cancelled, {bought.returned} with returns, {bought.late} late), "
            f"{_money(bought.spent, bought.currency)} spent"
            if bought.count
            else "",
        ),
        ("points", str(points_balance(record.points)) if record.points.earned else ""),
        ("answers", f"{answers}, mean {sum(satisfaction.sums) / answers:.1f}" if answers else ""),
        ("timers", ", ".join(coming)),
    ]


def _sum(rehearsed: Rehearsed) -> str:
    done = len(rehearsed.actions())
    decisions = [one for step in rehearsed.steps for one in step.decisions]
    held = sum(one.verdict is Verdict.HELD for one in decisions)
    refused = sum(one.verdict is Verdict.REFUSED for one in decisions)
    lines = [step for step in rehearsed.steps if step.line]
    letters = sum(bool(step.refused) for step in lines)
    return (
        f"{_many(len(lines), 'line')}, {_many(len(rehearsed.customers), 'customer')}: {done} done, {held} held, "
        f"{refused} not done; {_many(letters, 'line')} would be dead letters."
    )


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _plain_step(step: RehearsedStep) -> dict[str, Any]:
    return {
        "line": step.line or None,
        "time": to_rfc3339(step.at) if step.customer else None,
        "customer": step.customer or None,
        "what": step.what,
        "refused": step.refused or None,
        "notes": step.codes,
        "actions": [action.model_dump(mode="json", exclude_none=True) for action in step.actions],
        "decisions": [msgspec.to_builtins(decision) for decision in step.decisions],
        "not_true": [msgspec.to_builtins(one) for one in step.not_true],
    }


def _plain_customer(customer: Customer) -> dict[str, Any]:
    named = {name: value for name, value in with_names(customer.record).items() if name not in _HIDDEN}
    return {**named, "orders": [with_names(order) for order in (customer.orders or OrderBook()).orders]}


def _facts(facts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {_fact(name, value)}" for name, value in sorted(facts.items()))


def _fact(name: str, value: Any) -> str:
    return _moment(value) if name in FACTS and FACTS[name].unit == MOMENT else repr(value)


def _item(label: str, said: str) -> str:
    return f"  {label:{_WIDTH}}{said}"


def _millis(moment: Any) -> Millis:
    return int(moment.timestamp() * 1_000)


def _moment(moment: Millis) -> str:
    return to_rfc3339(moment)[:16].replace("T", " ") if moment else "-"


def _money(minor: int, currency: str) -> str:
    return f"{major(minor, currency)} {currency}".strip()
