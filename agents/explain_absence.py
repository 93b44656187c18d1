"""Why a rule has done nothing for a customer, asked of the installation that runs; nothing is changed by asking."""

from __future__ import annotations

from agents.almanacs import almanac_of
from agents.bootstrap import initial_churn, lane_config
from agents.clock import wall_clock
from agents.rulebooks import published_rulebooks
from agents.signing import installation_key
from agents.store_queries import StoreQueries
from infra.kafka.connection import KafkaConnection
from infra.settings import Settings
from rules.context import LaneContext
from schemas.almanac import NONE_YET, VERSION, Almanac
from schemas.ids import partition_of
from schemas.lane import LaneState
from streams.customer import Customer
from streams.explain import why_not


async def explain_absence(settings: Settings, customer: str, rule: str) -> list[str]:
    """What became of a rule's last proposal for the customer, or why there was none, in sentences.

    Raises:
        TendError: there is no such customer, or their lane has not begun.
    """
    console = StoreQueries(settings)
    try:
        customer = await console.named(customer)
        record, orders = await console.customer(customer)
        lane = await console.lane(customer)
        decisions = await console.decisions(customer)
    finally:
        await console.close()
    now = lane.time if lane.clock == "event" else wall_clock()
    return why_not(Customer(record, orders), rule, await _context(settings, lane, customer), now, decisions)


async def _context(settings: Settings, lane: LaneState, customer: str) -> LaneContext:
    connection = KafkaConnection.of(settings)
    known = initial_churn(settings)
    nothing = Almanac(version=VERSION, epoch=NONE_YET, partitions=settings.partitions, churn=known)
    ground = lane_config(settings, partition_of(customer, settings.partitions), known)
    return LaneContext(
        rulebook=(await published_rulebooks(connection, installation_key(settings))).at(lane.rulebook_since)[2],
        almanac=await almanac_of(connection, lane.almanac) or nothing,
        horizons=ground.horizons,
        tick=ground.tick,
        act_from=lane.act_from,
        clock=lane.clock,
    )
