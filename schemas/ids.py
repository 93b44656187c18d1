"""Derived identities: the same input gives the same id, on every machine and in every run."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

_SEPARATOR = "\x1f"
SHORT_KEY = 6


def digest(*parts: str, size: int) -> bytes:
    """A BLAKE2b digest (RFC 7693) of the parts, ``size`` bytes long. ``("a", "b")`` and ``("ab",)`` differ."""
    return blake2b(_SEPARATOR.join(parts).encode(), digest_size=size).digest()


def hash64(*parts: str) -> int:
    """A 64-bit unsigned hash of the parts."""
    return int.from_bytes(digest(*parts, size=8), "big")


def fraction(*parts: str) -> float:
    """A number in [0, 1) drawn by hash, for sampling and spreading that repeat."""
    return (hash64(*parts) >> 11) / (1 << 53)


def action_id(rule: str, customer: str, occasion: str, index: int) -> str:
    """The id of an action: 32 hexadecimal digits from rule, customer, occasion and its place in the rule.

    No version takes part, so that deciding again, or under an edited rule, gives the same id.
    """
    return action_key(rule, customer, occasion, index).hex()


def action_key(rule: str, customer: str, occasion: str, index: int) -> bytes:
    """The same as the 16 bytes that records remember it by."""
    return digest(rule, customer, occasion, str(index), size=16)


def short_key(key: bytes) -> bytes:
    """As much of an action's key as a record keeps of those given out: of one customer's dozen, 48 bits tell it."""
    return key[:SHORT_KEY]


def partition_of(customer: str, partitions: int) -> int:
    """The partition of a customer: murmur2 of the id modulo the number of partitions, as in Kafka's Java client."""
    return _hash_of(customer) % partitions


@lru_cache(maxsize=16_384)
def _hash_of(customer: str) -> int:
    """Remembered, as who comes once comes again: a visit is a row of events."""
    return murmur2(customer.encode()) & 0x7FFFFFFF


def murmur2(data: bytes) -> int:
    """32-bit MurmurHash2 with Kafka's seed (``org.apache.kafka.common.utils.Utils.murmur2``)."""
    length = len(data)
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = (0x9747B28C ^ length) & mask
    for i in range(0, length - length % 4, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & mask
        k = (k ^ (k >> 24)) * m & mask
        h = (h * m & mask) ^ k
    tail = data[length - length % 4 :]
    if tail:
        h = ((h ^ int.from_bytes(tail, "little")) * m) & mask
    h = (h ^ (h >> 13)) * m & mask
    return h ^ (h >> 15)
