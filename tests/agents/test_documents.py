"""The pages that are made from the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.documents import main, pages


def test_what_was_written_is_fresh(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 0
    assert main(["--check", str(tmp_path)]) == 0

    (tmp_path / "settings.md").unlink()

    assert main(["--check", str(tmp_path)]) == 1
    assert "settings.md" in capsys.readouterr().err


def test_a_page_ends_with_one_line_break_and_begins_as_its_kind_does() -> None:
    begins = {".md": "# ", ".json": "{", ".html": "<!doctype html>"}
    for path, text in pages().items():
        assert text.endswith("\n")
        assert not text.endswith("\n\n")
        assert text.startswith(begins[Path(path).suffix])
