"""A shop's export, from the file to a customer's page, in six public formats: ``python -m benchmarks.first_look``.

Each format is tried as a newcomer would: ``tend import look FILE``, ``tend demo --orders FILE`` on a terminal of its
own, every command that it prints pasted into a shell, and the customer it names looked up in the console. Consent is
assumed, as none of these exports holds it. Told is the time from the demo's start until its summary, with what came
out; ``--write`` puts the table into docs/imports.md.
"""

from __future__ import annotations

import argparse
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx

from benchmarks.exports import EXPORTS
from benchmarks.imports import MORE
from benchmarks.page import put

PAGE: Final = Path(__file__).parents[1] / "docs" / "imports.md"
TEND: Final = Path(sys.executable).with_name("tend")
_STAYS: Final = "Stays until Ctrl-C"
_PATIENCE_SECONDS: Final = 1800
_CODES: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
_COLUMNS: Final = {
    "rows": r"([\d,]+) rows",
    "events": r"([\d,]+) events in [\d.,]+ s",
    "customers": r"([\d,]+) customers; record",
    "bytes": r"customers; record ([\d,]+) bytes",
    "dead letters": r"Dead letters: (.+)",
}


class Terminal:
    """A program on a terminal of its own, and what it has printed."""

    def __init__(self, command: list[str], folder: Path) -> None:
        ours, theirs = pty.openpty()
        self._ours = ours
        self._printed = bytearray()
        environment = {**os.environ, "COLUMNS": "200", "LINES": "60"}
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=environment, start_new_session=True
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._ours, 65536)
            except OSError:  # nobody holds the other end any more
                return
            self._printed += part

    @property
    def text(self) -> str:
        """What it has printed, without colours."""
        return _CODES.sub("", self._printed.decode(errors="replace"))

    def until(self, words: str) -> None:
        """Wait for words on the terminal.

        Raises:
            SystemExit: the program ended without them, or has not said them in half an hour.
        """
        until = time.monotonic() + _PATIENCE_SECONDS
        while words not in self.text:
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"never said {words!r}:\n{self.text[-4000:]}")
            time.sleep(0.1)

    def end(self) -> int:
        """Ctrl-C, and the exit status."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        status = self.process.wait(60)
        self._reader.join(5)
        os.close(self._ours)
        return status


@contextmanager
def _demo(path: Path, options: list[str], folder: Path) -> Iterator[Terminal]:
    terminal = Terminal([str(TEND), "demo", "--orders", str(path), *options, "--assume-consent"], folder)
    try:
        yield terminal
    finally:
        status = terminal.end()
    if status:
        raise SystemExit(f"tend demo ended with {status}:\n{terminal.text[-4000:]}")


def look(path: Path, folder: Path) -> tuple[float, str]:
    """The seconds of a first look, and what it printed."""
    began = time.monotonic()
    done = subprocess.run(
        [str(TEND), "import", "look", str(path)], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return time.monotonic() - began, done.stdout


def paste(text: str, folder: Path) -> int:
    """Run what the demo's hints say, each in a shell as it stands; returns how many they were.

    Raises:
        SystemExit: one of them fails.
    """
    lines = [line.strip() for line in text.split("look around from another terminal", 1)[1].splitlines()]
    export, *commands = [line for line in lines if line.startswith("export ") or "tend" in line.partition(" ")[0]]
    environment = {**os.environ, "PATH": f"{TEND.parent}:{os.environ['PATH']}"}
    for command in commands:
        done = subprocess.run(
            ["sh", "-c", f"{export}; {command}"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{command}: {done.stdout}{done.stderr}")
    return len(commands)


def page(text: str) -> float:
    """Sign in at the printed address and open the page of the customer named; returns its seconds.

    Raises:
        SystemExit: the page is not there, or does not show the customer.
    """
    door = re.search(r"console +(http\S+?)/sign-in\?token=(\S+)", text)
    customer = re.search(r"tend customer (\S+)", text)
    if door is None or customer is None:
        raise SystemExit(f"no console or customer was named:\n{text[-4000:]}")
    name = customer[1].strip("'")
    with httpx.Client(base_url=door[1], follow_redirects=True, timeout=30) as browser:
        browser.post("/sign-in", data={"name": "newcomer", "token": door[2]})
        began = time.monotonic()
        shown = browser.get(f"/customers/{name}")
    if shown.status_code != httpx.codes.OK or shown.url.path != f"/customers/{name}" or name not in shown.text:
        raise SystemExit(f"/customers/{name}: {shown.status_code} at {shown.url}")
    return time.monotonic() - began


def measure(preset: str, count: int, folder: Path) -> dict[str, Any]:
    """One format from the file to the page."""
    (inside := folder / preset).mkdir()
    path = EXPORTS[preset](inside, count)
    looked, _ = look(path, folder)
    began = time.monotonic()
    with _demo(path, ["--preset", preset, *MORE.get(preset, ())], folder) as terminal:
        terminal.until(_STAYS)
        seconds = time.monotonic() - began
        hints, opened = paste(terminal.text, folder), page(terminal.text)
        text = terminal.text
    found = {name: match[1] for name, pattern in _COLUMNS.items() if (match := re.search(pattern, text))}
    actions = sum(int(count.replace(",", "")) for count in _cells(text, "Actions by rule"))
    return {
        "format": preset, "look, s": f"{looked:.1f}", "summary after, s": f"{seconds:.0f}", **found,
        "actions": f"{actions:,}", "hints pasted": str(hints), "page, s": f"{opened:.2f}",
    }  # fmt: skip


def _cells(text: str, title: str) -> list[str]:
    """The counts of a table of the summary."""
    table = text.split(title, 1)[1].split("└", 1)[0]
    return re.findall(r"│ +([\d,]+) +│", table)


def table(found: list[dict[str, str]]) -> str:
    """The figures as Markdown."""
    columns = list(found[0])
    lines = [f"| {' | '.join(columns)} |", f"|---{'|--:' * (len(columns) - 1)}|"]
    lines += [f"| {' | '.join(one.get(name, '-') for name in columns)} |" for one in found]
    return "\n".join(lines)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--only", choices=sorted(EXPORTS))
    parser.add_argument("--write", action="store_true", help="write the table into docs/imports.md")
    chosen = parser.parse_args()
    found = []
    for preset in [chosen.only] if chosen.only else EXPORTS:
        with TemporaryDirectory(prefix="tend-first-look-") as folder:
            found.append(measure(preset, chosen.orders, Path(folder)))
            print(found[-1], file=sys.stderr, flush=True)
    print(table(found))
    if chosen.write:
        put("first look", table(found).splitlines(), PAGE)


if __name__ == "__main__":
    main()
