"""What a run of the fault suite has done, as the page ``docs/faults.md``."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

_BY_HAND = "<!-- by hand from here on -->"
_PAGE = """# Faults

Written by `make test-faults-long`. Each seed replays a week of real households with 1 % garbage, everything sent
again an hour later, and all of it shuffled between watermarks, through real Apache Kafka, a store with an append-only
file,
one to four workers and the learner, while what the table lists is done to them. A kill counts only if a batch was
uncommitted or messages were unpublished; each is a `kill -9`.

At the end of each seed records, order books, almanacs and action ids were compared with an undisturbed run of the pure
core, to the byte; a `read_committed` reader saw each of the {actions:,} action ids once and each of the garbage once in
the dead letters; and the ledger told of exactly the actions that were published.

| what was done | times |
|---|---|
{rows}
| **kills that count** | **{kills}** |

{seeds} seeds in {minutes:.0f} minutes: 0 lost, 0 doubled, 0 differences.
Seeds that did not come to their end: {failed}.

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
    """Counts what was done."""

    def __init__(self, asked: Sequence[int]) -> None:
        self._asked = asked
        self.seeds: list[int] = []
        self.done: Counter[str] = Counter()
        self._actions = 0
        self._began = time.monotonic()

    @property
    def kills(self) -> int:
        """Kills of workers that count."""
        return sum(times for what, times in self.done.items() if what.startswith("kill at"))

    def add(self, seed: int, done: Counter[str], actions: int) -> None:
        """One more seed has come through."""
        self.seeds.append(seed)
        self.done += done
        self._actions += actions

    def write(self) -> None:
        """Write the page, where ``TEND_FAULTS_REPORT`` names it."""
        if not (place := os.environ.get("TEND_FAULTS_REPORT")):
            return
        rows = "\n".join(f"| {what} | {times} |" for what, times in sorted(self.done.items()))
        minutes = (time.monotonic() - self._began) / 60
        failed = ", ".join(str(seed) for seed in self._asked if seed not in self.seeds) or "none"
        page = _PAGE.format(
            actions=self._actions, rows=rows, kills=self.kills, seeds=len(self.seeds), minutes=minutes, failed=failed
        )
        Path(place).write_text(page + _by_hand(Path(place)), encoding="utf-8")


def _by_hand(page: Path) -> str:
    """What people wrote at the end of the page, which stays."""
    if not page.exists():
        return ""
    _, mark, text = page.read_text(encoding="utf-8").partition(_BY_HAND)
    return f"\n{mark}{text}" if mark else ""
