"""Small arrays packed smaller: Zstandard with a dictionary of what records have in common.

A record on its own is too short for a compressor to learn from; with the dictionary it takes about two thirds. Packed
bytes begin with the number of the dictionary; MessagePack arrays never do, so what is better left alone is stored as it
is. A dictionary is never changed, as stored records need it: a better one gets the next number.
"""

from __future__ import annotations

from importlib import resources
from typing import Final

import zstandard

NUMBER: Final = 1
"""The dictionary that is written with."""
LEVEL: Final = 3
"""Level 1 takes a quarter less time and 4 % more room; higher levels gain 1 % for three times the time."""
MOST: Final = 65_536
"""No more is unpacked: an order book is at most an eighth of it."""
_LEAST_ARRAY: Final = 0x80
"""First bytes below it are dictionary numbers; MessagePack arrays and maps begin at or above it."""


class BadPacking(ValueError):
    """Bytes that were not packed here."""


def pack(plain: bytes) -> bytes:
    """The bytes packed, or as they are where that is shorter."""
    packed = _PREFIX + _packer.compress(plain)
    return packed if len(packed) < len(plain) else plain


def unpack(body: bytes) -> bytes:
    """What was packed.

    Raises:
        BadPacking: it was packed with a dictionary that is not known, or is damaged.
    """
    if not body or body[0] >= _LEAST_ARRAY:
        return body
    if body[0] != NUMBER:
        raise BadPacking(f"packed with dictionary {body[0]}; this program has {NUMBER}")
    try:
        return _unpacker.decompress(memoryview(body)[1:], max_output_size=MOST)
    except zstandard.ZstdError as error:
        raise BadPacking(str(error)) from None


def dictionary(number: int) -> bytes:
    """The dictionary of that number, as it is shipped."""
    return (resources.files("schemas") / "words" / f"record-{number}.zdict").read_bytes()


_PREFIX: Final = bytes([NUMBER])
_words = zstandard.ZstdCompressionDict(dictionary(NUMBER), dict_type=zstandard.DICT_TYPE_AUTO)
_how = zstandard.ZstdCompressionParameters.from_level(
    LEVEL,
    # No magic number, sizes, checksums and dictionary ids: 12 bytes that would be the same in each record.
    format=zstandard.FORMAT_ZSTD1_MAGICLESS,
    write_content_size=False,
    write_checksum=False,
    write_dict_id=False,
)
_words.precompute_compress(compression_params=_how)
_packer = zstandard.ZstdCompressor(compression_params=_how, dict_data=_words)
_unpacker = zstandard.ZstdDecompressor(dict_data=_words, format=zstandard.FORMAT_ZSTD1_MAGICLESS)
