"""Numbers about what customers do: carts, orders, complaints, points, coupons."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from rules.defaults.section import Days, Hours, Minutes, Section
from schemas.fields import ComplaintCategory, Urgency
from schemas.times import DAY, HOUR, MINUTE, Millis


class CartDefaults(Section):
    """Carts left behind."""

    delay: Minutes
    """Minutes without a touch after which a cart counts as left; an hour lets most people finish by themselves."""
    forget_days: Days
    """Days after which a cart nobody touched is forgotten."""
    visit_gap: Minutes
    """Minutes without a browsing event after which the next one begins a new visit; 30 is the usual web session."""

    @property
    def delay_millis(self) -> Millis:
        return self.delay * MINUTE

    @property
    def forget_millis(self) -> Millis:
        return self.forget_days * DAY

    @property
    def visit_gap_millis(self) -> Millis:
        return self.visit_gap * MINUTE


class OrderDefaults(Section):
    """What follows an order."""

    survey_hours: Hours
    """Hours after a delivery until the customer is asked about it: time to unpack."""
    second_order_days: Days
    """Days after a first order until the customer is asked for a second."""
    late_grace_hours: Annotated[int, Field(ge=0, le=720)]
    """Hours after the promise from which a delivery counts as late."""

    @property
    def survey_millis(self) -> Millis:
        return self.survey_hours * HOUR

    @property
    def second_order_millis(self) -> Millis:
        return self.second_order_days * DAY

    @property
    def late_grace_millis(self) -> Millis:
        return self.late_grace_hours * HOUR


class ComplaintDefaults(Section):
    """Urgency and deadlines of complaints."""

    urgency: dict[ComplaintCategory, Urgency]
    """Urgency of each category, where the event does not tell it."""
    deadline_hours: dict[Urgency, Hours]
    """Hours until a complaint must be resolved, by urgency."""
    follow_up_hours: Hours
    """Hours after closing until the customer is asked whether it is really settled."""
    survey_score: Annotated[int, Field(ge=0, le=4)]
    """Highest score of a survey's public page that opens a complaint, with an owner and a deadline; 0 for none."""
    recheck_hours: Hours
    """Hours after which marketing held by an open complaint is decided again, also when it is not closed."""

    @model_validator(mode="after")
    def _complete(self) -> ComplaintDefaults:
        missing = [*_missing(ComplaintCategory, self.urgency), *_missing(Urgency, self.deadline_hours)]
        if missing:
            raise ValueError(f"no entry for {', '.join(missing)}")
        return self

    def urgency_of(self, category: str) -> str:
        """The urgency of a category."""
        return self.urgency[category]  # type: ignore[index]  # the record keeps categories as plain text

    def deadline_millis(self, urgency: str) -> Millis:
        """How long there is to resolve a complaint of this urgency."""
        return self.deadline_hours[urgency] * HOUR  # type: ignore[index]  # the record keeps urgencies as plain text

    @property
    def follow_up_millis(self) -> Millis:
        return self.follow_up_hours * HOUR

    @property
    def recheck_millis(self) -> Millis:
        return self.recheck_hours * HOUR


def _missing(names: object, table: object) -> list[str]:
    return [name for name in getattr(names, "__args__", ()) if name not in table]  # type: ignore[operator]  # both dicts


class PointDefaults(Section):
    """Loyalty points."""

    minor_per_point: Annotated[int, Field(ge=1, le=1_000_000)]
    """Minor units to spend for one point."""
    lapse_days: Days
    """Days after which points lapse. All points of one calendar month lapse together."""
    reminder_days: Days
    """Days before points lapse at which the customer is reminded."""
    redeemable: bool = False
    """Whether points can be used for something: only then does it help to be reminded of them."""

    @property
    def lapse_millis(self) -> Millis:
        return self.lapse_days * DAY

    @property
    def reminder_millis(self) -> Millis:
        return self.reminder_days * DAY


class CouponDefaults(Section):
    """Coupons that tend gives out."""

    reminder_days: Days
    """Days before a coupon lapses at which its holder is reminded."""

    @property
    def reminder_millis(self) -> Millis:
        return self.reminder_days * DAY
