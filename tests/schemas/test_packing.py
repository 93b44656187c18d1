"""Small arrays packed smaller."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.packing import NUMBER, BadPacking, dictionary, pack, unpack

SHIPPED = {1: "0bd8194fa3922e2159d016b65043753350f7f27f1fc12d2a99896132ff72509f"}


@settings(deadline=None)
@given(st.lists(st.one_of(st.integers(), st.binary(), st.text()), max_size=60))
def test_whatever_is_packed_comes_back(values: list[object]) -> None:
    try:
        plain = msgspec.msgpack.encode(values)
    except OverflowError:
        return
    assert unpack(pack(plain)) == plain
    assert len(pack(plain)) <= len(plain)


def test_what_repeats_itself_gets_smaller() -> None:
    plain = msgspec.msgpack.encode(["marketing"] * 50)

    assert len(pack(plain)) < len(plain) / 5


def test_what_no_compressor_can_help_is_left_alone() -> None:
    plain = msgspec.msgpack.encode([sha256(bytes([n])).digest() for n in range(20)])

    assert pack(plain) == plain


@pytest.mark.parametrize("number", SHIPPED)
def test_a_dictionary_that_was_shipped_is_never_changed(number: int) -> None:
    assert sha256(dictionary(number)).hexdigest() == SHIPPED[number]


def test_bytes_of_an_unknown_dictionary_are_refused() -> None:
    with pytest.raises(BadPacking, match="dictionary 99; this program has"):
        unpack(bytes([99]) + b"anything")


def test_damaged_bytes_are_refused() -> None:
    with pytest.raises(BadPacking):
        unpack(bytes([NUMBER]) + b"\x00\x01\x02damaged")
