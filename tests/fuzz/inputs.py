"""Inputs for a door: seeds changed a little, again and again; what was found before, first."""

from __future__ import annotations

from base64 import decodebytes
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

CORPUS = Path(__file__).parent / "corpus"
TOKENS = (
    b"null", b"true", b"{}", b"[]", b'""', b"-1", b"0", b"1e999", b"NaN", b"9" * 25, b"9" * 5_000, b'"\\u0000"',
    b'"\\ud800"', b'"\\u202e"', b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"[" * 500, b'{"a":' * 300,
    b'"' + b"A" * 3_000 + b'"', b"\\", b'"', b",", b":", b"\n", b"=", b"<script>", b"../../etc/passwd",
    b"0001-01-01T00:00:00Z",
    b"9999-12-31T23:59:59-12:00", b"1997-02-29T00:00:00Z", b"\xc1", b"\xdf\xff\xff\xff\xff", b"\xcb\x7f\xf0" + bytes(6),
)  # fmt: skip
_MOST = 1 << 20


def kept(door: str) -> list[bytes]:
    """What broke the door once, and is held since."""
    return [decodebytes(path.read_bytes()) for path in sorted((CORPUS / door).glob("*.b64"))]


def inputs(seeds: Sequence[bytes], random: Random) -> Iterator[bytes]:
    """Endless, and the same for the same random numbers."""
    yield from seeds
    while True:
        data = bytearray(random.choice(seeds))
        for _ in range(random.randint(1, 6)):
            _change(data, random)
        yield bytes(data[:_MOST])


def _change(data: bytearray, random: Random) -> None:
    size = len(data)
    at = random.randint(0, size)
    match random.randint(0, 5):
        case 0 if at < size:
            data[at] ^= 1 << random.randrange(8)
        case 1:
            del data[at : at + random.randint(1, 16)]
        case 2:
            data[at:at] = random.choice(TOKENS)
        case 3:
            data[at:at] = data[at : at + random.randint(1, 40)]
        case 4:
            token = random.choice(TOKENS)
            data[at : at + len(token)] = token
        case _:
            del data[at:]
