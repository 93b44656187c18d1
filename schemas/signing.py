"""Signatures over what programs of one installation tell each other on topics that others may write to as well."""

from __future__ import annotations

import hmac
from hashlib import sha256

import msgspec

from schemas.lane import KafkaRecord

SIGNATURE = "tend-signature"
"""The header that carries it."""
UNSIGNED = "it is not signed with this installation's key (TEND_ALMANAC_KEY)"


class Signing(msgspec.Struct, frozen=True):
    """The key of one installation. Its text form hides it."""

    key: bytes

    def __repr__(self) -> str:
        return "Signing(…)"

    def header(self, topic: str, partition: int, key: bytes | None, value: bytes) -> tuple[str, bytes]:
        """The header that says: this record, at this place, is ours."""
        return SIGNATURE, self._over(topic, partition, key or b"", value)

    def is_ours(self, record: KafkaRecord) -> bool:
        """Whether it was signed with our key for the place where it lies; in constant time."""
        told = dict(record.headers).get(SIGNATURE, b"")
        made = self._over(record.topic, record.partition, record.key or b"", record.value or b"")
        return hmac.compare_digest(made, told)

    def _over(self, topic: str, partition: int, key: bytes, value: bytes) -> bytes:
        """HMAC-SHA256 (RFC 2104); what is said of the place cannot be taken for a part of the value."""
        place = b"tend.record\0%s\0%d\0%d\0" % (topic.encode(), partition, len(key))
        return hmac.digest(self.key, place + key + value, sha256)
