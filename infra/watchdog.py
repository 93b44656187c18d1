"""Ends a process whose event loop stands still, with the stack of every thread in the log.

Something that never comes to its end holds up all lanes of a worker at once, health checks included. Ended, it loses
nothing: whoever supervises it starts it again, and the log says where it stood.
"""

from __future__ import annotations

import asyncio
import faulthandler

STANDSTILL_SECONDS = 120.0
"""No step of a worker takes a twentieth of that; a machine that is asleep does not count."""


async def watch_loop(seconds: float = STANDSTILL_SECONDS) -> None:
    """Keep the watchdog quiet for as long as the loop turns; run it beside the service, and cancel it at the end."""
    try:
        while True:
            # A thread of C: it needs neither the loop nor the interpreter's lock.
            faulthandler.dump_traceback_later(seconds, exit=True)
            await asyncio.sleep(seconds / 20)
    finally:
        faulthandler.cancel_dump_traceback_later()
