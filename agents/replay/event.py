"""One event on its way in, as every source of a replay gives it."""

from __future__ import annotations

from typing import NamedTuple

from schemas.times import Millis


class ReplayEvent(NamedTuple):
    """An event of the contract with what is needed to send it; tuples sort by (time, id), as lanes do."""

    time: Millis
    id: str
    customer: str
    type: str
    body: bytes
    """The JSON of the contract."""
