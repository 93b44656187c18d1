"""Small things packed smaller: Zstandard with a dictionary of what things of their kind have in common.

A record on its own is too short for a compressor to learn from; with the dictionary it takes about two thirds, and a
decision a sixth. What they hold changes over time: with the second dictionaries decisions took 0.7, records 0.95. What
is packed begins with the number of the dictionary; MessagePack arrays and JSON objects never do, so what is better left
alone is stored as it is. A dictionary is never changed, as stored bytes need it: a better one gets the next number.
"""

from __future__ import annotations

from importlib import resources
from typing import Final

import zstandard

NUMBER: Final = 2
"""The dictionary that is written with, of each kind; those before it are read."""
LEVEL: Final = 3
"""Level 1 takes a quarter less time and 4 % more room; higher levels gain 1 % for three times the time."""
USUAL: Final = 2_048
"""Bytes of what is packed, roughly. A compressor that is told so takes small tables: they are in the processor's cache
sooner, which is half of the time of a customer who comes alone, and records take 1 %, order books 3 % less room."""
MOST: Final = 65_536
"""No more is unpacked: an order book is at most an eighth of it."""


class BadCompression(ValueError):
    """Bytes that were not packed here."""


def dictionary(kind: str, number: int) -> bytes:
    """The dictionary of that kind and number, as it is shipped."""
    return (resources.files("schemas") / "dictionaries" / f"{kind}-{number}.zdict").read_bytes()


class DictionaryCompressor:
    """Packs things of one kind.

    Args:
        kind: names the dictionary.
        least: plain bytes begin with this or a higher one, and dictionary numbers lie below it.
    """

    def __init__(self, kind: str, least: int) -> None:
        self._least = least
        words = {number: _words(kind, number) for number in range(1, NUMBER + 1)}
        how = zstandard.ZstdCompressionParameters.from_level(
            LEVEL,
            source_size=USUAL,
            # No magic number, sizes, checksums and dictionary ids: 12 bytes that would be the same each time.
            format=zstandard.FORMAT_ZSTD1_MAGICLESS,
            write_content_size=False,
            write_checksum=False,
            write_dict_id=False,
        )
        words[NUMBER].precompute_compress(compression_params=how)
        self._compressor = zstandard.ZstdCompressor(compression_params=how, dict_data=words[NUMBER])
        self._decompressors = {
            number: zstandard.ZstdDecompressor(dict_data=its, format=zstandard.FORMAT_ZSTD1_MAGICLESS)
            for number, its in words.items()
        }

    def pack(self, plain: bytes) -> bytes:
        """The bytes packed, or as they are where that is shorter."""
        packed = _PREFIX + self._compressor.compress(plain)
        return packed if len(packed) < len(plain) else plain

    def unpack(self, body: bytes) -> bytes:
        """What was packed.

        Raises:
            BadCompression: it was packed with a dictionary that is not known, or is damaged.
        """
        if not body or body[0] >= self._least:
            return body
        decompressor = self._decompressors.get(body[0])
        if decompressor is None:
            raise BadCompression(f"packed with dictionary {body[0]}; this program has {NUMBER}")
        try:
            if len(body) > 1 and body[1] & _SAYS_ITS_SIZE:
                _check_size(body[1:])
            return decompressor.decompress(memoryview(body)[1:], max_output_size=MOST)
        except zstandard.ZstdError as error:
            raise BadCompression(str(error)) from None


def _words(kind: str, number: int) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(dictionary(kind, number), dict_type=zstandard.DICT_TYPE_AUTO)


def _check_size(frame: bytes) -> None:
    """A frame that says how long its content is would be believed, whatever the bound: 13 bytes can ask for 100 GB."""
    said = zstandard.get_frame_parameters(frame, zstandard.FORMAT_ZSTD1_MAGICLESS).content_size
    if said != zstandard.CONTENTSIZE_UNKNOWN and said > MOST:
        raise BadCompression(f"content of {said} bytes; at most {MOST} are unpacked")


_SAYS_ITS_SIZE: Final = 0b1110_0000
"""Bits of a frame's first byte (RFC 8878, 3.1.1.1.1): none is set in what is packed here."""
_PREFIX: Final = bytes([NUMBER])
RECORDS: Final = DictionaryCompressor("record", least=0x80)
"""Records and order books: MessagePack arrays."""
DECISIONS: Final = DictionaryCompressor("decision", least=ord("{"))
"""Recent decisions: JSON objects."""
pack, unpack = RECORDS.pack, RECORDS.unpack
