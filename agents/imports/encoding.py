"""In which encoding a file is: proved where it can be, and otherwise the likeliest, which `look` shows."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from agents.lines import MOST
from schemas.errors import TendError

_CHUNK: Final = 1 << 20
_SAMPLE: Final = 1 << 18
"""Bytes of lines that are not ASCII, by which encodings are weighed."""
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MOSTLY: Final = 10
"""So many lines in UTF-8 for one that is not mean UTF-8 with damaged lines."""


def encoding_of(raw: BinaryIO, told: str | None = None) -> str:
    """The encoding of what ``raw`` holds, or the one that was told, if there is such a one.

    Raises:
        TendError: the encoding that was told does not exist.
    """
    if told:
        try:
            "".encode(told)  # there are codecs that are none of text
            return "utf-8-sig" if codecs.lookup(told).name == "utf-8" else codecs.lookup(told).name
        except (LookupError, UnicodeError):
            raise TendError(f"--encoding {told}: there is no such encoding. Examples: utf-8 cp1252 gb18030.") from None
    head = raw.read(4096)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if (wide := _wide(head)) is not None:
        return wide
    good, bad, sample = _lines_beyond_ascii(head, raw)
    if not bad or good > _MOSTLY * bad:
        return "utf-8-sig"
    return _likeliest(sample)


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of what is mostly ASCII is zero."""
    half = len(head) // 2
    if half and head[1::2].count(0) > half * 0.4 and head[::2].count(0) < half * 0.1:
        return "utf-16-le"
    if half and head[::2].count(0) > half * 0.4 and head[1::2].count(0) < half * 0.1:
        return "utf-16-be"
    return None


def _lines_beyond_ascii(head: bytes, raw: BinaryIO) -> tuple[int, int, bytes]:
    """Lines that are more than ASCII: how many are UTF-8, how many are not, and a sample of the latter."""
    good, bad, sample = 0, 0, bytearray()
    for block in _blocks(head, raw):
        if block.isascii():
            continue
        try:
            block.decode()
            good += sum(not line.isascii() for line in block.split(b"\n")) if good < _CHUNK else 1
            continue
        except UnicodeDecodeError:
            pass
        for line in block.split(b"\n"):
            if line.isascii():
                continue
            try:
                line.decode()
                good += 1
            except UnicodeDecodeError:
                bad += 1
                if len(sample) < _SAMPLE:
                    sample += line + b"\n"
    return good, bad, bytes(sample)


def _blocks(head: bytes, raw: BinaryIO) -> Iterator[bytes]:
    """All of it in blocks that end with a line, unless a line is longer than any that is read."""
    rest = head
    while chunk := raw.read(_CHUNK):
        rest += chunk
        end = rest.rfind(b"\n") + 1 or (len(rest) if len(rest) > MOST else 0)
        if end:
            yield rest[:end]
            rest = rest[end:]
    yield rest


def _likeliest(sample: bytes) -> str:
    runs = [len(run) for run in _BEYOND.findall(sample)]
    # High bytes alone or in twos between ASCII letters are a European language, or a set whose second bytes are ASCII.
    scattered = sum(run for run in runs if run >= _RUN) < sum(runs) * _CONVINCING
    scores = {name: score(sample) for name, score in _SCORES.items() if name in _MIXED or not scattered}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] >= _CONVINCING else _OF_THE_WEST


def _share(sample: bytes, encoding: str, letters: str) -> float:
    """How much of what is not ASCII comes out as these letters, if it can be read so at all."""
    text = sample.decode(encoding, errors="replace")
    beyond = [letter for letter in text if letter >= "\x80"]
    low, high = letters.split("-")
    return sum(low <= letter <= high for letter in beyond) / len(beyond) if beyond else 0.0


def _frequent(sample: bytes, encoding: str, first: int, last: int) -> float:
    """How much of it comes out as the frequent characters, which sets of two bytes keep under these first bytes."""
    beyond = [letter for letter in sample.decode(encoding, errors="replace") if letter >= "\x80"]
    codes = [letter.encode(encoding, errors="replace") for letter in beyond]
    return sum(len(code) == 2 and first <= code[0] <= last for code in codes) / len(beyond) if beyond else 0.0


def _japanese(sample: bytes, encoding: str) -> float:
    """Kana make some half of Japanese; a tenth of them beside readable kanji is no accident."""
    kana = _share(sample, encoding, "\u3041-\u30ff")
    return kana and kana / 2 + _share(sample, encoding, "\u3041-\u9fff") / 2


def _shift_jis(sample: bytes) -> float:
    """Where all of it is kanji, the frequent ones lie under first bytes that no other set has so often."""
    return max(_japanese(sample, "shift_jis") * 1.1, _frequent(sample, "shift_jis", 0x88, 0x98))


_SCORES: Final[dict[str, Callable[[bytes], float]]] = {
    "gb18030": lambda sample: _frequent(sample, "gb18030", 0xB0, 0xD7),
    "big5": lambda sample: _frequent(sample, "big5", 0xA4, 0xC6),
    "euc_kr": lambda sample: _share(sample, "euc_kr", "\uac00-\ud7a3") * 1.1,
    "shift_jis": _shift_jis,
    "euc_jp": lambda sample: _japanese(sample, "euc_jp") * 1.1,
    "cp1251": lambda sample: _share(sample, "cp1251", "а-я") * 1.2,
}
_BEYOND: Final = re.compile(rb"[\x80-\xff]+")
_RUN: Final = 4
_MIXED: Final = ("big5", "shift_jis")
_CONVINCING: Final = 0.55
_OF_THE_WEST: Final = "cp1252"
