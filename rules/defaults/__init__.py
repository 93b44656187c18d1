"""All numbers that a store would change, typed and bounded; their values stand in ``rules/packs/defaults.yaml``.

Each field says its unit and why the shipped value is what it is. The documentation is made from here.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import Annotated

from annotated_types import Len
from pydantic import Field, model_validator

from rules.defaults.answers import AnswerTemplate
from rules.defaults.brand import Phrases, StoreBrand
from rules.defaults.commerce import CartDefaults, ComplaintDefaults, CouponDefaults, OrderDefaults, PointDefaults
from rules.defaults.contact import Cap, Consents, Duplicates, Group, Quiet
from rules.defaults.festivals import Festival
from rules.defaults.section import Language, Name, Section
from rules.defaults.segmentation import Place, Rfm, RhythmNumbers, Segments, Stages, Tier, TierMoves

__all__ = [
    "AnswerTemplate",
    "Cap",
    "CartDefaults",
    "ComplaintDefaults",
    "Consents",
    "CouponDefaults",
    "Defaults",
    "Duplicates",
    "Festival",
    "Group",
    "Name",
    "OrderDefaults",
    "Phrases",
    "Place",
    "PointDefaults",
    "Quiet",
    "Rfm",
    "RhythmNumbers",
    "Section",
    "Segments",
    "Stages",
    "StoreBrand",
    "Tier",
    "TierMoves",
]


class Defaults(Section):
    """The numbers of a store."""

    place: Place
    rfm: Rfm
    tiers: Annotated[tuple[Tier, ...], Len(1, 8)]
    """From the lowest to the highest."""
    tier_moves: TierMoves = TierMoves()
    segments: Segments
    rhythm: RhythmNumbers = RhythmNumbers()
    stages: Stages
    carts: CartDefaults
    orders: OrderDefaults
    complaints: ComplaintDefaults
    points: PointDefaults
    coupons: CouponDefaults
    quiet: Quiet
    consents: Consents
    caps: Annotated[tuple[Cap, ...], Len(0, 12)]
    groups: Annotated[tuple[Group, ...], Len(0, 24)]
    festivals: Annotated[tuple[Festival, ...], Len(0, 60)]
    duplicates: Duplicates
    brand: StoreBrand
    phrases: Annotated[dict[Language, Phrases], Len(1, 40)]
    """What surrounds each message, by language."""
    answers: Annotated[dict[Name, AnswerTemplate], Len(0, 40)] = Field(default_factory=dict)
    """Texts to begin an answer from, on the desk."""

    @model_validator(mode="after")
    def _consistent(self) -> Defaults:
        if self.tiers[0].score != 0 or [tier.score for tier in self.tiers] != sorted({t.score for t in self.tiers}):
            raise ValueError("tiers: scores must begin at 0 and rise from tier to tier")
        for what, names in (
            ("tiers", [tier.name for tier in self.tiers]),
            ("groups", [group.name for group in self.groups]),
            ("festivals", [festival.id for festival in self.festivals]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"{what}: a name stands twice")
        return self

    def tier(self, score: int) -> str:
        """The tier for a sum of RFM scores."""
        return self.tiers[bisect_right(self._least_scores, score) - 1].name

    def rank(self, tier: str) -> int:
        """Place of a tier, 1 for the lowest; 0 for none or one that no longer exists."""
        return self._ranks.get(tier, 0)

    # Asked of nearly every order and of each weekly look.
    @cached_property
    def _least_scores(self) -> list[int]:
        return [tier.score for tier in self.tiers]

    @cached_property
    def _ranks(self) -> dict[str, int]:
        return {tier.name: rank for rank, tier in enumerate(self.tiers, 1)}
