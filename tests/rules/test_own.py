"""Events and attributes of the store's own: declared in the rulebook, then like built-in ones."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rules.context import EventContext
from rules.facts import FACTS, FactReader
from rules.facts.own import own_facts
from rules.loading import parse_rulebook
from rules.own import NotDeclared
from rules.problems import BadRulebook
from rules.rulebook import Rulebook
from schemas.actions import MessageAction
from schemas.record import MAX_ATTRIBUTES
from tests.builders import Life, event, lane_context, when
from tests.rules.moments import book, rule

EVENTS = {
    "circle_joined": {
        "about": "joined a reading circle",
        "fields": {"circle": {"type": "text", "about": "its name"}, "seats": {"type": "int", "about": "seats taken"}},
    }
}
ATTRIBUTES = {
    "genre": {"type": "text", "about": "genre liked best"},
    "shelves": {"type": "double", "about": "metres of shelves"},
    "clubs": {"type": "int", "about": "clubs joined"},
    "member": {"type": "bool", "about": "member of the society of friends"},
}


def own(*rules: dict[str, Any], **parts: Any) -> Rulebook:
    told = {"events": EVENTS, "attributes": ATTRIBUTES, "texts": {"hello": {"en": "Hello."}}, **parts}
    return book(msgspec.json.encode({**told, "rules": list(rules)}).decode())


def life(rulebook: Rulebook) -> Life:
    one = Life(lane_context(rulebook))
    one.happens(
        event("customer.registered", email="mia@example.org", zone="Europe/London"),
        event("consent.granted", channel="email", purpose="service"),
    )
    return one


def joined(**fields: Any) -> Any:
    return event("custom.happened", when(1), name="circle_joined", fields=fields)


JOINED = rule(
    on=["circle_joined"],
    when="circle_joined.seats >= 2 && attribute.genre == 'crime'",
    occasion="{trigger.event}",
    reason="joined with {circle_joined.seats} seats",
)


def test_a_rule_waits_for_an_own_event_and_asks_its_fields_and_own_attributes() -> None:
    mia = life(own(JOINED))
    mia.happens(event("customer.updated", attributes={"genre": "crime"}))

    assert mia.happens(joined(circle="Coast", seats=1)).actions == []
    (action,) = mia.happens(joined(circle="Coast", seats=2)).actions
    assert isinstance(action, MessageAction)
    assert action.reason == "joined with 2 seats"


def test_texts_may_show_own_facts() -> None:
    text = {"en": "{% if circle_joined.circle %}Welcome to {{ circle_joined.circle }}.{% else %}Welcome.{% endif %}"}
    mia = life(own({**JOINED, "when": "true"}, texts={"hello": text}))

    (action,) = mia.happens(joined(circle="Coast")).actions
    assert action.text == "Welcome to Coast."


@pytest.mark.parametrize(
    ("name", "fields", "place", "fix"),
    [
        ("circle_left", {}, "name", "add it to events:"),
        ("circle_joined", {"town": "Bremen"}, "fields.town", "add it to fields:"),
        ("circle_joined", {"seats": "two"}, "fields.seats", "declared as int"),
        ("circle_joined", {"seats": True}, "fields.seats", "declared as int"),
    ],
)
def test_what_is_not_declared_is_refused_with_the_fix(name: str, fields: Any, place: str, fix: str) -> None:
    mia = life(own())

    with pytest.raises(NotDeclared, match=fix) as refused:
        mia.happens(event("custom.happened", when(1), name=name, fields=fields))
    assert refused.value.place == place
    assert "two" not in str(refused.value)


def test_an_attribute_that_is_not_declared_is_refused_and_nothing_of_its_event_kept() -> None:
    mia = life(own())

    with pytest.raises(NotDeclared, match="add it to attributes:"):
        mia.happens(event("customer.updated", when(1), name="Mia", attributes={"shoe_size": 38}))
    assert mia.record.profile.name == ""


def test_attributes_are_patches_and_null_clears_one() -> None:
    mia = life(own())
    mia.happens(event("customer.updated", when(1), attributes={"genre": "crime", "clubs": 2, "shelves": 3}))
    mia.happens(event("customer.updated", when(2), attributes={"clubs": None, "member": True}))

    assert mia.record.attributes == {"genre": "crime", "shelves": 3, "member": True}


def test_older_news_of_attributes_only_fills_gaps() -> None:
    mia = life(own())
    mia.happens(event("customer.updated", when(2), attributes={"genre": "crime"}))
    mia.happens(event("customer.updated", when(1), attributes={"genre": "poetry", "clubs": 1}))

    assert mia.record.attributes == {"genre": "crime", "clubs": 1}


def test_own_facts_of_nobody_known_have_the_value_of_their_type() -> None:
    mia = life(own())
    facts = own_facts(mia.lane.rulebook.own)
    reader = FactReader(EventContext(mia.record, None, mia.lane, when(3), when(3)))

    assert {name: reader[name] for name in facts} == {
        "attribute.genre": "", "attribute.shelves": 0.0, "attribute.clubs": 0, "attribute.member": False,
        "circle_joined.circle": "", "circle_joined.seats": 0,
    }  # fmt: skip


def test_more_attributes_than_are_kept_are_left_out_and_counted() -> None:
    many = {f"a_{number}": {"type": "int", "about": "a number"} for number in range(MAX_ATTRIBUTES + 1)}
    mia = life(own(attributes=many))
    done = mia.happens(event("customer.updated", when(1), attributes=dict.fromkeys(many, 1)))

    assert len(mia.record.attributes) == MAX_ATTRIBUTES
    assert done.codes["cap_attributes"] == 1


@pytest.mark.parametrize("name", ["birthday", "order", "attribute", "profile"])
def test_a_name_that_tend_has_itself_is_refused(name: str) -> None:
    with pytest.raises(BadRulebook, match=f"tend has '{name}' itself"):
        own(events={name: {"about": "x"}})


@pytest.mark.parametrize(
    ("condition", "said"),
    [("circle_joined.seat > 1", "no fact 'circle_joined.seat'"), ("attribute.genre > 1", "does not take")],
)
def test_conditions_are_checked_against_what_is_declared(condition: str, said: str) -> None:
    with pytest.raises(BadRulebook, match=said):
        own({**JOINED, "when": condition})


def test_what_one_rulebook_declares_no_other_knows() -> None:
    own(JOINED)

    with pytest.raises(BadRulebook, match="no trigger 'circle_joined'"):
        own(JOINED, events={})
    assert not any(name.startswith("circle_joined") for name in FACTS)


def test_a_rulebook_with_declarations_is_the_same_after_its_bundle() -> None:
    first = own(JOINED)
    again = parse_rulebook(first.bundle())

    assert again.version == first.version
    assert (again.own.events, again.own.attributes) == (first.own.events, first.own.attributes)
    assert list(own_facts(again.own)) == list(own_facts(first.own))
    assert first.version != own(JOINED, events={**EVENTS, "circle_left": {"about": "left it"}}).version
