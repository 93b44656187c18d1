"""Events of ``storefront.feedback``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.event import Event
from schemas.fields import ActionId, ContactChannel, Label, Reference, Sku, SurveyDimension, Text

Rating = Annotated[int, Field(ge=1, le=5)]


class SurveyAnswered(Event):
    """Answers of 1 (bad) to 5 (good) by dimension, to a survey that an action asked for."""

    type: Literal["survey.answered"] = "survey.answered"
    action_id: ActionId | None = None
    order_id: Reference | None = None
    complaint_id: Reference | None = None
    scores: Annotated[dict[SurveyDimension, Rating], Field(min_length=1, max_length=5)]
    text: Text = ""


class ProductReviewed(Event):
    """A public review, with 1 to 5 stars."""

    type: Literal["product.reviewed"] = "product.reviewed"
    sku: Sku
    rating: Rating
    text: Text = ""


class FeedbackGiven(Event):
    """The customer suggests, praises or asks something; what is wrong is a complaint."""

    type: Literal["feedback.given"] = "feedback.given"
    kind: Literal["suggestion", "praise", "question"]
    topic: Label | None = None
    order_id: Reference | None = None
    text: Text = ""


class ContactMade(Event):
    """Customer and store talked to each other."""

    type: Literal["contact.made"] = "contact.made"
    channel: ContactChannel
    topic: Label | None = None
    """What about, in the store's own words: ``delivery``, ``account``."""
    outcome: Literal["settled", "open", "unreached"] | None = None
    order_id: Reference | None = None
    complaint_id: Reference | None = None
    text: Text = ""


FeedbackEvent = SurveyAnswered | ProductReviewed | FeedbackGiven | ContactMade
