"""The keeper of the rollups as a process of its own, so that no page waits while sums are added up."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from contextlib import suppress
from typing import Final

from agents.rollups.reader import RollupReader
from infra.child_process import dying_with_parent
from schemas.errors import DependencyUnavailable

log = logging.getLogger(__name__)

COMMAND: Final = (sys.executable, "-m", "agents.cli", "rollups")
_LOOK_SECONDS: Final = 1.0
_GRACE_SECONDS: Final = 5.0


class KeeperProcess:
    """Sees to it that somebody keeps the rollups: starts a keeper where none is at work, and again where it has ended.

    Args:
        rollups: in which a keeper at work is seen, whoever has started it.
    """

    def __init__(self, rollups: RollupReader) -> None:
        self._rollups = rollups
        self.pid: int | None = None
        """Of the keeper that was started here; None while another one is at work."""

    async def run(self) -> None:
        """See to it until cancelled; the keeper that was started here ends then."""
        while True:
            if not await self._somebody_keeps():
                await self._keep()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _somebody_keeps(self) -> bool:
        try:
            return await self._rollups.is_kept()
        except DependencyUnavailable:  # a keeper could not begin either
            return True

    async def _keep(self) -> None:
        # It takes its settings from where ours came from, and speaks where we speak. Killing it harms nothing.
        command = [*dying_with_parent(signal.SIGKILL), *COMMAND]
        child = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL)
        self.pid = child.pid
        try:
            status = await child.wait()
            if status:
                log.error("The keeper of the rollups has ended with status %d; it is started again", status)
        finally:
            self.pid = None
            await _ended(child)


async def _ended(child: asyncio.subprocess.Process) -> None:
    if child.returncode is not None:
        return
    with suppress(ProcessLookupError):
        child.terminate()
    try:
        async with asyncio.timeout(_GRACE_SECONDS):
            await child.wait()
    except TimeoutError:
        child.kill()
        await child.wait()
