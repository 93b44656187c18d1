"""The store in a dictionary and the store in a server cannot be told apart, whatever they are told."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.store import MemoryStore, RedisStore
from schemas.errors import Fenced
from schemas.lane import Commit, OutboxEntry
from tests import backends

P = 0
NAMES = ("anna", "bert", "cleo", "dora", "a.b", "a:b")
AnyStore = RedisStore | MemoryStore


class Claim(msgspec.Struct, frozen=True):
    """One of two owners takes the lane over."""

    owner: int


class Write(msgspec.Struct, frozen=True):
    """One of two owners commits, at the version that it knows."""

    owner: int
    commit: Commit
    """Without its outbox."""
    bodies: list[bytes]
    """What goes into the outbox."""
    skip: int
    """How many sequences the outbox leaves out; less than none goes back."""
    behind: int
    """How far what is published lies behind what was decided; less than none is ahead of it."""


class Repeat(msgspec.Struct, frozen=True):
    """An owner that has lost the answer says its last commit again."""

    owner: int


class Load(msgspec.Struct, frozen=True):
    """Somebody loads."""

    customers: list[str]
    orders_of: list[str]
    until: int | None
    limit: int


Step = Claim | Write | Repeat | Load

owners = st.integers(0, 1)
names = st.sampled_from(NAMES)
values = st.binary(max_size=6)
moments = st.integers(0, 9)


commits = st.builds(
    Commit,
    state=values,
    records=st.dictionaries(names, values, max_size=3),
    orders=st.dictionaries(names, values, max_size=3),
    timers=st.dictionaries(names, st.none() | moments, max_size=4),
    decisions=st.dictionaries(names, st.lists(values, max_size=40), max_size=2),
)
writes = st.builds(
    Write,
    owners,
    commits,
    bodies=st.lists(values, max_size=3),
    skip=st.sampled_from((0, 0, 0, 0, 0, 0, 1, -1)),
    behind=st.integers(-2, 8),
)
loads = st.builds(
    Load, st.lists(names, max_size=4), st.lists(names, max_size=2), st.none() | moments, st.integers(0, 3)
)
steps: st.SearchStrategy[Step] = st.one_of(
    writes, writes, writes, loads, st.builds(Repeat, owners), st.builds(Claim, owners)
)
stories = st.builds(lambda first, more: [Claim(first), *more], owners, st.lists(steps, min_size=8, max_size=30))


class Owner:
    """One that works on the lane through its own port, as a process does."""

    def __init__(self, store: AnyStore) -> None:
        self.store = store
        self.version = 0
        self.sequence = 0
        self.last: tuple[int, Commit] | None = None

    async def do(self, step: Step) -> object:
        """What the store answers, or how it refuses."""
        try:
            return await self._do(step)
        except (Fenced, ValueError) as refusal:
            return type(refusal), str(refusal) if isinstance(refusal, ValueError) else ""

    async def _do(self, step: Step) -> object:
        match step:
            case Claim():
                return await self._claim()
            case Write():
                return await self._write(step)
            case Repeat():
                return await self.store.commit(P, *self.last) if self.last else None
            case Load():
                return await self.store.load(P, step.customers, step.orders_of, step.until, step.limit)

    async def _claim(self) -> object:
        claimed = await self.store.claim(P)
        self.version, self.last = claimed.version, None
        self.sequence = claimed.outbox[-1].sequence if claimed.outbox else self.sequence
        return msgspec.structs.replace(claimed, owner="")  # drawn by each store

    async def _write(self, step: Write) -> object:
        first = self.sequence + 1 + step.skip
        outbox = [OutboxEntry(first + n, "care.tickets", P, b"anna", body) for n, body in enumerate(step.bodies)]
        published = self.sequence - step.behind
        self.last = (self.version, msgspec.structs.replace(step.commit, outbox=outbox, published=published))
        self.version = await self.store.commit(P, *self.last)
        self.sequence = outbox[-1].sequence if outbox else self.sequence
        return self.version


async def told(pair: tuple[Owner, Owner], story: list[Step]) -> list[object]:
    """The answers to all steps, and everything that can be read in the end."""
    answers = [await pair[step.owner if not isinstance(step, Load) else 0].do(step) for step in story]
    store = pair[0].store
    answers.append((await store.lane(P), await store.counts(P), sorted([row async for row in store.scan(P)])))
    answers.extend([(await store.timer(P, name), await store.decisions(P, name)) for name in NAMES])
    answers.append(await pair[0].do(Claim(0)))
    return answers


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as directory, backends.any_store(Path(directory)) as url:
        yield url


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(story=stories)
def test_both_stores_answer_the_same(server: str, story: list[Step]) -> None:
    async def compare() -> None:
        memory = MemoryStore()
        async with RedisStore(server) as one, RedisStore(server) as two:
            await one.wipe()
            real = await told((Owner(one), Owner(two)), story)
        assert real == await told((Owner(memory), Owner(memory)), story)

    asyncio.run(compare())
