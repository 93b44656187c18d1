"""What a run of the fault suite has done, as the page ``docs/faults.md``."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.faults.outcome import Outcome

_BY_HAND = "<!-- by hand from here on -->"
_PAGE = """# Faults

Written by `make test-faults-long KILLS=200`. Under each seed a replay, a shop in service, and a replay on servers of
several nodes go through what the table lists, on real Apache Kafka, a store with an append-only file, and the learner.
A kill counts only if a batch was uncommitted or messages were unpublished; each is a `kill -9`.

The replay is a week of real households with 1 % garbage, everything sent again an hour later, and all of it shuffled
between watermarks, on one to four workers. At its end records, order books, almanacs and action ids were compared with
an undisturbed run of the pure core, to the byte; a `read_committed` reader saw each action id once and each of the
garbage once in the dead letters; and the ledger told of exactly the actions that were published.

On three brokers (replication 3, at least 2 in sync) and on a Redis Cluster of three masters with a replica each, which
take turns, four days are replayed and compared in the same way, while one node at a time is lost.

In service customers complain while clocks leap as well, and topics are made anew under the workers. At its end each of
them had been answered once, and nothing was laid aside.

| what was done | times |
|---|---|
{rows}
| **kills that count** | **{kills}** |

{trials} in {minutes:.0f} minutes, {actions:,} actions: {lost} lost, {doubled} doubled, {different} differences,
{parked} times a lane parked without cause. Failed on the way: {failed}.

What kills do to naive Faust and to a loop written by hand, beside tend on the same job, is in
[machinery](machinery.md#killed-at-random).

## A broker that forgets

Found by killing Apache Kafka 4.3.0, alone, right after it had confirmed a commit: about every second time the
transaction stays open in its partitions' logs for good, and readers of committed records stand still before it. The
coordinator answers once it has noted that it will commit, and writes the markers into the partitions afterwards. If it
is killed in between and finds no leaders for them when it starts again, as a cluster of one may, it takes the
partitions for deleted ("likely deleted already and hence can be skipped", says its log) and notes that the transaction
is complete. That is a [hanging transaction][kip-664]; to abort it by hand would lose what was confirmed.

So the store drops messages only once the transaction after theirs is out, which Kafka begins when the former one has
ended everywhere. A lane that opens and finds its own position still open ends what was left, by a transaction of the
same producer taken back in the same partitions, looks which messages came through nevertheless, and publishes the
others again: each is out once. `tests/infra/test_lost_markers.py` does it with markers cut off the broker's logs.

Not covered: a worker killed in the middle of a transaction, and the lone broker in the very milliseconds in which it
takes that one back. What hangs then without its position comes to light with the lane's next message to that
partition, and is doubled.

[kip-664]: https://cwiki.apache.org/confluence/display/KAFKA/KIP-664%3A+Provide+tooling+to+detect+and+abort+hanging+transactions
"""


class Report:
    """Counts what was done, and keeps it from one run to the next where ``TEND_FAULTS_KEPT`` names a file."""

    def __init__(self) -> None:
        self._kept = Path(kept) if (kept := os.environ.get("TEND_FAULTS_KEPT")) else None
        self._state = _State()
        if self._kept is not None and self._kept.exists():
            self._state = msgspec.json.decode(self._kept.read_bytes(), type=_State)
        self._began = self._last = time.monotonic()
        minutes = float(os.environ.get("TEND_FAULTS_MINUTES") or "inf")
        self._until = self._began + minutes * 60

    @property
    def done(self) -> Mapping[str, int]:
        """What happened, by name."""
        return Counter(self._state.done)

    @property
    def kills(self) -> int:
        """Kills of workers that count."""
        return sum(times for what, times in self._state.done.items() if what.startswith("kill at"))

    def came_through(self, trials: Iterable[str]) -> bool:
        """Whether all of these did."""
        return set(trials) <= set(self._state.came_through)

    @contextmanager
    def trial(self, name: str) -> Iterator[None]:
        """A trial; it is skipped where an earlier run has come through it, or time is up. That one failed is kept."""
        if name in self._state.came_through:
            pytest.skip("an earlier run has come through it")
        if time.monotonic() > self._until:
            pytest.skip("time is up (TEND_FAULTS_MINUTES)")
        try:
            yield
        except (Exception, pytest.fail.Exception) as failure:
            self._state.failed.append(f"{name} ({type(failure).__name__})")
            self.write()
            raise

    def found(self, outcome: Outcome) -> None:
        """What came of a trial, good or bad."""
        state = self._state
        state.outcome = state.outcome + outcome

    def add(self, trial: str, done: Counter[str], actions: int) -> None:
        """One more has come through."""
        state, now = self._state, time.monotonic()
        state.came_through.append(trial)
        state.done = dict(Counter(state.done) + done)
        state.actions += actions
        state.seconds += now - self._last
        self._last = now
        self.write()

    def finish(self) -> None:
        """All that was asked for is done: the next run begins anew."""
        if self._kept is not None:
            self._kept.unlink(missing_ok=True)
            self._kept = None

    def write(self) -> None:
        """Write the page, where ``TEND_FAULTS_REPORT`` names it; and what the next run must know."""
        if self._kept is not None:
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            self._kept.write_bytes(msgspec.json.encode(self._state))
        if place := os.environ.get("TEND_FAULTS_REPORT"):
            Path(place).write_text(self._page() + _by_hand(Path(place)), encoding="utf-8")

    def _page(self) -> str:
        state = self._state
        kinds = Counter(trial.split()[0] for trial in state.came_through)
        return _PAGE.format(
            actions=state.actions,
            rows="\n".join(f"| {what} | {times} |" for what, times in sorted(state.done.items())),
            kills=self.kills,
            trials=", ".join(f"{times} {kind}" for kind, times in sorted(kinds.items())),
            minutes=state.seconds / 60,
            failed=", ".join(state.failed) or "none",
            **state.outcome._asdict(),
        )


class _State(msgspec.Struct):
    """What is kept."""

    came_through: list[str] = []
    failed: list[str] = []
    """Trials that failed, and what they ended with; also those that came through when they were tried again."""
    done: dict[str, int] = {}
    outcome: Outcome = Outcome()
    actions: int = 0
    seconds: float = 0.0


def _by_hand(page: Path) -> str:
    """What people wrote at the end of the page, which stays."""
    if not page.exists():
        return ""
    _, mark, text = page.read_text(encoding="utf-8").partition(_BY_HAND)
    return f"\n{mark}{text}" if mark else ""
