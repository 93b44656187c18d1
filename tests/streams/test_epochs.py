"""Event time is cut into equal pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.epochs import end_of, epoch_of


@given(st.integers(0, 1 << 50), st.integers(1, 1 << 40))
def test_every_moment_lies_in_one_epoch_and_before_its_end(moment: int, length: int) -> None:
    epoch = epoch_of(moment, length)

    assert end_of(epoch - 1, length) <= moment < end_of(epoch, length)


def test_the_end_of_an_epoch_is_the_first_moment_of_the_next() -> None:
    assert epoch_of(end_of(7, 60_000), 60_000) == 8
