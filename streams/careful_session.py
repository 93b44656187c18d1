"""Customers' work done whatever one of their events does.

They take their steps together: all are decoded, then the looks that are due are scored, then all live, then all are
encoded. So what a step needs is in the processor's cache for all but the first of them.

A failure costs nothing until it happens. Then the same is done once more from what is stored, with care: the customer
is kept as bytes before each step and brought back to them where it fails. So the cost of many failures is linear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from rules.context import LaneContext
from schemas.codec import Unreadable, decode_record
from schemas.errors import MACHINE_TROUBLE
from schemas.outcome import Outcome
from schemas.times import Millis
from streams.customer import Customer
from streams.customer_cache import CustomerCache
from streams.customer_session import CustomerSession, Failure, Handled, Stored, Work
from streams.ingest import Arrival

_T = TypeVar("_T")
Check = Callable[[Outcome], object]
NOT_THE_EVENTS = (Unreadable, *MACHINE_TROUBLE)
"""What no event is to blame for: a record of a newer program, a machine that lacks something."""


def run_customers(
    works: Sequence[tuple[Stored, Work]],
    lane: LaneContext,
    acting: Millis | None,
    cache: CustomerCache,
    check: Check | None = None,
) -> Iterator[Handled]:
    """All of their work done, and what is left of them encoded, in their order.

    Args:
        acting: the clock in service; None takes the time of the event or timer (a replay).
        check: raises for an outcome that cannot be sent; given where one of the micro-batch is known to be such.

    Raises:
        Unreadable: a record or order book was written by a newer program. No event is to blame for that.
        OSError, MemoryError: the machine lacks something.
    """
    if check is not None:
        yield from (_run_with_care(stored, work, lane, acting, check) for stored, work in works)
        return
    sessions = [_unless_it_fails(partial(_open, stored, work, lane, acting, cache)) for stored, work in works]
    for step in (CustomerSession.foresee, CustomerSession.live):
        sessions = [
            session and _unless_it_fails(partial(step, session, work))
            for session, (_, work) in zip(sessions, works, strict=True)
        ]
    for session, (stored, work) in zip(sessions, works, strict=True):
        handled = session and _unless_it_fails(session.handled)
        yield handled or _run_with_care(stored, work, lane, acting, _any_will_do)


def _open(
    stored: Stored, work: Work, lane: LaneContext, acting: Millis | None, cache: CustomerCache
) -> CustomerSession:
    customer = stored.cached(cache) or stored.customer(work.first, lane, acting)
    return CustomerSession(stored, customer, lane, acting)


def _unless_it_fails(step: Callable[[], _T]) -> _T | None:
    try:
        return step()
    except NOT_THE_EVENTS:
        raise
    except Exception:  # noqa: BLE001 - what fails for one event must not stop the lane
        return None


def _any_will_do(outcome: Outcome) -> None: ...


def _run_with_care(stored: Stored, work: Work, lane: LaneContext, acting: Millis | None, check: Check) -> Handled:
    """The same, where something fails: even to meet a customer for the first time may."""
    failed: list[tuple[int, Failure]] = []
    events = list(work.events)
    while events or stored.record is not None:
        first = events[0][1].event.at if events else work.until
        try:
            customer = stored.customer(first, lane, acting)
        except NOT_THE_EVENTS:
            raise
        except Exception as error:
            if not events:
                raise  # nothing but a stored customer could not be met then, and that is never an event's failure
            place, arrival = events.pop(0)
            failed.append((place, Failure.of(stored.who, arrival, error)))
        else:
            session = _CarefulSession(stored, customer, lane, acting, check)
            handled = session.live(work._replace(events=events)).handled()
            return handled._replace(failed=failed + handled.failed)
    return Handled(stored, None, b"", b"", [], failed, [])


class _CarefulSession(CustomerSession):
    """The same, where something fails."""

    def __init__(
        self, stored: Stored, customer: Customer, lane: LaneContext, acting: Millis | None, check: Check
    ) -> None:
        super().__init__(stored, customer, lane, acting)
        self._check = check

    def _fire(self, place: int, due: Millis) -> None:
        before = Stored.of(self.customer)
        try:
            super()._fire(place, due)
            self._check_last()
        except NOT_THE_EVENTS:
            raise
        except Exception as error:  # noqa: BLE001 - what fails for one timer must not stop the lane
            self._bring_back(before, place, None, error)
            # The timer that cannot be handled must not fire for ever.
            self.customer.record.timers.pop(0)

    def _handle(self, place: int, arrival: Arrival) -> None:
        before = Stored.of(self.customer)
        try:
            super()._handle(place, arrival)
            self._check_last()
        except NOT_THE_EVENTS:
            raise
        except Exception as error:  # noqa: BLE001 - the same for an event
            self._bring_back(before, place, arrival, error)

    def _check_last(self) -> None:
        """What can be handled, and not be said in bytes, fails as well."""
        outcome = self.outcomes[-1]
        try:
            self._check(outcome[2])
            Stored.of(self.customer)
        except Exception:
            self.outcomes.pop()
            raise

    def _bring_back(self, before: Stored, place: int, arrival: Arrival | None, error: Exception) -> None:
        assert before.record is not None
        self.customer = Customer(decode_record(before.record), None if before.orders is None else before.book())
        self.failed.append((place, Failure.of(before.who, arrival, error)))
