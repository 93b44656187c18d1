"""Marks: the punctuated watermarks that make a replay exact."""

from __future__ import annotations

import msgspec

from schemas.times import Millis


class Watermark(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Says "everything before ``time`` is in" to one partition by the replay that writes its topics.

    Between two watermarks records may lie in any order; the lane sorts them by (time, event id).
    """

    number: int
    """Counts from 0 within a replay; number 0 begins it."""
    time: Millis
    """Every event before this moment lies before ``ends``."""
    ends: dict[str, int]
    """End offset of each input topic's partition, from the delivery reports. Topics without records are left out."""
    position: dict[str, int] = {}
    """Where the replay stands in its own input, to resume from."""
    replay: str = ""
    """Name of the replay: input and seed."""
    act_from: Millis = 0
    """Before this moment no rule is decided."""
    begins: bool = False
    finishes: bool = False
    """The last watermark: timers due before ``time`` are handled, nothing follows."""


def encode_watermark(watermark: Watermark) -> bytes:
    """The watermark as JSON."""
    return msgspec.json.encode(watermark)


def decode_watermark(body: bytes) -> Watermark:
    """The watermark in a JSON body.

    Raises:
        msgspec.DecodeError: the body is no watermark.
    """
    try:
        return msgspec.json.decode(body, type=Watermark)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from None
