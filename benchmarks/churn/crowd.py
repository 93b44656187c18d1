"""A made-up store ten times as large as the real one, whose base drifts: many join late, and rhythms lengthen.

Each customer's gaps are gamma-distributed around a rhythm of their own, at a regularity of their own; after each order
they leave for good with a probability of their own. That is the family of BG/NBD (Fader, Hardie, Lee 2005) with regular
buyers among them; the calendar (a season, a level that falls by a third over the year) is what it does not know of.
"""

from __future__ import annotations

from math import pi

import numpy as np
import polars as pl

from schemas.times import DAY, Millis

START: Millis = 17_167 * DAY
DAYS = 364
CUSTOMERS = 25_000


def crowd_orders(customers: int = CUSTOMERS, seed: int = 1) -> pl.DataFrame:
    """Orders by time: customer, at (milliseconds), amount (cents)."""
    dice = np.random.default_rng(seed)
    # A third is there from the beginning; the others come over the year, more of them towards its end.
    moment = np.where(dice.random(customers) < 1 / 3, dice.random(customers) * 30, DAYS * dice.random(customers) ** 0.7)
    rhythm = np.exp(dice.normal(2.6, 0.8, customers))
    regularity = dice.choice([1.0, 2.0, 5.0], customers)
    leaves = dice.beta(0.8, 8.0, customers)
    names = np.array([f"c{i}" for i in range(customers)])
    found: list[pl.DataFrame] = []
    while len(moment):
        amount = np.exp(dice.normal(8.0, 0.7, len(moment))).round().astype(np.int64)
        at = START + (moment * DAY).astype(np.int64)
        found.append(pl.DataFrame({"customer": names, "at": at, "amount": amount}))
        pace = (1.0 + 0.3 * np.sin(2 * pi * moment / 182)) * (1.0 - moment / DAYS / 3)
        moment = moment + dice.gamma(regularity, rhythm / regularity / pace)
        stays = (dice.random(len(moment)) >= leaves) & (moment < DAYS)
        moment, rhythm, regularity = moment[stays], rhythm[stays], regularity[stays]
        leaves, names = leaves[stays], names[stays]
    return pl.concat(found).sort("at", "customer")
