"""What an event leaves behind goes with its last user: nobody has to look for garbage that holds itself."""

from __future__ import annotations

import gc

from agents.simulate.journey import Journey
from benchmarks.lives import around, live
from rules.context import EventContext


def test_no_moment_of_a_customer_outlives_its_event() -> None:
    journey = Journey(days=35, households=6)
    lane = around(journey)
    gc.collect()
    gc.disable()
    try:
        live(journey, lane)

        assert not [one for one in gc.get_objects() if type(one) is EventContext]
    finally:
        gc.enable()
