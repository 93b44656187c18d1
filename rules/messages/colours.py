"""A store's colour made legible: its lightness moves (in OKLCH), its hue stays, until contrast suffices (WCAG 2.2)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

LIGHT_GROUND: Final = "#FFFFFF"
LIGHT_SUNKEN: Final = "#F3F4F6"
DARK_GROUND: Final = "#15181B"
DARK_SUNKEN: Final = "#202429"
INK: Final = "#1A1D21"
WHITE: Final = "#FFFFFF"

_Rgb = tuple[float, float, float]
_STEP: Final = 0.005
"""Of lightness: finer than an eye tells apart."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The store's colour on one ground."""

    fill: str
    """Of the button and the ribbon."""
    on: str
    """Of the text on it."""
    edge: str
    """Around it: visible on the ground even where the fill is hardly."""
    link: str
    """Of text on the ground."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The store's colour on light and dark ground."""

    light: Ground
    dark: Ground


@cache
def palette(colour: str) -> Palette:
    """What becomes of ``#RRGGBB``: 4.5 : 1 for text on buttons, 3 : 1 for edges, 4.5 : 1 for links (6 : 1 on dark)."""
    link = _moved(colour, -_STEP, lambda c: _worst(c, LIGHT_GROUND, LIGHT_SUNKEN) >= 4.5)
    fill, on = _button(colour)
    edge = fill if contrast(fill, LIGHT_GROUND) >= 3 else link
    dark_fill, dark_on = _button(_moved(colour, _STEP, lambda c: contrast(c, DARK_GROUND) >= 3))
    dark_link = _moved(colour, _STEP, lambda c: _worst(c, DARK_GROUND, DARK_SUNKEN) >= 6)
    dark_edge = dark_fill if contrast(dark_fill, DARK_GROUND) >= 3 else dark_link
    return Palette(Ground(fill, on, edge, link), Ground(dark_fill, dark_on, dark_edge, dark_link))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG, from 1 to 21."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _button(colour: str) -> tuple[str, str]:
    """Fill, and white or ink on it, whichever can be read; else the fill moves until one can."""
    for on in (WHITE, INK):
        if contrast(colour, on) >= 4.5:
            return colour, on
    return _moved(colour, -_STEP, lambda c: contrast(c, WHITE) >= 4.5), WHITE


def _worst(colour: str, *grounds: str) -> float:
    return min(contrast(colour, ground) for ground in grounds)


def _moved(colour: str, step: float, enough: Callable[[str], bool]) -> str:
    lightness, chroma, hue = _oklch(_rgb(colour))
    found = colour
    while not enough(found) and 0 <= lightness <= 1:
        lightness += step
        found = _hex(_in_gamut(lightness, chroma, hue))
    return found


def _rgb(colour: str) -> _Rgb:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(rgb: _Rgb) -> str:
    return "#" + "".join(f"{round(min(1, max(0, part)) * 255):02X}" for part in rgb)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else math.pow((part + 0.055) / 1.055, 2.4)


def _encoded(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else 1.055 * math.pow(part, 1 / 2.4) - 0.055


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part) for part in _rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _oklch(rgb: _Rgb) -> _Rgb:
    """Lightness, chroma and hue of OKLab (Björn Ottosson, 2020)."""
    red, green, blue = (_linear(part) for part in rgb)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _in_gamut(lightness: float, chroma: float, hue: float) -> _Rgb:
    """The colour in sRGB, with as much of its chroma as fits."""
    low, high = 0.0, chroma
    best = _from_oklch(lightness, 0, hue)
    if all(-1e-4 <= part <= 1.0001 for part in _from_oklch(lightness, chroma, hue)):
        return _from_oklch(lightness, chroma, hue)
    for _ in range(12):
        tried = _from_oklch(lightness, (low + high) / 2, hue)
        if all(-1e-4 <= part <= 1.0001 for part in tried):
            best, low = tried, (low + high) / 2
        else:
            high = (low + high) / 2
    return best


def _from_oklch(lightness: float, chroma: float, hue: float) -> _Rgb:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short
    return _encoded(red), _encoded(green), _encoded(blue)
