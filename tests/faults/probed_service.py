"""A worker under probe, as the test that hits it sees it; ``probed_worker`` is what runs in its process."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

from agents.installation import Service
from infra.settings import Settings
from tests.faults.probe import FILE, SABOTAGE, Safeguard, counts

ROOT = Path(__file__).parents[2]


class ProbedService(Service):
    """A worker under probe."""

    def __init__(self, settings: Settings, directory: Path, number: int, safeguard: Safeguard | None) -> None:
        super().__init__("worker", settings, directory, f"worker-{number}")
        self.command = [self.command[0], "-m", "tests.faults.probed_worker"]
        self.probe = directory / f"worker-{number}.probe"
        self._environment |= {"PYTHONPATH": str(ROOT), FILE: str(self.probe)}
        if safeguard:
            self._environment[SABOTAGE] = safeguard

    def begin(self) -> None:
        """Start it, with nothing to do to itself."""
        self.probe.unlink(missing_ok=True)
        self.start()

    @property
    def counts(self) -> bool:
        """Whether a kill at this moment hits a batch uncommitted or messages unpublished."""
        return counts(self.probe)

    @property
    def ready(self) -> bool:
        """Whether it runs all lanes it was given."""
        try:
            with urllib.request.urlopen(f"http://{self.address}/readyz", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    @property
    def was_hit(self) -> bool:
        """Whether it has ended or stands still."""
        if self.pid is None:
            return True
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] in "TZ"
