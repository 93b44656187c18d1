"""The command that writes the published contracts."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.generate import documents, main, stale, write


def test_what_was_written_is_fresh(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 0

    assert main(["--check", str(tmp_path)]) == 0
    assert stale(documents(), tmp_path) == []


def test_two_runs_write_the_same_bytes() -> None:
    assert documents() == documents()


def test_a_file_that_was_changed_or_is_missing_is_stale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(documents(), tmp_path)
    (tmp_path / "events.md").write_text("something else")
    (tmp_path / "asyncapi.json").unlink()

    assert main(["--check", str(tmp_path)]) == 1
    assert "asyncapi.json, events.md" in capsys.readouterr().err


def test_the_schema_of_a_kind_that_is_no_more_is_taken_away(tmp_path: Path) -> None:
    write(documents(), tmp_path)
    old = tmp_path / "schemas" / "events" / "order.lost.json"
    old.write_text("{}")

    assert stale(documents(), tmp_path) == ["schemas/events/order.lost.json"]
    write(documents(), tmp_path)
    assert not old.exists()


def test_a_release_keeps_its_schemas(tmp_path: Path) -> None:
    main(["--release", "1", str(tmp_path)])

    released = tmp_path / "schemas" / "released" / "1" / "events" / "order.placed.json"
    assert released.read_text() == documents()["schemas/events/order.placed.json"]
