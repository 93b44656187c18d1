"""Zones from the package, not from the machine."""

from __future__ import annotations

import pytest

from rules.zones import is_zone, zone_info, zone_names


def test_all_zones_of_the_database_can_be_read() -> None:
    assert len(zone_names()) > 500
    for name in sorted(zone_names()):
        assert zone_info(name).key == name


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../zones", "/etc/localtime", "europe/berlin"])
def test_what_is_none_is_refused(name: str) -> None:
    assert not is_zone(name)
    with pytest.raises(ValueError, match="no IANA time zone"):
        zone_info(name)
