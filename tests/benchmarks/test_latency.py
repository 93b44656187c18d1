"""What stands in the table of latencies: multiples of the floor at the same pace."""

from __future__ import annotations

from benchmarks.latency import FLOOR, table


def test_each_pace_is_compared_with_the_floor_at_that_pace() -> None:
    floor, slow = f"{FLOOR.name}, read_committed", ", at 250 a second"
    first = {floor: (2.0, 10.0, 0.1), "tend": (4.0, 20.0, 0.5)}
    second = first | {f"tend{slow}": (9.0, 90.0, 0.2), floor + slow: (3.0, 30.0, 0.1)}

    _, _, *rows = table([first, second])

    assert rows[1] == "| tend | 4.0 | 20.0 | 50% | 2.00 (2.00 to 2.00) | 2.00 (2.00 to 2.00) | 5.00 (5.00 to 5.00) |"
    assert rows[2] == f"| tend{slow} | 9.0 | 90.0 | 20% | 3.00 | 3.00 | 2.00 |"
