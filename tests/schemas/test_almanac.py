"""Almanacs of older versions stay readable; newer and broken ones are refused with the way out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from schemas.almanac import VERSION, Almanac, BadAlmanac, NewerAlmanac, decode_almanac, encode_almanac
from streams.churn import initial_state


def of_version_1() -> dict[str, Any]:
    """The layout of version 1: quality as a histogram over log-odds, and the names of then."""
    plain = msgspec.msgpack.decode(encode_almanac(Almanac(VERSION, 7, 4, initial_state([28]), 100)))
    plain["version"], plain["churn"]["candidate"] = 1, None
    (horizon,) = plain["churn"]["horizons"]
    del horizon["monitoring"]
    horizon["grown"], horizon["wary_until"] = horizon.pop("warm_since"), horizon.pop("automation_paused_until")
    horizon |= {"grown": 3, "wary_until": 9, "bins": [[0.0, 0.0, 0.0]] * 62 + [[30.0, 27.0, 24.0], [10.0, 9.8, 10.0]]}
    horizon["quality"] = {
        "lessons": 40.0, "log_loss": 0.3, "base_loss": 0.4, "brier": 0.1, "rate": 0.85, "auc": 0.9,
        "calibration_error": 0.07,
    }  # fmt: skip
    return dict(plain)


def test_an_almanac_of_version_1_goes_on_with_its_weights_and_figures() -> None:
    read = decode_almanac(msgspec.msgpack.encode(of_version_1()))

    (horizon,) = read.churn.horizons
    assert (read.version, read.epoch, read.lessons) == (VERSION, 7, 100)
    assert horizon.learned == initial_state([28]).horizons[0].learned
    assert (horizon.warm_since, horizon.automation_paused_until) == (3, 9)
    assert (horizon.quality.examples, horizon.quality.auc) == (40.0, 0.9)
    kept = horizon.monitoring
    assert [(mean.weight, mean.mean) for mean in (kept.log_loss, kept.brier, kept.rate)] == [
        (40.0, 0.3), (40.0, 0.1), (40.0, 0.85),
    ]  # fmt: skip
    predicted, observed = kept.calibration[9]
    assert (predicted.weight, observed.weight) == (40.0, 40.0)
    assert (predicted.mean, observed.mean) == pytest.approx((36.8 / 40.0, 34.0 / 40.0))


def test_a_newer_almanac_is_refused_with_the_way_out() -> None:
    newer = msgspec.msgpack.encode({**of_version_1(), "version": VERSION + 1})

    with pytest.raises(NewerAlmanac, match="run the version of tend that made it, or a newer one"):
        decode_almanac(newer)


@pytest.mark.parametrize(
    "body", [b"", b"\xc1", msgspec.msgpack.encode({"version": 1}), msgspec.msgpack.encode({"version": 0})]
)
def test_what_is_no_almanac_is_refused(body: bytes) -> None:
    with pytest.raises(BadAlmanac):
        decode_almanac(body)
