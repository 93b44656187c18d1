"""Where a customer came to stand, as ``tend.moves`` tells it: one line for each change of stage or tier."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from schemas.personal import LIFE
from schemas.times import Millis

Gone = Literal["", "forgotten", "merged"]


class Move(msgspec.Struct, frozen=True, omit_defaults=True):
    """A customer stands elsewhere than before."""

    customer: Annotated[str, LIFE]
    at: Millis
    """When it was noticed, in the time of the customer's events and timers."""
    stage: Annotated[str, LIFE] = ""
    """The stage of life now; none for who is gone."""
    tier: Annotated[str, LIFE] = ""
    """The tier now."""
    stage_before: Annotated[str, LIFE] = ""
    """The stage before; none for who is new."""
    tier_before: Annotated[str, LIFE] = ""
    """The tier before."""
    gone: Annotated[Gone, LIFE] = ""
    """Why nothing is kept of them any more: they asked to be forgotten, or turned out to be another customer."""


encode_move = msgspec.json.Encoder().encode
decode_move = msgspec.json.Decoder(Move).decode
