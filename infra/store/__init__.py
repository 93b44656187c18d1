"""The store: where a lane keeps its customers, timers, outbox and its own state.

``Store`` is what programs ask; ``RedisStore`` keeps its promises in Redis or Valkey, single or Cluster,
``MemoryStore`` in a dictionary, for fast tests.
"""

from infra.store.client import Tables, connect
from infra.store.commit_limits import MAX_ASKED, MAX_BYTES, MAX_DECISIONS, MAX_RECORDS, MAX_TIMERS_DUE
from infra.store.lane_copy import commit_of
from infra.store.memory import MemoryStore
from infra.store.port import CustomerImage, LaneCopy, LaneCounts, LaneStore, Store, StoreReads
from infra.store.redis_store import RedisStore

__all__ = [
    "MAX_ASKED",
    "MAX_BYTES",
    "MAX_DECISIONS",
    "MAX_RECORDS",
    "MAX_TIMERS_DUE",
    "CustomerImage",
    "LaneCopy",
    "LaneCounts",
    "LaneStore",
    "MemoryStore",
    "RedisStore",
    "Store",
    "StoreReads",
    "Tables",
    "commit_of",
    "connect",
]
