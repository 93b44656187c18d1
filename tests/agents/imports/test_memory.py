"""An import needs the same memory at any size, measured in a process of its own."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from agents.catalogue import topic_specs
from infra.kafka.connection import KafkaConnection
from infra.kafka.topics import Topics
from infra.settings import load_settings
from schemas.topics import ORDERS

LINES = int(os.environ.get("TEND_IMPORT_LINES", "1_000_000"))
ROWS = (LINES // 10, LINES)
"""``TEND_IMPORT_LINES=5_000_000`` is what docs/imports.md tells of."""

# The command as it is installed, with what it imports. Its peak is that of its own memory (VmHWM): what getrusage tells
# begins with what the process had that started it.
COMMAND = """
import sys
from agents.cli import application
try:
    application(sys.argv[1])(sys.argv[1:], standalone_mode=False)
finally:
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    print(int(status["VmHWM"].split()[0]) // 1024, file=sys.stderr)
"""


def written(path: Path, rows: int) -> Path:
    """Order lines as another system might write them: own names, own dates, lines of an order apart, some broken."""
    dice = random.Random(rows)
    with path.open("w", encoding="utf-8") as file:
        file.write("Belegnr;Kundennr;Datum;Artikel;Menge;Betrag;Warengruppe\n")
        for first in range(0, rows, 5_000):
            lines = [_row(dice, first + n) for n in range(min(5_000, rows - first))]
            dice.shuffle(lines)
            file.writelines(lines)
        file.write("kaputt\nB1;K1;gestern;A;1;1,00;G\nB2;K2;01.01.2024;A;1;viel;G\n")
    return path


def _row(dice: random.Random, number: int) -> str:
    order = number // 4
    day = f"{order % 28 + 1:02d}.{order // 28 % 12 + 1:02d}.{2021 + order % 4} {order % 24:02d}:{number % 60:02d}"
    return f"B{order};K{order % 50_000};{day};A-{dice.randrange(5_000)};1;1.{order % 900 + 100},{number % 100:02d};G\n"


def command(*arguments: str) -> tuple[dict[str, int], int]:
    """What a command of tend says, and its peak of resident memory in MiB."""
    line = [sys.executable, "-c", COMMAND, *arguments, "--json"]
    done = subprocess.run(line, check=True, capture_output=True, text=True)
    return orjson.loads(done.stdout), int(done.stderr.splitlines()[-1])


def imported(path: Path, out: Path) -> tuple[dict[str, int], int]:
    """An import in the words of such a file."""
    columns = ["--customer", "Kundennr", "--time", "Datum", "--amount", "Betrag", "--order", "Belegnr"]
    columns += ["--item", "Artikel", "--quantity", "Menge", "--category", "Warengruppe"]
    how = ["--currency", "EUR", "--decimal", ",", "--tz", "Europe/Berlin", "--out", str(out)]
    return command("import", "orders", str(path), *columns, *how)


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_ten_times_as_many_lines_need_the_same_memory(tmp_path: Path) -> None:
    peaks = []
    for rows in ROWS:
        path = written(tmp_path / f"{rows}.csv", rows)
        found, peak = imported(path, tmp_path / f"{rows}.jsonl")
        path.unlink()

        # Two orders have a row that cannot be read, and are left out whole.
        assert (found["rows"], found["orders"], found["unreadable"]) == (rows + 3, rows // 4 - 2, 11)
        peaks.append(peak)

    assert max(peaks) <= 300, peaks
    assert abs(peaks[1] - peaks[0]) <= 0.1 * peaks[0], peaks


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_history_of_another_system_is_imported_and_replayed_without_a_line_of_code(
    broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEND_BROKERS", broker)
    topics = Topics(KafkaConnection.of(load_settings()))
    topics.create(topic_specs(load_settings()))
    out = tmp_path / "history.jsonl.gz"

    imported(written(tmp_path / "history.csv", ROWS[0]), out)
    replayed, peak = command("replay", "--events", str(out), "--act-from", "end")

    assert (
        replayed["events"] == replayed["records_sent"] == sum(topics.end_offsets([ORDERS])[ORDERS]) == ROWS[0] // 4 - 2
    )
    assert peak <= 300
