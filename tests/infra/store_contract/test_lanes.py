"""What lanes and people may rely on."""

from __future__ import annotations

import time

import pytest

from infra.store import (
    MAX_BYTES,
    MAX_DECISIONS,
    MAX_RECORDS,
    LaneCounts,
    Store,
)
from schemas.errors import Fenced
from schemas.lane import Commit, OutboxEntry
from schemas.times import SECOND
from tests.infra.store_contract.lane import P, contents, entries

# ---------------------------------------------------------------- load and commit


async def test_nobody_is_known_at_first(store: Store) -> None:
    loaded = await store.load(P, ["anna"], ["anna"], due_until=1, due_limit=10)

    assert (loaded.records, loaded.orders, loaded.due) == ({}, {}, [])
    assert await store.lane(P) is None
    assert await store.customer(P, "anna") == (None, None)
    assert await store.timer(P, "anna") is None
    assert await store.decisions(P, "anna") == []
    assert await store.counts(P) == LaneCounts(0, 0, 0, 0)


async def test_what_is_committed_is_loaded(store: Store) -> None:
    claimed = await store.claim(P)
    binary = bytes(range(256))

    version = await store.commit(
        P, claimed.version, Commit(b"s1", records={"anna": binary, "bert": b"B"}, orders={"anna": b"book"})
    )

    assert version == claimed.version + 1
    assert await store.lane(P) == (version, b"s1")
    loaded = await store.load(P, ["anna", "bert", "cleo"], ["anna", "bert"])
    assert loaded.records == {"anna": binary, "bert": b"B"}
    assert loaded.orders == {"anna": b"book"}
    assert await store.customer(P, "anna") == (binary, b"book")


async def test_order_books_come_only_for_those_asked_or_due(store: Store) -> None:
    claimed = await store.claim(P)
    books = {"anna": b"a", "bert": b"b", "cleo": b"c"}
    await store.commit(P, claimed.version, Commit(b"s", records=dict(books), orders=books, timers={"cleo": 5}))

    assert (await store.load(P, ["anna", "bert"], ["bert"])).orders == {"bert": b"b"}
    loaded = await store.load(P, ["anna"], due_until=5, due_limit=1)
    assert loaded.orders == {"cleo": b"c"}
    assert loaded.records == {"anna": b"a", "cleo": b"c"}


async def test_an_empty_order_book_is_removed(store: Store) -> None:
    claimed = await store.claim(P)
    version = await store.commit(P, claimed.version, Commit(b"s", records={"anna": b"a"}, orders={"anna": b"book"}))

    await store.commit(P, version, Commit(b"s", orders={"anna": b""}))

    assert await store.customer(P, "anna") == (b"a", None)
    assert (await store.counts(P)).order_books == 0


async def test_an_empty_record_forgets_the_customer(store: Store) -> None:
    claimed = await store.claim(P)
    everything = Commit(
        b"s",
        records={"anna": b"a", "bert": b"b"},
        orders={"anna": b"x", "bert": b"y"},
        timers={"anna": 1, "bert": 2},
        decisions={"anna": [b"d"] * 40, "bert": [b"e"]},
    )
    version = await store.commit(P, claimed.version, everything)

    await store.commit(P, version, Commit(b"s", records={"anna": b""}))

    assert await store.customer(P, "anna") == (None, None)
    assert await store.timer(P, "anna") is None
    assert await store.decisions(P, "anna") == []
    assert await store.customer(P, "bert") == (b"b", b"y")
    assert await store.decisions(P, "bert") == [b"e"]
    assert await store.counts(P) == LaneCounts(1, 1, 1, 0)


async def test_lanes_do_not_see_each_other(store: Store) -> None:
    claimed = await store.claim(P)
    await store.commit(P, claimed.version, Commit(b"s", records={"anna": b"a"}, timers={"anna": 1}))

    other = await store.claim(P + 1)

    assert (other.version, other.state) == (1, None)
    assert (await store.load(P + 1, ["anna"], due_until=9, due_limit=9)).records == {}


# ---------------------------------------------------------------- timers


async def test_due_timers_come_by_moment_then_customer(store: Store) -> None:
    claimed = await store.claim(P)
    now = 1_767_225_600_000
    timers = {"b": now, "a10": now, "a2": now, "z": now - 1, "later": now + 1}
    await store.commit(P, claimed.version, Commit(b"s", timers=dict(timers)))

    loaded = await store.load(P, [], due_until=now, due_limit=10)

    assert loaded.due == [(now - 1, "z"), (now, "a10"), (now, "a2"), (now, "b")]


async def test_no_more_timers_than_the_limit_come_at_once(store: Store) -> None:
    claimed = await store.claim(P)
    await store.commit(P, claimed.version, Commit(b"s", timers={f"c{n:03}": 1_000 + n for n in range(50)}))

    assert [at for at, _ in (await store.load(P, [], due_until=2_000, due_limit=3)).due] == [1_000, 1_001, 1_002]
    assert (await store.load(P, [], due_until=2_000, due_limit=0)).due == []
    assert (await store.load(P, [], due_until=None, due_limit=10)).due == []


async def test_a_timer_is_moved_and_taken_off(store: Store) -> None:
    claimed = await store.claim(P)
    version = await store.commit(P, claimed.version, Commit(b"s", timers={"anna": 5, "bert": 6}))

    await store.commit(P, version, Commit(b"s", timers={"anna": 7, "bert": None, "nobody": None}))

    assert (await store.load(P, [], due_until=9, due_limit=9)).due == [(7, "anna")]
    assert await store.timer(P, "anna") == 7
    assert await store.timer(P, "bert") is None


# ---------------------------------------------------------------- fencing


async def test_a_claim_raises_the_version_and_finds_the_state(store: Store) -> None:
    first = await store.claim(P)
    version = await store.commit(P, first.version, Commit(b"state", outbox=entries(1, 2)))

    second = await store.claim(P)

    assert (first.version, first.state, first.outbox) == (1, None, [])
    assert second.version == version + 1
    assert second.state == b"state"
    assert second.outbox == list(entries(1, 2))


async def test_a_zombie_writes_nothing(store: Store) -> None:
    zombie = await store.claim(P)
    owner = await store.claim(P)
    await store.commit(P, owner.version, Commit(b"mine", records={"anna": b"a"}, outbox=entries(1)))
    before = await contents(store)

    with pytest.raises(Fenced, match=f"lane {P}"):
        await store.commit(
            P,
            zombie.version,
            Commit(b"theirs", {"anna": b"z"}, {"anna": b"z"}, {"anna": 1}, {"anna": [b"z"]}, entries(2), published=9),
        )

    assert await contents(store) == before


async def test_who_claimed_last_is_the_owner(store: Store) -> None:
    assert await store.owner(P) is None
    first = await store.claim(P)
    assert await store.owner(P) == first.owner
    await store.commit(P, first.version, Commit(b"state"))
    assert await store.owner(P) == first.owner

    second = await store.claim(P)

    assert await store.owner(P) == second.owner != first.owner


async def test_nobody_commits_to_a_lane_that_was_never_claimed(store: Store) -> None:
    with pytest.raises(Fenced):
        await store.commit(P, 0, Commit(b"s"))


async def test_a_commit_whose_answer_was_lost_is_not_done_twice(store: Store) -> None:
    claimed = await store.claim(P)
    batch = Commit(b"s", {"anna": b"a"}, decisions={"anna": [b"d"]}, outbox=entries(1, 2))
    version = await store.commit(P, claimed.version, batch)
    before = await contents(store)

    again = await store.commit(P, claimed.version, batch)

    assert again == version
    assert await contents(store) == before


async def test_another_commit_at_the_version_of_a_done_one_is_fenced(store: Store) -> None:
    claimed = await store.claim(P)
    await store.commit(P, claimed.version, Commit(b"s", {"anna": b"a"}))

    with pytest.raises(Fenced):
        await store.commit(P, claimed.version, Commit(b"s", {"anna": b"b"}))


async def test_a_repeated_commit_is_fenced_once_somebody_else_has_claimed(store: Store) -> None:
    claimed = await store.claim(P)
    batch = Commit(b"s", {"anna": b"a"})
    await store.commit(P, claimed.version, batch)
    await store.claim(P)

    with pytest.raises(Fenced):
        await store.commit(P, claimed.version, batch)


# ---------------------------------------------------------------- outbox


async def test_the_outbox_is_trimmed_by_sequence_and_never_past_its_end(store: Store) -> None:
    claimed = await store.claim(P)
    version = await store.commit(P, claimed.version, Commit(b"s", outbox=entries(1, 2, 3)))
    version = await store.commit(P, version, Commit(b"s", outbox=entries(4), published=2))
    assert (await store.counts(P)).outbox == 2

    version = await store.commit(P, version, Commit(b"s", published=1))
    assert (await store.counts(P)).outbox == 2

    version = await store.commit(P, version, Commit(b"s", published=99))
    assert (await store.counts(P)).outbox == 0
    await store.commit(P, version, Commit(b"s", outbox=entries(5, 6), published=4))
    assert (await store.claim(P)).outbox == list(entries(5, 6))


async def test_an_outbox_with_a_gap_is_refused_and_nothing_written(store: Store) -> None:
    claimed = await store.claim(P)
    version = await store.commit(P, claimed.version, Commit(b"s", outbox=entries(1, 2)))
    before = await contents(store)

    for wrong in (entries(4), entries(2), entries(2, 3)):
        with pytest.raises(ValueError, match="expected 3"):
            await store.commit(P, version, Commit(b"t", {"anna": b"a"}, outbox=wrong))
    with pytest.raises(ValueError, match="sequence 5 follows 3"):
        await store.commit(P, version, Commit(b"t", outbox=entries(3, 5)))

    assert await contents(store) == before


async def test_an_empty_outbox_may_go_on_further_ahead_but_not_back(store: Store) -> None:
    claimed = await store.claim(P)
    version = await store.commit(P, claimed.version, Commit(b"s", outbox=entries(1, 2)))

    version = await store.commit(P, version, Commit(b"s", outbox=entries(9), published=8))
    version = await store.commit(P, version, Commit(b"s", outbox=entries(10), published=9))

    with pytest.raises(ValueError, match="expected 11"):
        await store.commit(P, version, Commit(b"s", outbox=entries(10), published=10))
    assert (await store.claim(P)).outbox == list(entries(10))


# ---------------------------------------------------------------- bounds


async def test_a_commit_of_too_many_records_is_refused_before_it_is_sent(store: Store) -> None:
    claimed = await store.claim(P)
    full = {f"c{n}": b"r" for n in range(MAX_RECORDS)}

    with pytest.raises(ValueError, match=f"at most {MAX_RECORDS}"):
        await store.commit(P, claimed.version, Commit(b"s", records={**full, "one more": b"r"}))

    assert await store.commit(P, claimed.version, Commit(b"s", records=full)) == claimed.version + 1
    assert (await store.counts(P)).customers == MAX_RECORDS


async def test_a_commit_of_too_many_bytes_is_refused_before_it_is_sent(store: Store) -> None:
    claimed = await store.claim(P)
    big = bytes(MAX_BYTES)

    for commit in (
        Commit(big + b"s"),
        Commit(b"s", records={"anna": big}),
        Commit(b"s", orders={"anna": big}),
        Commit(b"s", decisions={"anna": [big]}),
        Commit(b"s", outbox=(OutboxEntry(1, "care.messages", P, b"anna", big),)),
    ):
        with pytest.raises(ValueError, match=f"at most {MAX_BYTES}"):
            await store.commit(P, claimed.version, commit)

    assert (await store.lane(P)) == (claimed.version, None)


async def test_a_full_commit_of_many_small_things_is_taken(store: Store) -> None:
    claimed = await store.claim(P)
    names = [f"customer-{n:05}" for n in range(9_000)]
    half = MAX_RECORDS // 2

    version = await store.commit(
        P,
        claimed.version,
        Commit(
            b"s",
            records={name: bytes(100) for name in names[:MAX_RECORDS]},
            orders={name: bytes(10) for name in names[:MAX_RECORDS]},
            timers={name: n for n, name in enumerate(names)},
            decisions={name: [b"d"] * 10 for name in names[:MAX_RECORDS]},
            outbox=tuple(OutboxEntry(n, "t", P, b"", b"") for n in range(1, 9_001)),
        ),
    )

    assert await store.counts(P) == LaneCounts(MAX_RECORDS, MAX_RECORDS, 9_000, 9_000)
    forget = dict.fromkeys(names[:half], b"")
    await store.commit(P, version, Commit(b"s", records=forget, timers=dict.fromkeys(names), published=9_000))
    assert await store.counts(P) == LaneCounts(half, half, 0, 0)


async def test_a_load_of_too_many_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="at most"):
        await store.load(P, [f"c{n}" for n in range(5_001)])
    with pytest.raises(ValueError, match="timers"):
        await store.load(P, [], due_until=1, due_limit=5_001)


async def test_a_full_load_comes_back_whole(store: Store) -> None:
    claimed = await store.claim(P)
    names = [f"c{n:04}" for n in range(5_000)]
    version = claimed.version
    for start in range(0, 5_000, MAX_RECORDS):
        part = names[start : start + MAX_RECORDS]
        version = await store.commit(P, version, Commit(b"s", records=dict.fromkeys(part, b"r")))
    await store.commit(P, version, Commit(b"s", timers=dict.fromkeys(names, 1)))

    loaded = await store.load(P, names, names, due_until=1, due_limit=5_000)

    assert len(loaded.records) == len(loaded.due) == 5_000


# ---------------------------------------------------------------- people


async def test_recent_decisions_are_bounded_and_the_newest_come_first(store: Store) -> None:
    version = (await store.claim(P)).version
    for n in range(0, 3 * MAX_DECISIONS, 3):
        three = [b"%d" % (n + i) for i in range(3)]
        version = await store.commit(P, version, Commit(b"s", decisions={"anna": three, "bert": [three[0]]}))

    newest = [b"%d" % n for n in range(3 * MAX_DECISIONS - 1, 2 * MAX_DECISIONS - 1, -1)]
    assert await store.decisions(P, "anna") == newest
    assert len(await store.decisions(P, "bert")) == MAX_DECISIONS

    many = [b"x%d" % n for n in range(100)]
    await store.commit(P, version, Commit(b"s", decisions={"anna": many, "cleo": [b"only"]}))
    assert await store.decisions(P, "anna") == many[: -MAX_DECISIONS - 1 : -1]
    assert await store.decisions(P, "cleo") == [b"only"]


async def test_a_rule_that_decides_often_pushes_out_its_own_decisions_alone(store: Store) -> None:
    version = (await store.claim(P)).version
    seldom, other, often = b"\0\1", b"\0\2", b"\0\3"
    version = await store.commit(P, version, Commit(b"s", decisions={"anna": [seldom + b"a", other + b"b"]}))
    for n in range(0, 2 * MAX_DECISIONS, 4):
        some = {"anna": [often + b"%d" % (n + i) for i in range(4)]}
        version = await store.commit(P, version, Commit(b"s", decisions=some))
    await store.commit(P, version, Commit(b"s", decisions={"anna": [seldom + b"c"]}))

    known = await store.decisions(P, "anna")
    assert len(known) == MAX_DECISIONS
    assert [one[2:] for one in known if one[:2] != often] == [b"c", b"b", b"a"]
    assert known[1] == often + b"%d" % (2 * MAX_DECISIONS - 1)


async def test_a_scan_brings_each_customer_once(store: Store) -> None:
    version = (await store.claim(P)).version
    expected = []
    for start in range(0, 2_000, MAX_RECORDS):
        names = [f"c{n}" for n in range(start, start + MAX_RECORDS)]
        records = {name: name.encode() for name in names}
        orders = dict.fromkeys(names[::2], b"book")
        version = await store.commit(P, version, Commit(b"s", records, orders))
        expected += [(name, records[name], orders.get(name)) for name in names]

    found = [row async for row in store.scan(P)]

    assert sorted(found) == sorted(expected)


async def test_customers_are_found_by_how_their_ids_begin_whatever_signs_they_have(store: Store) -> None:
    names = ["a*", "a*b", "ab", "a?c", "a[d]", "b", r"a\\e"]
    await store.commit(P, (await store.claim(P)).version, Commit(b"s", dict.fromkeys(names, b"r")))

    assert await store.beginning_with(P, "a*", 9) == ["a*", "a*b"]
    assert await store.beginning_with(P, "a[", 9) == ["a[d]"]
    assert await store.beginning_with(P, "a\\", 9) == [r"a\\e"]
    assert await store.beginning_with(P, "c", 9) == []
    assert len(await store.beginning_with(P, "", 3)) == 3


async def test_wiping_leaves_a_lane_that_begins_anew(store: Store) -> None:
    claimed = await store.claim(P)
    await store.commit(P, claimed.version, Commit(b"s", {"anna": b"a"}, timers={"anna": 1}, outbox=entries(1)))

    await store.wipe()

    assert await store.lane(P) is None
    assert await store.counts(P) == LaneCounts(0, 0, 0, 0)
    with pytest.raises(Fenced):
        await store.commit(P, claimed.version + 1, Commit(b"s"))
    assert (await store.claim(P)).version == 1


async def test_the_store_tells_what_its_clock_says(store: Store) -> None:
    before = time.time_ns() // 1_000_000

    told = await store.time()

    assert before - SECOND <= told <= time.time_ns() // 1_000_000 + SECOND
