"""What all parts of a customer's record are made of."""

from __future__ import annotations

import msgspec


class RecordPart(msgspec.Struct, array_like=True, gc=False, forbid_unknown_fields=True):
    """Base of all parts of the record and of the order book: arrays; new fields go to the end, with a default.

    A program that does not know them yet refuses the record: it would write it back without them.
    """
