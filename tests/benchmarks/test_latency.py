"""What stands in the table of latencies: multiples of the bare hops at the same pace."""

from __future__ import annotations

from benchmarks.latency import HOPS, table


def test_each_pace_is_compared_with_the_hops_at_that_pace() -> None:
    slow = ", at 250 a second"
    first = {HOPS.name: (2.0, 10.0, 0.1), "tend": (4.0, 20.0, 0.5)}
    second = first | {f"tend{slow}": (9.0, 90.0, 0.2), HOPS.name + slow: (3.0, 30.0, 0.1)}

    _, _, *rows = table([first, second])

    assert rows[1] == "| tend | 4.0 | 20.0 | 2.00 (2.00 to 2.00) | 2.00 (2.00 to 2.00) | 50% |"
    assert rows[2] == f"| tend{slow} | 9.0 | 90.0 | 3.00 | 3.00 | 20% |"
