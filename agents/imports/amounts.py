"""Amounts of money and quantities as other systems write them: one decimal sign for a column, proved or told."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal

from agents.imports.problems import BadValue
from schemas.currencies import DIGITS
from schemas.errors import TendError

Sign = Literal[".", ","]
MICRO: Final = 1_000_000
"""Amounts are counted in millionths until their currency, and with it their minor unit, is known."""

_LARGEST: Final = 10**12
_WORDS: Final = {
    "€": "EUR", "£": "GBP", "₹": "INR", "rs.": "", "rs": "", "r$": "BRL", "zł": "PLN", "kč": "CZK", "ft": "HUF",
    "lei": "RON", "лв": "BGN", "₺": "TRY", "tl": "TRY", "₽": "RUB", "руб.": "RUB", "руб": "RUB", "₴": "UAH",
    "₩": "KRW", "원": "KRW", "元": "CNY", "￥": "", "¥": "", "円": "JPY", "₫": "VND", "đ": "VND", "฿": "THB",
    "₱": "PHP", "₦": "NGN", "₪": "ILS", "rp": "IDR", "rm": "MYR", "kr": "", "kr.": "", "$": "", "us$": "USD",
    "a$": "AUD", "au$": "AUD", "nz$": "NZD", "c$": "CAD", "ca$": "CAD",
    "hk$": "HKD", "nt$": "TWD", "s$": "SGD", "mx$": "MXN", "s/": "PEN",
    "s/.": "PEN", "fr.": "CHF", "sfr.": "CHF",
}  # fmt: skip
"""Signs and words beside amounts, and the currency that they can only mean; those of several have none."""
_CORE: Final = re.compile(r"(?P<before>\D*?)(?P<core>[.,]?\d(?:[\d.,'’\u00a0\u202f ]*\d)?[.,]?)(?P<after>\D*)")
_PLAIN: Final = {".": re.compile(r"\d+(?:\.\d*)?|\.\d+"), ",": re.compile(r"\d+(?:,\d*)?|,\d+")}
_GROUPED: Final = {
    decimal: re.compile(
        rf"(?:\d{{1,3}}(?P<sign>[{group}'’\u00a0\u202f ])\d{{3}}(?:(?P=sign)\d{{3}})*"
        rf"|\d{{1,2}}(?:[{group}]\d{{2}})+[{group}]\d{{3}})(?:[{decimal}]\d*)?"
    )
    for decimal, group in ((".", ","), (",", "."))
}
"""Groups of three, or of two before the last three, with the sign that is not the decimal one."""
_GROUPING: Final = re.compile(r"[.,'’\u00a0\u202f ]")
_EITHER: Final = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")


class Amounts:
    """Reads numbers with one sign between whole and part; others may only stand between groups.

    Groups are of three digits, or of two before the last three, as in India. A minus may stand before or behind, and
    brackets mean one, as accountants write it. Signs and words of currencies around the number are known by name.
    """

    def __init__(self, decimal: Sign) -> None:
        self.decimal = decimal
        # Prices repeat.
        self._read = lru_cache(maxsize=65_536)(self._parsed)

    def micros(self, field: str, text: str, currency: str = "") -> int:
        """The number in a field, in millionths, rounded half up.

        Raises:
            BadValue: it is none, or names another currency.
        """
        number, word = self._read(text)
        if number is None:
            raise BadValue(field, f"{text!r} is no number with {self.decimal!r} as decimal sign{word}")
        if word and currency and word != currency:
            raise BadValue(field, f"{text!r} is in {word}, but the order is in {currency}")
        return number

    def _parsed(self, text: str) -> tuple[int | None, str]:
        """The number and its currency; or nothing, and a hint."""
        found = _CORE.fullmatch(text.strip())
        if not found:
            return None, ""
        before, core, after = found["before"], found["core"], found["after"]
        # A dash in place of the cents is no minus: 12,- is twelve.
        after = after.strip().removeprefix("/-")  # so rupees are closed, that nobody adds to them
        around, minus = _signed(before, after.lstrip("-–") if core[-1] in ".," else after)
        code = _currency_of(around)
        if code is None:
            return None, f" ({around!r} is no currency that is known)"
        if not _PLAIN[self.decimal].fullmatch(core):
            if not _GROUPED[self.decimal].fullmatch(core):
                other = "," if self.decimal == "." else "."
                fits = _PLAIN[other].fullmatch(core) or _GROUPED[other].fullmatch(core)
                return None, f" (or is {other!r} the decimal sign? then --decimal {other!r})" if fits else ""
            whole, _, part = core.rpartition(self.decimal) if self.decimal in core else (core, "", "")
            core = _GROUPING.sub("", whole) + (f".{part}" if part else "")
        value = int((Decimal(core.replace(",", ".")) * MICRO).to_integral_value(rounding="ROUND_HALF_UP"))
        return (-value if minus else value), code


def _signed(before: str, after: str) -> tuple[str, bool]:
    """What stands around a number without its minus, and whether there was one."""
    around = f"{before.strip()} {after.strip()}".strip()
    minus = any(sign in around for sign in "-−(")
    for sign in "-−+(),":
        around = around.replace(sign, " ")
    return " ".join(around.split()), minus


def _currency_of(around: str) -> str | None:
    """The currency that a word means; empty where it may be several; None where it is no currency."""
    if not around:
        return ""
    known = [_WORDS.get(word.lower(), word if word in DIGITS else None) for word in around.split()]
    if any(word is None for word in known):
        return None
    return next((word for word in known if word), "")


def currency_named(text: str) -> str:
    """The currency that an amount names beside its number; empty where it names none for certain."""
    found = _CORE.fullmatch(text.strip())
    return (_currency_of(_signed(found["before"], found["after"])[0]) or "") if found else ""


class DecimalEvidence:
    """What the amounts of a column say about its decimal sign."""

    def __init__(self) -> None:
        self._either = ""
        self._for: dict[str, str] = {}

    def see(self, text: str) -> None:
        """Take one more amount into account."""
        if text.isdigit() or len(self._for) == 2:
            return
        found = _CORE.fullmatch(text.strip())
        core = found["core"] if found else ""
        if _EITHER.fullmatch(core):
            self._either = self._either or text
        elif sign := _proved(core):
            self._for.setdefault(sign, text)

    def sign(self, column: str) -> Sign:
        """The decimal sign that the column proves; a point where nothing needs one.

        Raises:
            TendError: every amount can be read both ways, or some prove one and some the other.
        """
        if len(self._for) == 2:
            raise TendError(
                f"The amounts in {column} are written in two ways: {self._for['.']!r} has a decimal point, "
                f"{self._for[',']!r} a decimal comma. Say --decimal '.' or --decimal ','; the others are left out."
            )
        if self._for:
            return "," if "," in self._for else "."
        if not self._either:
            return "."
        whole = re.sub(r"\D", "", self._either)
        part = re.sub(r"[^\d.]", "", self._either.replace(",", "."))
        raise TendError(
            f"The amounts in {column} are ambiguous: {self._either!r} may be {int(whole):,} or {part}, and no amount "
            f"of the file tells which. Say --decimal '{',' if '.' in self._either else '.'}' if it is {int(whole):,}, "
            f"--decimal '{'.' if '.' in self._either else ','}' if it is {part}."
        )


def _proved(core: str) -> str:
    """The decimal sign that an amount can only have; empty where it needs none."""
    points, commas = core.count("."), core.count(",")
    if points and commas:
        return "." if core.rindex(".") > core.rindex(",") else ","
    if points + commas > 1:
        return "," if points else "."
    if points or commas:
        return "." if points else ","
    return ""


def minor_units(field: str, micros: int, currency: str) -> int:
    """Millionths as minor units of a currency, rounded half up.

    Raises:
        BadValue: it is more than the contract allows.
    """
    unit: int = 10 ** (6 - DIGITS[currency])
    minor = (abs(micros) * 2 + unit) // (2 * unit)
    if minor > _LARGEST:
        raise BadValue(field, f"{micros / MICRO:,.2f} is more than the contract allows ({_LARGEST} minor units)")
    return minor if micros >= 0 else -minor


def currency_code(field: str, text: str) -> str:
    """An ISO 4217 code.

    Raises:
        BadValue: it is none.
    """
    code = text.strip().upper()
    if code not in DIGITS:
        raise BadValue(field, f"{text!r} is no ISO 4217 code such as EUR")
    return code
