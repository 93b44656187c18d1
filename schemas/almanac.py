"""What customers have in common, and what lanes contribute to it."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

import msgspec

from schemas.churn import ChurnState, LabelledExample

VERSION = 2
NONE_YET = -2
"""The epoch of the almanac in force before the first one."""


class Contribution(msgspec.Struct, array_like=True, frozen=True):
    """What one batch of one lane tells the learner. ``sequence`` is its place in the lane's outbox."""

    partition: int
    sequence: int
    epoch: int
    first: int
    """The lane's first epoch: the learner does not wait for it before."""
    lessons: list[LabelledExample] = []
    counts: dict[str, int] = {}
    done: bool = False
    """True: nothing more of this epoch will come from this lane."""


class Almanac(msgspec.Struct):
    """The state of common knowledge after ``epoch``; a function of the log alone, the same to the byte in each run."""

    version: int
    epoch: int
    partitions: int
    churn: ChurnState
    lessons: int = 0
    """Lessons received so far."""


class BadAlmanac(ValueError):
    """An almanac whose signature does not fit, or that cannot be read."""


class NewerAlmanac(BadAlmanac):
    """An almanac that a newer tend has made."""


class _Head(msgspec.Struct):
    version: int


def _running_metrics(plain: dict[str, Any]) -> dict[str, Any]:
    """Version 2: quality from running means and a window of outcomes, instead of a histogram over log-odds.

    The AUC stays until there are new outcomes, as a histogram does not tell single ones; the rest goes on. A model in
    the shadow is left out: there was never a second version of the features.
    """
    churn = plain["churn"]
    churn.pop("candidate", None)
    for horizon in churn["horizons"]:
        bins, quality = horizon.pop("bins"), horizon["quality"]
        weight = quality["examples"] = quality.pop("lessons")
        horizon["warm_since"], horizon["automation_paused_until"] = (
            horizon.pop("grown"),
            horizon.pop("wary_until"),
        )
        kept = {name: (weight, quality[name]) for name in ("log_loss", "brier", "rate")}
        horizon["monitoring"] = {**kept, "calibration": _tenths(bins)}
    return {**plain, "version": 2}


def _tenths(bins: list[list[float]]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Per tenth of probability, weight and mean of what was predicted and of what was observed."""
    sums = [[0.0, 0.0, 0.0] for _ in range(10)]
    for weight, predicted, churned in bins:
        if weight > 0.0:
            tenth = sums[min(int(predicted / weight * 10), 9)]
            for i, value in enumerate((weight, predicted, churned)):
                tenth[i] += value
    return [((w, p / w), (w, y / w)) if w else ((0.0, 0.0), (0.0, 0.0)) for w, p, y in sums]


STEPS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _running_metrics}
"""From the plain layout of one version of the almanac to that of the next."""


def encode_almanac(almanac: Almanac) -> bytes:
    """The almanac as MessagePack with sorted keys."""
    return msgspec.msgpack.encode(almanac, order="deterministic")


def decode_almanac(body: bytes) -> Almanac:
    """The almanac in a body of this or an older version.

    Raises:
        BadAlmanac: it cannot be read, or has a version that nothing leads on from.
        NewerAlmanac: it has a newer version.
    """
    try:
        found = msgspec.msgpack.decode(body, type=_Head).version
        if found == VERSION:
            return msgspec.msgpack.decode(body, type=Almanac)
        return msgspec.convert(_upgraded(msgspec.msgpack.decode(body), found), Almanac)
    except BadAlmanac:
        raise
    except (msgspec.MsgspecError, LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise BadAlmanac(f"not an almanac: {type(error).__name__}: {error}") from None


def _upgraded(plain: dict[str, Any], found: int) -> dict[str, Any]:
    if found > VERSION:
        raise NewerAlmanac(
            f"almanac of version {found}; this program reads up to version {VERSION}: "
            "run the version of tend that made it, or a newer one"
        )
    while plain["version"] != VERSION:
        step = STEPS.get(plain["version"])
        if step is None:
            raise BadAlmanac(f"almanac of version {plain['version']} cannot be brought to version {VERSION}")
        plain = step(plain)
    return plain


def sign_rulebook(bundle: bytes, key: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104) over a published rulebook; no signature of an almanac is one of a rulebook."""
    return hmac.new(key, b"tend.rulebook\0" + bundle, sha256).digest()


def is_signed_rulebook(bundle: bytes, key: bytes, signature: bytes) -> bool:
    """Whether the signature was made with this key over this rulebook; in constant time."""
    return hmac.compare_digest(sign_rulebook(bundle, key), signature)


def sign(body: bytes, resume: int, key: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104) over the body and the learner's position."""
    return hmac.new(key, resume.to_bytes(8, "big") + body, sha256).digest()


def verify(body: bytes, resume: int, key: bytes, signature: bytes) -> None:
    """Check a signature in constant time.

    Raises:
        BadAlmanac: the signature was not made with this key over this body and position.
    """
    if not hmac.compare_digest(sign(body, resume, key), signature):
        raise BadAlmanac("signature does not fit; the writer must use the same TEND_ALMANAC_KEY as this reader")


def encode_contribution(contribution: Contribution) -> bytes:
    """The contribution as MessagePack."""
    return msgspec.msgpack.encode(contribution)


def decode_contribution(body: bytes) -> Contribution:
    """The contribution in a body.

    Raises:
        msgspec.DecodeError: the body is none.
    """
    return msgspec.msgpack.decode(body, type=Contribution)
