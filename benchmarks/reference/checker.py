"""What must come out: each event applied once, the numbers of each customer, each action once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from benchmarks.reference.job import Job, State, decode_event, decode_state
from benchmarks.reference.load import Message


class Expected(msgspec.Struct):
    """The result of the pure job."""

    events: int
    """Without duplicates."""
    states: dict[str, State]
    actions: set[str]


class Found(msgspec.Struct, frozen=True):
    """How a run differs from what must come out."""

    lost: int
    """Actions that never went out."""
    doubled: int
    """Actions that went out again."""
    strange: int
    """Actions that nobody expected."""
    wrong: int
    """Customers whose numbers differ, or who are missing."""
    unapplied: int
    """Events missing from the sum of those applied; negative: applied again."""

    @property
    def clean(self) -> bool:
        """Everything as it must be."""
        return not (self.lost or self.doubled or self.strange or self.wrong or self.unapplied)

    def __str__(self) -> str:
        return (
            "all right"
            if self.clean
            else ", ".join(f"{n} {name}" for name, n in msgspec.structs.asdict(self).items() if n)
        )


def expect(load: Iterable[Message]) -> Expected:
    """Run the pure job over the load."""
    job, states, actions = Job(), dict[str, State](), set[str]()
    for message in load:
        event = decode_event(message.value)
        state = states.setdefault(event.customer, State())
        actions.update(action.id for action in job.apply(state, event))
    return Expected(sum(state.seen for state in states.values()), states, actions)


def check(expected: Expected, stored: Mapping[str, bytes], sent: Iterable[str]) -> Found:
    """Compare what a run left in its store and on the outbound topic."""
    out = Counter(sent)
    states = {customer: decode_state(body) for customer, body in stored.items()}
    wrong = sum(
        customer not in states or comparable(states[customer]) != comparable(state)
        for customer, state in expected.states.items()
    )
    return Found(
        lost=len(expected.actions - set(out)),
        doubled=sum(times - 1 for times in out.values()),
        strange=len(set(out) - expected.actions),
        wrong=wrong + len(set(states) - set(expected.states)),
        unapplied=expected.events - sum(state.seen for state in states.values()),
    )


def comparable(state: State) -> State:
    """Without what depends on the order in which topics were read."""
    return msgspec.structs.replace(state, score=0.0, ring=[])
