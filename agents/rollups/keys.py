"""The keys of the rollups. Those of one partition carry it as hash tag: one batch is one transaction of one slot."""

from __future__ import annotations

from typing import Final

from infra.store.keys import PREFIX

CLAIMS: Final = "claims"
"""A customer's coupons that a till has taken: by the coupon's search key, the order."""

KEEPER: Final = "keeper"
"""Who keeps the rollups of all partitions, for some seconds more; on partition 0."""
CAUGHT_UP: Final = "caught-up"
"""There while the keeper has read to the end; on partition 0."""


def key(partition: int, *parts: str) -> str:
    """A key of the rollups of a partition; a customer's id may be a part, nothing that names a person."""
    return f"{PREFIX}{{{partition}}}:roll:" + ":".join(parts)
