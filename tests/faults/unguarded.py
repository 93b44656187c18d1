"""Guards that are taken away one by one, each with the quick test that must fail without it.

``python -m tests.faults.unguarded`` prints as JSON what pytest's exit status was without each. What only shows itself
in a whole engine is in ``sabotage``.
"""

from __future__ import annotations

import contextlib
import io
import json
import stat
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple
from unittest import mock

import pytest

import agents.almanacs
import agents.messages.layout
import agents.replay.file
import agents.rulebooks
import agents.screen
import agents.signing
import agents.worker.lane
import agents.worker.same_broker
import infra.http
import infra.kafka.publishing.published_position
import infra.logs
import schemas.compression
import streams.ingest
import streams.pipeline
from agents.worker.leap import LeapGuard
from agents.worker.outbox_relay import OutboxRelay
from agents.worker.same_topics import SameTopics
from agents.worker.trusted_clock import TrustedClock
from infra.kafka.fetching.client_places import ClientPlaces
from infra.kafka.publishing.published_position import Position
from schemas.signing import Signing


class Guard(NamedTuple):
    """What is put in a guard's place, and the test that must turn red."""

    place: object
    name: str
    instead: Any
    red: str


def _yes(*_: object, **__: object) -> bool:
    return True


def _nothing(*_: object, **__: object) -> None:
    return None


async def _at_once(*_: object, **__: object) -> None:
    return None


def _same(text: str) -> str:
    return text


def _last(ours: Any, *_: object) -> Position:
    *_, last = ours
    return Position(infra.kafka.publishing.published_position._told(last).sequence, offset=last.offset)


async def _open_unasked(self: OutboxRelay) -> int:
    return await self._publisher.open(self.settled)


GUARDS = {
    "signature of lessons": Guard(
        Signing, "is_ours", _yes, "tests/agents/test_learner.py::test_a_lesson_that_is_not_signed_teaches_nothing"
    ),
    "signature of rulebooks": Guard(
        agents.rulebooks,
        "is_signed_rulebook",
        _yes,
        "tests/agents/test_rulebooks.py::test_a_bad_record_is_left_out_counted_and_told_and_the_others_are_in_force",
    ),
    "signature of almanacs": Guard(
        agents.almanacs,
        "verify",
        _nothing,
        "tests/agents/test_almanacs.py::test_one_that_somebody_else_signed_is_counted_and_not_used",
    ),
    "copies of positions": Guard(
        infra.kafka.publishing.published_position,
        "_without_copies",
        _last,
        "tests/infra/test_published_position.py::test_a_copy_of_an_earlier_position_counts_for_nothing",
    ),
    "length of the key": Guard(
        agents.signing, "_LEAST_KEY", 0, "tests/agents/test_signing.py::test_a_key_that_can_be_guessed_is_none"
    ),
    "ids of topics, at the start": Guard(
        agents.worker.same_broker,
        "made_anew",
        lambda known, identity: [],
        "tests/agents/worker/test_lane.py::test_a_store_of_other_offsets_is_refused",
    ),
    "ids of topics, at work": Guard(
        SameTopics,
        "require_same",
        _nothing,
        "tests/agents/worker/test_lane.py::test_a_topic_made_anew_under_a_lane_parks_it_before_it_keeps_what_it_read",
    ),
    "group of the store": Guard(
        agents.worker.same_broker,
        "_same_group",
        _nothing,
        "tests/agents/worker/test_lane_states.py::test_a_second_group_on_one_store_is_refused",
    ),
    "leap of the clock": Guard(
        TrustedClock,
        "__call__",
        lambda self: self._wall(),
        "tests/agents/worker/test_trusted_clock.py::test_a_leap_is_not_believed",
    ),
    "the store's clock": Guard(
        TrustedClock,
        "_doubt",
        _at_once,
        "tests/agents/worker/test_trusted_clock.py::test_while_the_store_says_otherwise_it_is_not_believed_however_long_it_lasts",
    ),
    "a clock weeks ahead": Guard(
        LeapGuard, "prove", _at_once, "tests/agents/worker/test_leap.py::test_else_it_must_last"
    ),
    "asking the store before sending": Guard(
        OutboxRelay,
        "_open_as_owner",
        _open_unasked,
        "tests/agents/worker/test_outbox_relay.py::test_who_opens_again_asks_the_store_before_anything_is_sent",
    ),
    "reading on after an assignment": Guard(
        ClientPlaces,
        "_resume",
        _nothing,
        "tests/infra/test_prefetcher.py::test_what_was_paused_when_the_group_shared_out_anew_is_read_on",
    ),
    "limit of connections": Guard(
        infra.http._Doorkeeper,
        "__call__",
        lambda self: self._server(),
        "tests/infra/test_http.py::test_whoever_holds_connections_open_keeps_nobody_from_asking",
    ),
    "the machine's trouble, at the door": Guard(
        streams.ingest,
        "MACHINE_TROUBLE",
        (),
        "tests/streams/test_doors.py::test_what_the_machine_lacks_is_no_events_failure",
    ),
    "the machine's trouble, in a lane": Guard(
        agents.worker.lane,
        "MACHINE_TROUBLE",
        (),
        "tests/agents/worker/test_lane.py::test_a_machine_without_descriptors_makes_a_lane_wait_and_costs_no_event",
    ),
    "size of packed records": Guard(
        schemas.compression,
        "_check_size",
        _nothing,
        "tests/infra/test_sizes.py::"
        "test_a_packed_record_that_says_it_is_long_is_refused_before_anything_is_allocated[true]",
    ),
    "length of lines": Guard(
        agents.replay.file,
        "bounded_lines",
        lambda file, name: iter(file),
        "tests/agents/test_lines.py::test_a_replay_refuses_a_line_without_end[plain]",
    ),
    "devices among rules": Guard(
        stat, "S_ISREG", _yes, "tests/rules/test_sizes.py::test_a_device_is_not_read[/dev/stdin]"
    ),
    "names in messages": Guard(
        agents.messages.layout,
        "harmless",
        _same,
        "tests/agents/messages/test_layout.py::test_no_name_turns_the_writing_around_or_hides_in_it",
    ),
    "texts on a terminal": Guard(
        agents.screen,
        "shown_lines",
        _same,
        "tests/agents/test_output.py::test_a_look_at_a_file_shows_its_columns_and_values",
    ),
}


_OPTIONS = (
    *("-q", "-x", "-n0", "-p", "no:cacheprovider"),
    # What waits for something that does not come without its guard, and what it leaves open.
    *("-o", "timeout=10", "-W", "ignore::pytest.PytestUnraisableExceptionWarning"),
)


def main() -> None:
    """Take each away in turn, and run its test."""
    found = {}
    for name, guard in GUARDS.items():
        with _silently(), mock.patch.object(guard.place, guard.name, guard.instead):
            found[name] = int(pytest.main([*_OPTIONS, guard.red]))
    json.dump(found, sys.stdout)


@contextlib.contextmanager
def _silently() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


if __name__ == "__main__":
    main()
