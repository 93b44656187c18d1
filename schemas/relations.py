"""Parts of the record that few customers have: what was said and noted, and other lives that became this one."""

from __future__ import annotations

from schemas.record_part import RecordPart
from schemas.times import Millis

MAX_CONTACTS = 6
MAX_WISHES = 8
MAX_MERGED = 8


class Wish(RecordPart):
    """A product that the customer noted. Beyond ``MAX_WISHES`` one taken off the list makes room, else the oldest."""

    sku: str
    at: Millis
    """When it was noted last; 0 while only its taking off was heard of."""
    price: int = 0
    """When it was noted, in minor units of ``currency``; 0 where it was not told."""
    currency: str = ""
    in_stock: bool = True
    changed: Millis = 0
    """Time of the latest news of it."""
    gone: Millis = 0
    """When it was taken off the list last, or ordered: kept for a while, as it may be heard of before the noting."""
    told: Millis = 0
    """When its being back was noticed last."""
    low: int = 0
    """The lowest price before the present one; 0 for none."""
    low_until: Millis = 0
    """Until when that was the price."""

    @property
    def is_noted(self) -> bool:
        """Whether it is on the list."""
        return self.at > self.gone


class Contact(RecordPart):
    """Customer and store talked to each other."""

    at: Millis
    channel: str
    topic: str = ""


class Talks(RecordPart):
    """What was said beside complaints, surveys and reviews."""

    contacts: list[Contact] = []
    """The latest, oldest first, at most ``MAX_CONTACTS``."""
    total: int = 0
    suggestions: int = 0
    praise: int = 0
    questions: int = 0


class Merged(RecordPart):
    """Another life that became part of this one."""

    id: str
    at: Millis
    """When it was said that the two are one customer."""
