"""An order file through the model, predicted before it is learned (progressive validation with delayed labels).

What is evaluated is what runs: the same functions in the same order as in a lane, with the almanac as late as
there: epochs of a day, and the state after epoch e decides epoch e + 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from schemas.churn import ChurnState, Counts, Days, LabelledExample, PendingLabels, PurchaseFeatures, Score
from schemas.times import DAY, Millis
from streams.churn.learning import learn_epoch
from streams.churn.model_view import view_of
from streams.churn.pending_labels import enqueue, mature, next_maturity
from streams.churn.population_stats import counts_of
from streams.churn.purchase_features import first_order, remember_order, remember_signal
from streams.churn.scoring import score


class PastOrder(msgspec.Struct, frozen=True, gc=False):
    """One order of the file."""

    customer: str
    at: Millis
    amount_minor: int


class Signal(msgspec.Struct, frozen=True, gc=False):
    """Something that is not an order, as ``remember_signal`` takes it."""

    customer: str
    at: Millis
    kind: str
    value: float = 1.0


class Point(msgspec.Struct, frozen=True, gc=False):
    """One prediction point."""

    customer: str
    at: Millis
    ticked: bool
    """Whether it is a tick, not an order."""
    score: Score


class _Customer(msgspec.Struct):
    purchases: PurchaseFeatures
    pending: PendingLabels
    last: Millis


class ProgressiveEvaluation:
    """A store of orders run through the model, point by point."""

    def __init__(self, state: ChurnState, horizon: Days, start: Millis, tick_every: Days = 7) -> None:
        """``start``: the first tick; the others follow every ``tick_every`` days."""
        self._horizon, self._period = horizon, tick_every * DAY
        self._customers: dict[str, _Customer] = {}
        self._tick = start
        self._epoch: int | None = None
        self._used, self._latest = state, state
        self._examples: list[LabelledExample] = []
        self._counts: Counts = {}
        self._mature: dict[int, set[str]] = {}

    @property
    def state(self) -> ChurnState:
        """The latest state learned; two epochs ahead of the one that decides."""
        return self._latest

    def run(self, events: Iterable[PastOrder | Signal]) -> Iterator[Point]:
        """Points in the order of time; ``events`` sorted by time."""
        now = 0
        for event in events:
            now = event.at
            yield from self._ticks(now)
            self._advance(now)
            if isinstance(event, PastOrder):
                yield self._ordered(event)
            else:
                remember_signal(self._known(event.customer).purchases, event.kind, now, event.value)
        yield from self._ticks(now)

    def _ticks(self, until: Millis) -> Iterator[Point]:
        while self._tick <= until:
            now = self._tick
            if self._customers:
                self._advance(now)
            for customer, known in self._customers.items():
                if known.purchases.orders and first_order(known.purchases) < now:
                    yield self._ticked(customer, known, now)
            self._tick += self._period

    def _advance(self, now: Millis) -> None:
        """Close the epochs that end by ``now``, each with all that is mature by its end."""
        length = self._latest.epoch_length
        epoch = now // length if self._epoch is None else self._epoch
        while epoch < now // length:
            self._mature_until(epoch, (epoch + 1) * length - 1)
            learned = learn_epoch(self._latest, epoch, self._examples, self._counts)
            self._used, self._latest = self._latest, learned
            self._examples, self._counts = [], {}
            epoch += 1
        self._epoch = epoch

    def _mature_until(self, epoch: int, end: Millis) -> None:
        """The customers with a label that matures in this epoch and no event after it."""
        for customer in sorted(self._mature.pop(epoch, ())):
            known = self._customers[customer]
            self._examples.extend(mature(known.pending, known.last, end, customer))
            self._expect(customer, known)

    def _ordered(self, order: PastOrder) -> Point:
        known = self._known(order.customer)
        self._mature_now(order.customer, known, order.at)
        self._count(known.purchases, order.at, ordered=True, amount_minor=order.amount_minor)
        remember_order(known.purchases, order.at, order.amount_minor)
        known.last = order.at
        return self._predict(order.customer, known, order.at, ticked=False)

    def _known(self, customer: str) -> _Customer:
        known = self._customers.get(customer)
        if known is None:
            known = self._customers[customer] = _Customer(PurchaseFeatures(), PendingLabels(), 0)
        return known

    def _ticked(self, customer: str, known: _Customer, now: Millis) -> Point:
        self._mature_now(customer, known, now)
        self._count(known.purchases, now, ordered=False)
        return self._predict(customer, known, now, ticked=True)

    def _mature_now(self, customer: str, known: _Customer, now: Millis) -> None:
        self._examples.extend(mature(known.pending, known.last, now, customer))

    def _count(self, purchases: PurchaseFeatures, now: Millis, *, ordered: bool, amount_minor: int = 0) -> None:
        usual_gap = view_of(self._used).usual_gap
        for key, value in counts_of(purchases, usual_gap, now, ordered=ordered, amount_minor=amount_minor).items():
            self._counts[key] = self._counts.get(key, 0) + value

    def _predict(self, customer: str, known: _Customer, now: Millis, *, ticked: bool) -> Point:
        scored = score(self._used, known.purchases, now, self._horizon)
        enqueue(known.pending, now, scored, customer, self._horizon)
        self._expect(customer, known)
        return Point(customer, now, ticked, scored)

    def _expect(self, customer: str, known: _Customer) -> None:
        moment = next_maturity(known.pending)
        if moment is not None:
            self._mature.setdefault(moment // self._latest.epoch_length, set()).add(customer)
