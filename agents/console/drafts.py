"""Answers to begin from: the rulebook's texts, filled for one complaint, in the customer's language."""

from __future__ import annotations

from typing import Final

from agents.console.words import Words
from agents.rollups.model import WorkItem
from rules.defaults import Defaults
from rules.languages import as_read, best, languages_for, of_language, said_in
from rules.templates.liquid import Values, read_liquid
from rules.templates.shown import Audience, Missing, Shown
from rules.texts.house import reached
from schemas.errors import NotFound, TendError
from schemas.profile import Profile
from schemas.times import Millis, to_datetime

_MOST: Final = 6


def drafts_for(work: WorkItem, defaults: Defaults, words: Words) -> list[tuple[str, str]]:
    """The texts that this complaint may be answered with: name and title."""
    fitting = [
        (name, of_language(words.language, one.title) or next(iter(one.title.values())))
        for name, one in defaults.answers.items()
        if not one.categories or work.category in one.categories
    ]
    return fitting[:_MOST]


def draft(name: str, work: WorkItem, profile: Profile, staff: str, defaults: Defaults, now: Millis) -> tuple[str, str]:
    """The text to begin from, and its language.

    Args:
        profile: the customer's.
        staff: who answers.

    Raises:
        NotFound: there is no such text.
        TendError: it asks for something that is not known of this complaint.
    """
    template = defaults.answers.get(name)
    if template is None:
        raise NotFound(f"There is no answer {name}; the rulebook has {', '.join(defaults.answers) or 'none'}")
    by_language = {tongue.lower(): text for tongue, text in template.text.items()}
    wanted = languages_for(profile.locale, defaults.place.locale)
    language = best(by_language, *wanted) or next(iter(by_language))
    spoken = next((one for one in wanted if one.split("-")[0].lower() == language.split("-")[0]), language)
    reader = Audience(spoken, to_datetime(now).date())
    brand, spoken_for = defaults.brand, profile.locale or defaults.place.locale
    known = {
        "complaint.id": work.id,
        "order.id": work.order,
        "brand.name": of_language(spoken, brand.name) or next(iter(brand.name.values())),
        "brand.phone": reached(brand, "phone", spoken_for, profile.zone),
        "brand.hours": reached(brand, "hours", spoken, profile.zone),
        "staff.name": staff,
    }
    shown = Values({slot: Shown(slot, value, value) for slot, value in known.items()})
    try:
        body = read_liquid(as_read(by_language[language], language, spoken)).fill(shown, reader).strip()
    except Missing as missing:
        raise TendError(f"answer {name}: {missing}") from None
    phrases = said_in(spoken, defaults.phrases) if language.split("-")[0] in defaults.phrases else None
    return (f"{phrases.greeting}\n\n{body}" if phrases else body), language
