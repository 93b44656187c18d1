"""The folder of an installation on one machine: one process at a time, the same addresses each time."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from agents.embedded import CONFIG, _alone, _kept, _ports
from infra.embedded.store import EmbeddedStore
from schemas.errors import TendError


def test_a_folder_keeps_its_ports(tmp_path: Path) -> None:
    first = _ports(tmp_path)

    assert len(set(first.values())) == 3
    assert _ports(tmp_path) == first


def test_a_folder_is_served_by_one_process(tmp_path: Path) -> None:
    with _alone(tmp_path), pytest.raises(TendError, match=f"export TEND_CONFIG={tmp_path / CONFIG}"), _alone(tmp_path):
        pass

    with _alone(tmp_path):
        pass


@pytest.mark.parametrize("taken", ["serve.lock", "."], ids=["lock", "folder"])
def test_a_folder_of_somebody_else_is_told_with_the_option(tmp_path: Path, taken: str) -> None:
    folder = tmp_path / "shop"
    if taken == ".":
        folder.write_text("no folder")
    else:
        (folder / taken).mkdir(parents=True)  # as the lock of another user, it cannot be opened for writing

    with pytest.raises(TendError, match=r"cannot be written to: .* Name a folder of yours with --data"), _alone(folder):
        pass


def test_what_was_set_in_the_folder_stays_and_addresses_are_written_anew(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text('partitions = 8\nbrokers = "elsewhere:1"\n')

    chosen = _kept(tmp_path, "127.0.0.1:9", EmbeddedStore(tmp_path, port=7).url)

    assert (chosen["partitions"], chosen["brokers"], chosen["redis_url"]) == (8, "127.0.0.1:9", "redis://127.0.0.1:7/0")
    assert 'brokers = "127.0.0.1:9"' in (tmp_path / CONFIG).read_text()
    assert stat.S_IMODE((tmp_path / CONFIG).stat().st_mode) & 0o077 in (0, 0o044)
