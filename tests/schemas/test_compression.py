"""Small arrays packed smaller."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.compression import DECISIONS, NUMBER, BadCompression, dictionary, pack, unpack
from schemas.outcome import Decision, Reason, Verdict, compress_decision, decode_decision, encode_decision

SHIPPED = {
    ("record", 2): "c0e5138f7ee02c5654ece581f98515745257d04be68604d6924c540ec471c77e",
    ("decision", 2): "c7d8928bb70607f42d0491d0de4a41a9838137094821038a957c265569b0edd0",
    ("record", 1): "0bd8194fa3922e2159d016b65043753350f7f27f1fc12d2a99896132ff72509f",
    ("decision", 1): "a7305cf67be9eeb10e5dc37716bcc6d1f938501096a42edfdcdd9babedc08918",
}


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


@pytest.mark.parametrize(("kind", "number"), SHIPPED)
def test_a_dictionary_that_was_shipped_is_never_changed(kind: str, number: int) -> None:
    assert sha256(dictionary(kind, number)).hexdigest() == SHIPPED[kind, number]


@pytest.mark.parametrize("number", range(1, NUMBER + 1))
def test_what_was_packed_with_an_older_dictionary_is_read(number: int) -> None:
    plain = msgspec.msgpack.encode(["marketing"] * 50)
    words = zstandard.ZstdCompressionDict(dictionary("record", number))
    frame = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(
            format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=False, write_dict_id=False
        ),
        dict_data=words,
    ).compress(plain)

    assert unpack(bytes([number]) + frame) == plain


@given(st.dictionaries(st.text(), st.one_of(st.integers(), st.text()), max_size=20))
def test_whatever_json_object_is_packed_comes_back(values: dict[str, object]) -> None:
    plain = msgspec.json.encode(values)

    assert DECISIONS.unpack(DECISIONS.pack(plain)) == plain
    assert DECISIONS.unpack(plain) == plain


def test_a_decision_is_kept_in_a_fraction_of_its_bytes() -> None:
    decision = Decision(
        "d398363b1b71f1f77e47bdd35dc00a07",
        "c-1",
        "delivery_survey",
        "o-1",
        0,
        "message",
        "email",
        "marketing",
        Verdict.HELD,
        at=1_486_568_769_000,
        acting=1_486_568_769_000,
        rulebook="9f8c612e461a",
        almanac=17_203,
        trigger="survey.due",
        reason=Reason.QUIET_HOURS,
        facts={"order.id": "o-1", "order.status": "delivered"},
    )
    body = encode_decision(decision)

    assert decode_decision(body) == decode_decision(compress_decision(body)) == decision
    assert len(compress_decision(body)) < len(body) / 3


def test_bytes_of_an_unknown_dictionary_are_refused() -> None:
    with pytest.raises(BadCompression, match="dictionary 99; this program has"):
        unpack(bytes([99]) + b"anything")


def test_damaged_bytes_are_refused() -> None:
    with pytest.raises(BadCompression):
        unpack(bytes([NUMBER]) + b"\x00\x01\x02damaged")
