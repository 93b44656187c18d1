"""Child processes that do not outlive the program that started them."""

from __future__ import annotations

import os
import signal
import sys

# Asks the kernel (prctl, PR_SET_PDEATHSIG) and becomes the server. Done in a process of its own: between fork and exec
# a child of a program with threads may do next to nothing.
_BECOME = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, int(sys.argv[2]))
if os.getppid() == int(sys.argv[1]):
    os.execvp(sys.argv[3], sys.argv[3:])
"""


def dying_with_parent(end_with: signal.Signals) -> list[str]:
    """What goes before a command so that the kernel ends it together with the thread that starts it.

    Nothing on systems other than Linux, where a killed program leaves its children behind.
    """
    if sys.platform != "linux":
        return []
    return [sys.executable, "-I", "-S", "-c", _BECOME, str(os.getpid()), str(int(end_with))]
