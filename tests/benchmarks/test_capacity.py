"""The page of capacity follows the pages of measurements."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.capacity import PAGE, Assumptions, Measured, figure, lines, measured, need

KNOWN = Measured(rate=5_000, cpu=200, store_cpu=10, timer_cpu=500, bytes_each=3_000)


def test_it_says_what_the_committed_measurements_say() -> None:
    assert "\n".join(lines(measured(), Assumptions())) in PAGE.read_text(encoding="utf-8"), "run `make docs`"


def test_twice_the_customers_need_twice_the_memory_and_never_less_of_anything() -> None:
    one, two = (need(customers, KNOWN, Assumptions()) for customers in (50_000_000, 100_000_000))

    assert two.memory_gb == pytest.approx(2 * one.memory_gb)
    assert (two.workers, two.nodes, two.brokers) >= (one.workers, one.nodes, one.brokers)
    assert two.monthly > one.monthly


def test_the_smallest_store_survives_the_loss_of_a_machine() -> None:
    least = need(1_000, KNOWN, Assumptions())

    assert (least.workers, least.nodes, least.brokers) == (2, 1, 3)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    told = tmp_path / "speed.md"
    told.write_text("| what | events/s |\n|---|---|\n| whole engine | 4,156 |\n\n| other | x |\n|---|---|\n| a | 1 |\n")

    assert figure(told, "whole engine", "events/s") == 4_156
    with pytest.raises(LookupError, match=r"speed\.md: no table with a row 'whole engine' and a column 'x'"):
        figure(told, "whole engine", "x")
