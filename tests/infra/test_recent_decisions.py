"""Which decisions of a customer are kept."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from infra.store.recent_decisions import kept, mark_of

MOST = 8
entries = st.lists(st.integers(1, 12).map(lambda mark: bytes([0, mark])), max_size=60)


@given(entries)
def test_no_rule_loses_a_decision_while_another_has_more(told: list[bytes]) -> None:
    numbered = [entry + bytes([number]) for number, entry in enumerate(told)]

    found = kept(numbered, MOST)

    assert len(found) == min(len(numbered), MOST)
    assert found == sorted(found, key=lambda entry: entry[2]), "the oldest first"
    had, has = Counter(map(mark_of, numbered)), Counter(map(mark_of, found))
    lost = [mark for mark in had if has[mark] < had[mark]]
    assert all(has[mark] + 1 >= max(has.values()) for mark in lost)


@given(entries, entries)
def test_it_does_not_matter_in_how_many_commits_they_come(first: list[bytes], then: list[bytes]) -> None:
    assert kept([*kept(first, MOST), *then], MOST) == kept([*first, *then], MOST)
