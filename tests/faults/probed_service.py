"""A worker under probe, as the test that hits it sees it; ``probed_worker`` is what runs in its process."""

from __future__ import annotations

import resource
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agents.installation import Service
from infra.settings import Settings
from tests.faults.clocked import WrongClock
from tests.faults.probe import FILE, ROOT, SABOTAGE, Safeguard, counts


class ProbedService(Service):
    """A worker under probe."""

    def __init__(self, settings: Settings, directory: Path, number: int, safeguard: Safeguard | None) -> None:
        super().__init__("worker", settings, directory, f"worker-{number}")
        self.command = [self.command[0], "-m", "tests.faults.probed_worker"]
        self.probe = directory / f"worker-{number}.probe"
        self.clock = WrongClock(directory / f"worker-{number}.clock")
        self._environment |= {"PYTHONPATH": str(ROOT), FILE: str(self.probe), **self.clock.environment}
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
        pid = self.pid
        try:
            return pid is None or Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "TZ"
        except FileNotFoundError:  # it ended just now
            return True


@contextmanager
def without_descriptors(worker: ProbedService) -> Iterator[None]:
    """The worker can open nothing."""
    assert worker.pid is not None
    soft, hard = resource.prlimit(worker.pid, resource.RLIMIT_NOFILE)
    held = len(list(Path(f"/proc/{worker.pid}/fd").iterdir()))
    resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (held, hard))
    try:
        yield
    finally:
        if worker.pid is not None:
            resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (soft, hard))
