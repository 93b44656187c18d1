"""The log, for people and for programs: without people's addresses in either."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.logs import without_people

_PROGRAM = r"""
import logging
from infra.logs import write_logs
write_logs("INFO", {form!r}, "worker")
log = logging.getLogger("agents.worker.lane")
log.info("lane %s runs", 3, extra={{"partition": 3, "action_id": "0538de"}})
log.warning("met edda.marlow@example.org and +1 206 555 0173")
try:
    raise ValueError("edda@example.org is wrong")
except ValueError:
    log.exception("it failed")
log.debug("never seen")
log.info("id \x1b[2J\u202e \n2026-11-30 00:00:00,000 INFO agents.lane: forged")
"""


def said(form: str) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(form=form)], capture_output=True, text=True, check=True
    )  # fmt: skip
    return run.stderr.splitlines()


def test_as_json_each_line_is_one_object_with_what_it_is_about_in_fields() -> None:
    lines: list[dict[str, Any]] = [orjson.loads(line) for line in said("json")]

    assert lines[0]["message"] == "lane 3 runs"
    assert (lines[0]["partition"], lines[0]["action_id"]) == (3, "0538de")
    assert (lines[0]["level"], lines[0]["logger"], lines[0]["service"]) == ("info", "agents.worker.lane", "worker")
    assert "ValueError" in lines[2]["exception"]
    assert len(lines) == 4


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_address_and_no_number_of_a_person_gets_into_it(form: str) -> None:
    told = "\n".join(said(form))

    assert "example.org" not in told
    assert "0173" not in told


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_others_wrote_is_neither_obeyed_nor_taken_for_a_line(form: str) -> None:
    lines = said(form)

    assert not any(char in line for line in lines for char in "\x1b\u202e")
    assert not any(line.startswith("2026-11-30") and "forged" in line for line in lines)


@given(st.integers(0, 10**15), st.sampled_from(["storefront.orders:3:1842", "2026-11-29T21:06:22Z", "127.0.0.1:9092"]))
def test_offsets_times_and_places_stay(number: int, place: str) -> None:
    assert without_people(f"{place} at {number}") == f"{place} at {number}"


@given(st.emails())
def test_nothing_that_is_an_address_stays(address: str) -> None:
    assert address not in without_people(f"from <{address}> it came")


def test_modules_go_on_to_log_as_ever() -> None:
    assert logging.getLogger("agents.worker.lane").name == "agents.worker.lane"
