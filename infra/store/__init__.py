"""The store: where a lane keeps its customers, timers, outbox and its own state.

``Store`` speaks to Redis or Valkey, single or Cluster; ``MemoryStore`` keeps the same promises in a dictionary,
for the pure run and for fast tests.
"""

from infra.store.copying import commit_of
from infra.store.durability import check
from infra.store.limits import MAX_ASKED, MAX_BYTES, MAX_DECISIONS, MAX_RECORDS, MAX_TIMERS_DUE
from infra.store.memory import MemoryStore
from infra.store.port import Counts, CustomerImage, LaneCopy, LaneStore, StoreReads
from infra.store.redis_store import Store

__all__ = [
    "MAX_ASKED",
    "MAX_BYTES",
    "MAX_DECISIONS",
    "MAX_RECORDS",
    "MAX_TIMERS_DUE",
    "Counts",
    "CustomerImage",
    "LaneCopy",
    "LaneStore",
    "MemoryStore",
    "Store",
    "StoreReads",
    "check",
    "commit_of",
]
