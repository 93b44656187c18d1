"""Who the customer is, as a part of the record: what was told of each detail last, and when."""

from __future__ import annotations

from types import MappingProxyType

from schemas.record_part import RecordPart
from schemas.times import Millis


class Profile(RecordPart):
    """Who the customer is, as far as told; empty where not."""

    name: str = ""
    email: str = ""
    phone: str = ""
    locale: str = ""
    zone: str = ""
    region: str = ""
    birthday: str = ""
    """``MM-DD`` or ``YYYY-MM-DD`` of ``birthday_calendar``."""
    lunar: bool = False
    age_band: str = ""
    income_band: str = ""
    household_size: int = 0
    tags: list[str] = []
    updated: Millis = 0
    """When something was told last."""
    registered: Millis = 0
    begun: Millis = 0
    """When the first of it was told; 0 where nothing was told since."""
    told: dict[int, Millis] = {}
    """When a field was told last, by its place in this part, where that is not ``begun``."""

    def told_at(self, name: str) -> Millis:
        """When a field was told last; 0 for never."""
        at = self.told.get(PLACES[name])
        if at is not None:
            return at
        return (self.begun or self.updated) if getattr(self, name) else 0

    def tell(self, name: str, value: object, at: Millis) -> None:
        """Set a field as it was told then; ``updated`` is the moment of what was told before."""
        setattr(self, name, value)
        first = self.begun or self.updated or at
        if at != first:
            self.begun = first
        self.keep_moment(name, at, first)

    def keep_moment(self, name: str, at: Millis, first: Millis) -> None:
        """Note when a field was told last. Of one that is empty the moment stands for its having been told at all."""
        place, value = PLACES[name], getattr(self, name)
        if at != first or (not value and value is not False):
            self.told = {**self.told, place: at}
        elif place in self.told:
            self.told = {known: moment for known, moment in self.told.items() if known != place}


PLACES = MappingProxyType({name: place for place, name in enumerate(Profile.__struct_fields__)})
