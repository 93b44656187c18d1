"""How much of what a lane reads is of no use, and when that is too much.

A bad record now and then goes to the dead letters. Where most of them do, the fault lies behind the records (a producer
of another version, a broken rule): going on would empty the topic into the dead letters while nobody looks.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from schemas.errors import TendError
from streams.customer_session import Failure
from streams.ingest import DeadLetter, Forward

MEMORY = 1_000
"""Records over which the share is taken; a record counts less the more came after it."""
NO_LIMIT = 1.0
_KEPT = 1 - 1 / MEMORY


class DeadLetterLimit(msgspec.Struct, frozen=True):
    """Says what share of a lane's latest records became dead letters, or that it is too much."""

    partition: int
    limit: float
    """Of the share, 0 to 1; with 1 all may pass, and nothing is counted."""

    def taken(self, share: float, aside: Sequence[DeadLetter | Forward], valid: int) -> float:
        """The share once these are put aside and so many valid records are taken in.

        All of a batch weigh the same, so the order within it does not matter.

        Raises:
            TendError: there are letters among them, and the share would be above the limit.
        """
        letters = [item for item in aside if isinstance(item, DeadLetter)]
        records = len(aside) + valid
        after = share * _KEPT**records + len(letters) * _weight(records)
        return self._checked(after, f"{letters[-1].reason}: {letters[-1].message}" if letters else "")

    def failed(self, share: float, failures: Sequence[Failure], records: int) -> float:
        """The share once some of the records counted as valid, or timers beside them, could not be handled.

        Raises:
            TendError: the share would be above the limit.
        """
        return self._checked(share + len(failures) * _weight(records), failures[-1].error if failures else "")

    def _checked(self, share: float, last: str) -> float:
        if self.limit >= NO_LIMIT:
            return 0.0  # what was let pass is not counted against what follows
        if last and share > self.limit:
            raise self._too_many(share, last)
        return share

    def _too_many(self, share: float, last: str) -> TendError:
        return TendError(
            f"Too many dead letters: {min(share, 1):.0%} of about the last {MEMORY:,} records of partition "
            f"{self.partition} cannot be handled, expected {self.limit:.0%} at most (TEND_DEAD_LETTERS_PERCENT). The "
            f"last one, {last}. It was not taken in; tend dead-letters list shows those before it. Put the producer or "
            "the rule right. To let what lies in the topic pass to the dead letters, run the worker with "
            "TEND_DEAD_LETTERS_PERCENT=100 until it has caught up; tend dead-letters redrive sends again what can be "
            "repaired."
        )


def _weight(records: int) -> float:
    """What one letter adds to the share, if it is one of so many records; without any, as a timer, it is one."""
    return (1 - _KEPT**records) / records if records else 1 / MEMORY
