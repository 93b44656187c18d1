"""One site in service that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.site import Site


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site in service; each test uses customers of its own."""
    with Site(tmp_path_factory.mktemp("site")) as running:
        running.until_ready()
        yield running
