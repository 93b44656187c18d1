"""A shop owner at the command line: a file in, what is said and what is written out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest

from agents.access import AccessKeys
from schemas.events import AnyEvent, decode_event
from schemas.orders import OrderPlaced, RefundPaid
from tests.shell import Said, tend

DATA = Path(__file__).parent / "data"
SECRET = "a secret of sixteen or more"
KEYS = AccessKeys.of(SECRET.encode())


@dataclass
class Result:
    """What an import said and wrote."""

    said: Said
    summary: dict[str, object] = field(default_factory=dict)
    events: list[AnyEvent] = field(default_factory=list)
    report: list[str] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)

    def of(self, *kinds: str) -> list[AnyEvent]:
        """The events of some kinds."""
        return [event for event in self.events if event.type in kinds]

    @property
    def placed(self) -> dict[str, OrderPlaced]:
        """The orders by number."""
        return {event.order_id: event for event in self.events if isinstance(event, OrderPlaced)}

    @property
    def amounts(self) -> dict[str, int]:
        """What the orders come to, by number."""
        return {number: event.amount for number, event in self.placed.items()}

    @property
    def returned(self) -> dict[str, int]:
        """What was paid back of orders that stand, by number."""
        found: dict[str, int] = {}
        for event in self.events:
            if isinstance(event, RefundPaid) and event.order_id not in self.cancelled:
                found[event.order_id] = found.get(event.order_id, 0) + event.amount
        return found

    @property
    def cancelled(self) -> set[str]:
        """Numbers of orders that were cancelled."""
        return {event.order_id for event in self.events if event.type == "order.cancelled"}


class Shop:
    """A folder with files, in which imports are run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name: str, content: str | bytes) -> Path:
        """A file of the shop."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def imports(self, source: Path | str | bytes, *options: str, command: str = "orders") -> Result:
        """Import a file, or what would stand in one."""
        path = source if isinstance(source, Path) else self.file("in.csv", source)
        out = self.folder / "out.jsonl"
        said = self.runs("import", command, str(path), "--out", str(out), "--json", *options)
        found = Result(said, orjson.loads(said.out) if said.out.startswith("{") else {})
        if out.exists():
            found.events = [decode_event(line) for line in out.read_bytes().splitlines()]
        if (report := out.with_name("out.jsonl.left-out.txt")).exists():
            found.report = report.read_text().splitlines()
        if (ids := out.with_name("out.jsonl.ids.csv")).exists():
            rows = [line.rsplit(",", 1) for line in ids.read_text().splitlines()[1:]]
            found.ids = {given.strip('"'): mapped for given, mapped in rows}
        return found

    def looks(self, path: Path, *options: str) -> Said:
        """Look at a file."""
        return self.runs("import", "look", str(path), *options)

    def runs(self, *arguments: str) -> Said:
        """Run any command of tend."""
        environment = {"TEND_ACCESS_KEY": SECRET, "TEND_DATA_DIR": str(self.folder / "data")}
        return tend(*arguments, environment=environment)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop with an empty folder."""
    return Shop(tmp_path)


FREE = ("--customer", "Customer", "--time", "Date", "--amount", "Amount", "--order", "Order")
"""Options for the columns of most made files."""
EUR = (*FREE, "--currency", "EUR")
