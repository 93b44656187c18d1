"""Currencies: which codes there are, and the digits of their minor units. The one table of all rooms.

ISO 4217 says both for the currencies of today. Those that were legal tender somewhere since 1996 and have since been
replaced (HRK, BGN, DEM …) are known from CLDR, as a store's history holds them; metals, funds and test codes are not
money that anybody pays with. CLDR's own digits are for display and leave out cents that still exist (HUF, COP, IDR).
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Final

from babel.core import get_global
from babel.numbers import get_currency_precision
from iso4217 import raw_table

_SINCE: Final = 1996
"""Replaced before this year, a currency is in no store's history."""


def _today() -> dict[str, int]:
    return {code: int(str(one["CcyMnrUnts"])) for code, one in raw_table.items() if str(one["CcyMnrUnts"]).isdigit()}


def _replaced() -> dict[str, int]:
    used = (entry for entries in get_global("territory_currencies").values() for entry in entries)
    return {
        code: get_currency_precision(code)
        for code, _, until, legal_tender in used
        if legal_tender and until is not None and until[0] >= _SINCE
    }


DIGITS: Final = MappingProxyType({**_replaced(), **_today()})
"""Code to digits of its minor unit."""


def checked_currency(code: str) -> str:
    """The code itself.

    Raises:
        ValueError: no money is or was counted by it.
    """
    if code not in DIGITS:
        raise ValueError(f"{code!r} is no ISO 4217 currency code such as EUR")
    return code


@cache
def _unit(code: str) -> Decimal:
    return Decimal(1).scaleb(-DIGITS.get(code, 2))


def major(minor: int, code: str) -> Decimal:
    """The amount in whole units, with the digits of its currency: 1234 EUR is 12.34, 5000 UGX is 5000."""
    return minor * _unit(code)
