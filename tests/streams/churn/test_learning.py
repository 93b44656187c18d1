from __future__ import annotations

import msgspec
import pytest

from schemas.churn import ChurnState, LabelledExample, PurchaseFeatures
from schemas.errors import ConfigurationRefused
from schemas.times import DAY
from streams.churn import calibration, initial_state, remember_order, score
from streams.churn.current_features import CURRENT
from streams.churn.features import SIZE
from streams.churn.learning import learn_epoch
from streams.churn.model_view import view_of
from streams.churn.packing import pack, unpack
from streams.churn.population_stats import group_of
from streams.churn.prior import shipped, widened
from streams.churn.progressive import ProgressiveEvaluation
from streams.churn.purchase_features import last_order
from tests.streams.churn.stores import START, store


def taught(orders: int = 20) -> ProgressiveEvaluation:
    rehearsal = ProgressiveEvaluation(initial_state([14]), 14, START)
    for _ in rehearsal.run(store(orders, days=60)):
        pass
    return rehearsal


def lessons_of(count: int) -> list[LabelledExample]:
    features = pack(CURRENT, -1.0, [0.1 * (i % 5) for i in range(SIZE)], None)
    return [
        LabelledExample(f"c{i}", START + i * DAY // 100, 14, 0, features, i % 3 == 0, 1 + i % 4) for i in range(count)
    ]


def test_the_order_in_which_examples_arrive_changes_nothing() -> None:
    examples, counts = lessons_of(60), {"orders": 3, "customers": 2}

    forth = learn_epoch(initial_state([14]), 0, examples, counts)
    back = learn_epoch(initial_state([14]), 0, examples[::-1], dict(reversed(counts.items())))

    assert msgspec.msgpack.encode(forth) == msgspec.msgpack.encode(back)


def test_a_state_survives_its_encoding_to_the_bit() -> None:
    state = taught().state

    for codec in (msgspec.json, msgspec.msgpack):
        again = codec.decode(codec.encode(state), type=ChurnState)
        assert again == state
        assert learn_epoch(again, 200, lessons_of(20), {}) == learn_epoch(state, 200, lessons_of(20), {})


def test_a_state_grows_with_nothing_but_its_horizons() -> None:
    few, many = (len(msgspec.msgpack.encode(taught(n).state)) for n in (10, 40))

    assert many < 1.1 * few
    assert many < 150_000


def test_the_line_of_calibration_learns_nothing_from_a_model_that_still_corrects_itself() -> None:
    grown_at = START // DAY
    young = initial_state([14])
    young.horizons[0] = msgspec.structs.replace(young.horizons[0], warm_since=grown_at)
    features = pack(CURRENT, -3.0, [0.1] * SIZE, None)

    def line_after(days: int) -> bytes:
        pending = START + days * DAY
        examples = [LabelledExample(f"c{i}", pending, 14, 0, features, True, 1) for i in range(50)]
        learned = learn_epoch(young, grown_at + days + 14, examples, {}).horizons[0].learned
        return learned["calibration"].mean

    before = calibration.prior().packed().mean
    assert line_after(20) == before
    assert line_after(21) != before


def test_examples_of_another_version_of_the_features_teach_nothing() -> None:
    old = [msgspec.structs.replace(example, features=b"\x63" + example.features[1:]) for example in lessons_of(30)]

    assert unpack(CURRENT, old[0].features) is None
    assert learn_epoch(initial_state([14]), 0, old, {}) == learn_epoch(initial_state([14]), 0, [], {})


def test_horizons_outside_a_week_to_a_year_are_refused() -> None:
    for horizon in (6, 366):
        with pytest.raises(ValueError, match="expected 7 to 365"):
            initial_state([horizon])


def test_it_predicts_from_the_first_customer_and_says_that_it_has_seen_no_labels() -> None:
    point = next(iter(ProgressiveEvaluation(initial_state([28]), 28, START).run(store())))

    assert 0.0 < point.score.low < point.score.p < point.score.high < 1.0
    assert point.score.labels_seen == 0
    assert not point.score.trusted


def test_intervals_become_narrower_with_labels() -> None:
    points = list(ProgressiveEvaluation(initial_state([7]), 7, START).run(store(80)))

    def width(part: slice) -> float:
        return sum(p.score.high - p.score.low for p in points[part]) / len(points[part])

    assert width(slice(-100, None)) < 0.7 * width(slice(100))


def test_the_shipped_prior_fits_the_features_and_starts_with_doubts() -> None:
    state = initial_state([28], shipped())

    known = view_of(state).horizons[28]

    plain = view_of(initial_state([28])).horizons[28]
    assert (known.main.mean != plain.main.mean).any()
    assert (known.main.covariance.diagonal() <= plain.main.covariance.diagonal()).all()


def test_a_prior_of_other_features_is_refused_with_the_way_out() -> None:
    weights = shipped().weights["main"]

    with pytest.raises(ValueError, match="make it anew"):
        widened(msgspec.structs.replace(weights, mean=weights.mean[1:]), CURRENT.whole_mean, CURRENT.prior_variance)


def test_several_horizons_are_learned_at_once_and_longer_ones_are_less_likely_to_pass_in_silence() -> None:
    state = initial_state([7, 28, 180])
    point = next(iter(ProgressiveEvaluation(state, 28, START).run(store())))
    assert point.at
    rehearsal = taught()
    purchases = next(iter(rehearsal._customers.values())).purchases

    p = [score(state, purchases, last_order(purchases) + DAY, horizon).p for horizon in (7, 28, 180)]

    assert p == sorted(p, reverse=True)


def test_a_state_of_other_features_is_refused_with_the_way_out() -> None:
    state = msgspec.structs.replace(initial_state([28]), features_version=99)

    purchases = PurchaseFeatures()
    remember_order(purchases, START, 1_000)
    with pytest.raises(ConfigurationRefused, match="version 99 of the features"):
        score(state, purchases, START, 28)


def test_before_any_label_gaps_and_repeat_buying_share_the_word_and_doubt_draws_towards_even() -> None:
    state, purchases = initial_state([180]), PurchaseFeatures()
    for week in range(30):
        remember_order(purchases, START + week * 7 * DAY, 1_000)

    scored = score(state, purchases, START + 210 * DAY, 180)

    alone = [2.0 * (scored.features[CURRENT.names.index(name)] - 1.0) for name in ("repeat", "own_gaps")]
    assert abs(scored.log_odds) < abs(sum(alone) / 2.0)
    assert min(alone) < scored.log_odds


def test_hazards_of_lengths_that_nobody_has_reached_follow_the_rhythm() -> None:
    state = msgspec.structs.replace(
        initial_state([28]), tables={"exposure": 9_000.0, "orders": 400.0, "first_orders": 100.0}
    )

    known = view_of(state)

    frequent, seldom = known.beyond(group_of(60, 300.0, 30.0), 12.0), known.beyond(group_of(2, 300.0, 30.0), 12.0)
    assert frequent < seldom < 0.0
