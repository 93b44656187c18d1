"""Chinese in Traditional characters, for readers of Taiwan, Hong Kong and Macau, from texts in Simplified ones.

A text of the store's own for them (``zh-Hant``, ``zh-TW``) always wins. Else it is made by OpenCC, with the words of
Taiwan or the characters of Hong Kong, when the first reader needs it. Values, Liquid and addresses stay as they are.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any, Final, TypeVar

from babel.core import get_global
from opencc import OpenCC
from pydantic import BaseModel

Told = TypeVar("Told")
CHINESE: Final = "zh"
TRADITIONAL: Final = "zh-hant"
_SCRIPT: Final = 4
_HONG_KONG: Final = frozenset(("HK", "MO"))
_OURS: Final = {
    "回复": "回覆", "账": "帳", "对象": "對象", "绑定": "綁定", "结算": "結帳", "个性化": "個人化", "邮箱": "電子郵件",
    "包邮": "免運費",
    "“": "「", "”": "」",
}  # fmt: skip
"""Words and marks that shops there write differently from what the dictionaries make of them."""
_USUAL: Final = str.maketrans("説户", "說戶")
"""Forms of Hong Kong's list of characters that fonts and people there seldom have."""
_APART: Final = re.compile(rf"(\{{\{{.*?\}}\}}|\{{%.*?%\}}|https?://[!-~]+|{'|'.join(_OURS)})", re.DOTALL)


@lru_cache(maxsize=1_024)
def is_traditional(locale: str) -> bool:
    """Whether a locale writes Chinese in Traditional characters: it says so, or its country does (CLDR)."""
    language, *further = locale.lower().split("-")
    if language != CHINESE:
        return False
    script = next((part for part in further if len(part) == _SCRIPT and part.isalpha()), "")
    likely: str = get_global("likely_subtags").get(f"{CHINESE}_{_country(further)}", "")
    return script == "hant" if script else "_Hant_" in likely


def in_traditional(told: Told, locale: str) -> Told:
    """A text in Simplified characters, or all texts in a structure, as readers of that locale write them."""
    made: Told = _converted(told, "s2hk" if _country(locale.split("-")[1:]) in _HONG_KONG else "s2twp")
    return made


def _country(subtags: list[str]) -> str:
    return next((part.upper() for part in subtags if len(part) == len(CHINESE)), "")


def _converted(told: Any, dictionary: str) -> Any:
    if isinstance(told, str):
        return _text(told, dictionary)
    if isinstance(told, BaseModel):
        return told.model_copy(update={name: _converted(value, dictionary) for name, value in told})
    if isinstance(told, dict):
        return {_converted(name, dictionary): _converted(value, dictionary) for name, value in told.items()}
    if isinstance(told, list | tuple):
        return type(told)(_converted(one, dictionary) for one in told)
    return told


@lru_cache(maxsize=8_192)
def _text(text: str, dictionary: str) -> str:
    if text.isascii():
        return text
    parts = _APART.split(text)
    parts[::2] = [_dictionary(dictionary).convert(part) if part else part for part in parts[::2]]
    parts[1::2] = [_OURS.get(part, part) for part in parts[1::2]]
    return "".join(parts).translate(_USUAL)


@cache
def _dictionary(name: str) -> OpenCC:
    return OpenCC(name)
