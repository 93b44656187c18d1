"""Text from outside, kept short."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.texts import clipped


@settings(deadline=None)
@given(st.text(max_size=60), st.integers(0, 80))
def test_what_is_kept_fits_is_a_beginning_and_stays_as_it_is_when_kept_again(text: str, size: int) -> None:
    kept = clipped(text, size)

    assert len(kept.encode()) <= size
    assert text.startswith(kept)
    assert clipped(kept, size) == kept


def test_what_fits_is_kept_whole() -> None:
    assert clipped("Straße", 7) == "Straße"
    assert clipped("Straße", 6) == "Straß"
    assert clipped("你好", 5) == "你"
