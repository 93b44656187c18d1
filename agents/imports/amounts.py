"""Amounts of money and quantities as other systems write them."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final

from agents.imports.problems import BadValue
from schemas.currencies import DIGITS
from schemas.errors import TendError

_LARGEST: Final = 10**12
_AROUND: Final = re.compile(r"^[\s$€£¥₹]+|[\s$€£¥₹]+$")


class Amounts:
    """Reads numbers with one sign between whole and part; others may only stand between groups of three digits.

    Args:
        decimal: ``.`` or ``,``.

    Raises:
        TendError: ``decimal`` is another sign.
    """

    def __init__(self, decimal: str) -> None:
        if decimal not in (".", ","):
            raise TendError(f"--decimal {decimal!r}: expected '.' (1,234.50) or ',' (1.234,50).")
        self._decimal = decimal
        part, group = ("\\.", ",") if decimal == "." else (",", ".")
        groups = rf"[+-]?\d{{1,3}}(?P<sign>[{group}'\u2019\u00a0\u202f ])\d{{3}}(?:(?P=sign)\d{{3}})*(?:{part}\d*)?"
        self._plain = re.compile(rf"[+-]?(?:\d+(?:{part}\d*)?|{part}\d+)")
        self._grouped = re.compile(groups)

    def number(self, field: str, text: str) -> Decimal:
        """The number in a field.

        Raises:
            BadValue: it is none.
        """
        bare = text
        if not self._plain.fullmatch(bare):
            bare = _AROUND.sub("", text)
        if not self._plain.fullmatch(bare):
            found = self._grouped.fullmatch(bare)
            if not found:
                other = "," if self._decimal == "." else "."
                hint = f" (or is {other!r} the decimal sign? then --decimal {other!r})" if other in bare else ""
                raise BadValue(field, f"{text!r} is no number with {self._decimal!r} as decimal sign{hint}")
            bare = bare.replace(found["sign"], "")
        try:
            return Decimal(bare.replace(",", "."))
        except InvalidOperation:
            raise BadValue(field, f"{text!r} is no number") from None

    def minor(self, field: str, text: str, currency: str, times: Decimal = Decimal(1)) -> int:
        """The amount in minor units of its currency, rounded half up where the text is finer.

        Raises:
            BadValue: it is no amount, or larger than the contract allows.
        """
        scaled = (self.number(field, text) * times).scaleb(DIGITS[currency])
        if abs(scaled) > _LARGEST:
            raise BadValue(field, f"{text!r} is more than the contract allows ({_LARGEST} minor units)")
        return int(scaled.quantize(Decimal(1), ROUND_HALF_UP))


def currency_code(field: str, text: str) -> str:
    """An ISO 4217 code.

    Raises:
        BadValue: it is none.
    """
    code = text.strip().upper()
    if code not in DIGITS:
        raise BadValue(field, f"{text!r} is no ISO 4217 code such as EUR")
    return code
