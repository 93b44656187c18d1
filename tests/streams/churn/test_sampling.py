from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.churn import LabelledExample
from schemas.times import DAY
from streams.churn import initial_state
from streams.churn.current_features import CURRENT
from streams.churn.features import SIZE
from streams.churn.learning import learn_sample
from streams.churn.packing import pack
from streams.churn.sampling import Sample

NOW = 20_000 * DAY
HORIZON, CAP = 14, 20


def lessons_of(count: int, store: str = "a") -> list[LabelledExample]:
    return [
        LabelledExample(f"{store}{i}", NOW + i * DAY // 50, HORIZON, i % 2, features(i), i % 3 == 0, 1 + i % 4)
        for i in range(count)
    ]


def features(i: int) -> bytes:
    return pack(CURRENT, -1.0, [0.1 * (i % 5)] * SIZE, (i % 7, 20.0, 30.0))


def sampled(examples: list[LabelledExample], cap: int = CAP) -> Sample:
    sample = Sample(cap)
    sample.add(examples)
    return sample


@settings(deadline=None, max_examples=25)
@given(st.permutations(lessons_of(70)), st.integers(1, 70))
def test_whatever_the_order_of_arrival_the_same_is_learned_to_the_byte(
    examples: list[LabelledExample], first: int
) -> None:
    sample = Sample(CAP)
    sample.add(examples[:first])
    sample.add(examples[first:])

    learned, expected = (learn_sample(initial_state([HORIZON]), 0, s, {}) for s in (sample, sampled(lessons_of(70))))

    assert msgspec.msgpack.encode(learned) == msgspec.msgpack.encode(expected)


def test_memory_is_bounded_however_many_examples_come() -> None:
    sample = Sample(CAP)

    most = 0
    for example in lessons_of(2_000):
        sample.add([example])
        most = max(most, sample.held)

    assert most <= 2 * CAP
    assert len(sample.of(HORIZON)) == CAP
    assert sample.came == 2_000


def test_each_horizon_has_its_own_sample() -> None:
    other = [msgspec.structs.replace(example, horizon=90) for example in lessons_of(10)]

    sample = sampled([*lessons_of(100), *other])

    assert len(sample.of(HORIZON)) == CAP
    assert [factor for _, factor in sample.of(90)] == [1.0] * 10
    assert sample.of(28) == []


def test_the_sum_of_weights_is_neither_raised_nor_lowered_on_average() -> None:
    whole = kept = 0.0
    for store in range(60):
        examples = lessons_of(100, f"s{store}-")
        whole += sum(example.weight for example in examples)
        kept += sum(example.weight * factor for example, factor in sampled(examples).of(HORIZON))

    assert kept == pytest.approx(whole, rel=0.03)


def test_below_the_cap_every_example_is_learned_as_it_is() -> None:
    drawn = sampled(lessons_of(CAP)).of(HORIZON)

    assert [factor for _, factor in drawn] == [1.0] * CAP
    assert sorted(example.customer for example, _ in drawn) == sorted(example.customer for example in lessons_of(CAP))
