"""A lane that holds one customer, in dictionaries: it takes the very steps of a worker's."""

from __future__ import annotations

from infra.store.memory_lane import MemoryLane
from rules.rulebook import Rulebook
from schemas.almanac import Almanac
from schemas.churn import Tick
from schemas.codec import decode_orders, decode_record
from schemas.events import AnyEvent
from schemas.lane import KafkaRecord, LaneState, Loaded
from schemas.order_book import OrderBook
from schemas.times import DAY, WEEK, Millis
from schemas.topics import TOPIC_OF
from streams.churn import initial_state
from streams.customer import Customer
from streams.ingest import Arrival
from streams.lane import Lane
from streams.lane_protocol import Batch, LaneConfig, NeedAlmanac, NeedRecords, Save, drive_at_once
from streams.micro_batch import MicroBatch
from streams.rulebook_schedule import RulebookSchedule

_SUNDAY: Millis = 3 * DAY
"""Weekly looks fall on Sundays, as in a replay."""


class CustomerLane:
    """One customer; nobody else's time passes with theirs."""

    def __init__(self, customer: str, rulebook: Rulebook, horizons: tuple[int, ...]) -> None:
        config = LaneConfig(
            partition=0,
            partitions=1,
            epoch_length=DAY,
            horizons=horizons,
            tick=Tick(origin=_SUNDAY, period=WEEK),
            beginning=initial_state(horizons),
        )
        self._who = customer
        self._lane = Lane(config, LaneState(offsets={}, clock="event"), RulebookSchedule(rulebook))
        self._store = MemoryLane()
        self._done: list[MicroBatch] = []

    @property
    def next_due(self) -> Millis | None:
        """When the customer is looked at next, if ever."""
        return self._store.timers.get(self._who)

    @property
    def customer(self) -> Customer | None:
        """As stored; None where no event could be applied yet."""
        record, orders = self._store.records.get(self._who), self._store.orders.get(self._who)
        if record is None:
            return None
        return Customer(decode_record(record), OrderBook() if orders is None else decode_orders(orders))

    def take(self, event: AnyEvent, body: bytes, acting: Millis) -> list[MicroBatch]:
        """Handle an event at this moment of acting, after the timers due before it."""
        raw = KafkaRecord(TOPIC_OF[event.type], 0, 0, event.at, event.customer.encode(), body)
        return self._through(Batch([Arrival(event, event.at, raw)], event.at, {}, acting=acting))

    def pass_time(self, until: Millis) -> list[MicroBatch]:
        """Fire the timers due by then, each at its moment."""
        return self._through(Batch([], until, {}))

    def _through(self, batch: Batch) -> list[MicroBatch]:
        self._done = []
        drive_at_once(self._lane.take(batch), self)
        return self._done

    # ------------------------------------------------------------ what the lane asks for: see ``LanePort``

    async def load(self, step: NeedRecords) -> Loaded:
        """From the dictionaries."""
        return self._store.load(step.customers, step.customers, step.due_until, step.due_limit)

    async def almanac(self, step: NeedAlmanac) -> Almanac | None:
        """Nothing is learned from one customer."""
        return None

    async def save(self, step: Save) -> bool:
        """Keep it."""
        self._store.commit(step.commit)
        self._done.append(step.micro_batch)
        return True
