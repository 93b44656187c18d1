"""The runbooks, walked through on a store in service with the very commands that stand in them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from agents.bootstrap import open_tables
from schemas.topics import ORDERS
from tests.backends import delete_topics
from tests.engine.site import SharedBroker, Site
from tests.shell import Said

pytestmark = pytest.mark.timeout(400)

PAGE = (Path(__file__).parents[2] / "docs/runbooks.md").read_text()


def commands(section: str) -> list[list[str]]:
    """The words of each command of a section, without ``tend``."""
    text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    lines = [line for block in re.findall(r"```\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    return [line.split()[1:] for line in lines if line.startswith("tend ")]


class Operator:
    """Somebody who does what a runbook says."""

    def __init__(self, site: Site, backups: Path) -> None:
        self._site, self._backups = site, backups

    def walk(self, section: str, **names: str) -> list[Said]:
        """Do all commands of a section; each has to succeed."""
        return [self._do(words, names) for words in commands(section)]

    def stop_workers(self) -> None:
        for worker in self._site.installation.workers:
            worker.stop()

    def start_workers(self) -> None:
        for worker in self._site.installation.workers:
            worker.start()
        self._site.until_ready()

    def lose_the_store(self) -> None:
        async def empty() -> None:
            tables = open_tables(self._site.settings)
            await cast("Any", tables.client).flushall()
            await tables.close()

        asyncio.run(empty())

    def _do(self, words: list[str], names: dict[str, str]) -> Said:
        filled = [names.get(word, word).replace("/backup/DAY", str(self._backups / "day")) for word in words]
        said = self._site.tend(*filled)
        assert said.status == 0, f"tend {' '.join(filled)}: {said.err}"
        return said


@pytest.fixture(scope="module")
def own_site(broker_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own, as its store is lost."""
    delete_topics(broker_server)
    with Site(tmp_path_factory.mktemp("runbooks"), broker=SharedBroker(broker_server)) as running:
        running.until_ready()
        yield running


@pytest.fixture(scope="module")
def operator(own_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Operator:
    return Operator(own_site, tmp_path_factory.mktemp("backups"))


def orders(site: Site, customer: str) -> int:
    record = site.record(customer)
    return record.purchases.count if record else 0


def test_a_lost_store_is_made_anew_and_a_backup_is_brought_back(own_site: Site, operator: Operator) -> None:
    own_site.tell("order.placed", "book-1", order_id="o-1", amount=5_000, currency="EUR")
    own_site.until(lambda: orders(own_site, "book-1") == 1, "the order is known")
    actions = len(own_site.actions("book-1"))

    operator.walk("Backup")
    operator.stop_workers()
    operator.lose_the_store()
    operator.walk("Lost store")
    assert orders(own_site, "book-1") == 1

    operator.lose_the_store()
    operator.walk("Restore")
    operator.start_workers()
    own_site.tell("order.placed", "book-1", order_id="o-2", amount=5_000, currency="EUR")

    own_site.until(lambda: orders(own_site, "book-1") == 2, "it goes on where it stood")
    assert len([one for one in own_site.actions("book-1") if one.get("order_id") != "o-2"]) >= actions


def test_poison_is_looked_at_put_right_and_sent_again(own_site: Site, operator: Operator) -> None:
    fine = own_site.event("order.placed", "book-2", order_id="o-3", amount=5_000, currency="EUR")
    own_site.put(ORDERS, fine, "book-2", partition=own_site.partition("book-2"))
    own_site.put(ORDERS, b"{no json", "book-3")
    (letter,) = own_site.until(lambda: own_site.letters("book-3"), "it is put aside")

    listed, shown = commands("Poison")[:2]
    assert letter.name in own_site.tend(*listed).out
    assert letter.reason in own_site.tend(*(letter.name if word == "LETTER" else word for word in shown)).out
    refused = own_site.tend(*(letter.name if word == "LETTER" else word for word in commands("Poison")[2]))
    assert refused.status == 2
    assert "still no valid event" in refused.err


def test_the_topics_are_checked_as_every_runbook_asks(operator: Operator) -> None:
    assert operator.walk("Lag")
