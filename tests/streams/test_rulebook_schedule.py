"""Which rulebook is in force at a moment."""

from __future__ import annotations

from copy import copy

from rules.rulebook import Rulebook
from streams.rulebook_schedule import RulebookSchedule
from tests.builders import listening


def book(version: str) -> Rulebook:
    made = copy(listening())
    made.version = version
    return made


def test_before_the_first_moment_the_first_one_is_in_force() -> None:
    assert RulebookSchedule(book("a"), since=100).at(5)[:2] == ("a", 100)


def test_each_is_in_force_from_its_very_moment_on() -> None:
    library = RulebookSchedule(book("a"))
    library.add(book("b"), 100)

    assert [library.at(moment)[0] for moment in (0, 99, 100, 101)] == ["a", "a", "b", "b"]


def test_they_may_become_known_in_any_order() -> None:
    library = RulebookSchedule(book("a"))
    library.add(book("c"), 200)
    library.add(book("b"), 100)

    assert [library.at(moment)[0] for moment in (50, 150, 250)] == ["a", "b", "c"]


def test_an_older_one_can_come_back() -> None:
    library = RulebookSchedule(book("a"))
    library.add(book("b"), 100)
    library.add(book("a"), 200)

    assert [library.at(moment)[0] for moment in (0, 100, 200)] == ["a", "b", "a"]


def test_adding_one_again_changes_nothing() -> None:
    library = RulebookSchedule(book("a"))
    library.add(book("b"), 100)
    library.add(book("b"), 100)

    assert library.next_change(100) > 1 << 60


def test_the_next_change_is_later_than_the_moment_asked_from() -> None:
    library = RulebookSchedule(book("a"))
    library.add(book("b"), 100)

    assert library.next_change(99) == 100
    assert library.next_change(100) > 1 << 60


def test_of_two_for_one_moment_the_one_published_later_counts() -> None:
    for versions in (["b", "c"], ["c", "b"], ["b", "c", "b"]):
        library = RulebookSchedule(book("a"))
        for version in versions:
            library.add(book(version), 100)

        assert library.at(100)[0] == versions[-1]
