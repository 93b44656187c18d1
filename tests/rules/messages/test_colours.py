"""A store's colour stays legible, whatever it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rules.messages.colours import DARK_GROUND, DARK_SUNKEN, LIGHT_GROUND, LIGHT_SUNKEN, contrast, palette

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06X}")


@given(COLOURS)
def test_whatever_colour_a_store_picks_can_be_read_on_light_and_dark_ground(colour: str) -> None:
    found = palette(colour)

    assert contrast(found.light.fill, found.light.on) >= 4.5
    assert contrast(found.dark.fill, found.dark.on) >= 4.5
    assert contrast(found.light.edge, LIGHT_GROUND) >= 3
    assert contrast(found.dark.edge, DARK_GROUND) >= 3
    assert min(contrast(found.light.link, ground) for ground in (LIGHT_GROUND, LIGHT_SUNKEN)) >= 4.5
    assert min(contrast(found.dark.link, ground) for ground in (DARK_GROUND, DARK_SUNKEN)) >= 6


def test_a_colour_that_can_be_read_is_left_as_it_is() -> None:
    assert palette("#6A2148").light.fill == palette("#6A2148").light.link == "#6A2148"


def test_black_on_white_is_twenty_one_to_one() -> None:
    assert round(contrast("#000000", "#FFFFFF"), 2) == 21
