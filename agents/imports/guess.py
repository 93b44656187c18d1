"""What the columns of an unknown table probably mean: by their names first, then by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Final

from agents.imports.amounts import Amounts
from agents.imports.cells import bare, is_nothing
from agents.imports.dates import Dates
from agents.imports.problems import BadValue
from agents.imports.statuses import STATUSES, plain_status

_NUMBER: Final = r"([\s_-]*(no|nr|n°|id|key|number|nummer|name|#|num|numero|número)\.?)?"
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "order": (
        rf"(order|auftrag|bestell|commande|pedido|invoice|receipt|rechnung|beleg|bon|facture|factura|fatura|ticket){_NUMBER}",
        "订单编号|订单号|注文番号",
    ),
    "customer": (
        rf"(customer|client|cust|kunden?|cliente|buyer|member|user|account|card)([\s_-]*unique)?{_NUMBER}",
        "e-?mail|买家会员名|会员|顾客|客户",
    ),
    "time": (
        r"((order|purchase|invoice|creat(ed|ion)|transaction|bestell|rechnungs)[\s_-]*)?"
        r"(date|time|datetime|datum|fecha|data|timestamp|at|on)",
        "created|zeit|order[\\s_-]*purchase[\\s_-]*timestamp|date de commande|订单创建时间|下单时间|日期|时间",
    ),
    "amount": (
        r"((order|grand|gross)[\s_-]*)?(total|amount|sum|betrag|summe|umsatz|montant|importe|valor|revenue|sales)"
        r"([\s_-]*(paid|gross|incl\.?[\s_-]*tax))?",
        "payment[\\s_-]*value|实付金额|买家实际支付金额|总金额|金额",
    ),
    "status": (r"((order|financial|payment|bestell)[\s_-]*)?(status|state|estado|statut|zustand)", "订单状态|状态"),
    "refunded": (r"(total[\s_-]*)?refund(ed)?([\s_-]*(amount|total))?|erstattet|erstattung", "退款金额"),
    "cancelled_at": (r"cancell?ed[\s_-]*(at|on|date)|storniert[\s_-]*am",),
    "item": (
        r"((line[\s_-]*)?item|product|article|artikel|produit|producto)([\s_-]*(sku|code|nr|no|id|number|nummer|name))?",
        r"stock[\s_-]*code|sku|宝贝标题|商品",
    ),
    "quantity": (
        r"((line[\s_-]*)?item[\s_-]*)?(quantity|qty|menge|anzahl|pieces|stück|quantité|cantidad|quantidade|n)",
        "数量|宝贝总数量",
    ),
    "price": (r"((unit|(line[\s_-]*)?item)[\s_-]*)?(price|preis|prix|precio|preço)|einzelpreis", "单价"),
    "category": (r"(product[\s_-]*)?(category|kategorie|warengruppe|catégorie|categoría|categoria)", "类目|分类"),
    "currency": (r"(order[\s_-]*)?(currency|währung|devise|moneda|moeda)([\s_-]*code)?", "币种"),
    "email": (r"((customer|billing|contact)[\s_-]*)?e-?mail([\s_-]*address)?",),
    "phone": (
        r"((billing|customer|mobile)[\s_-]*)?(phone|telefon|mobile|tel|téléphone|telefone)([\s_-]*number)?",
        "联系手机|手机",
    ),
    "name": (r"(customer|billing|bill-to|full)[\s_-]*name", "收货人姓名"),
}
_COMPILED: Final = {meaning: re.compile("|".join(names), re.IGNORECASE) for meaning, names in _NAMES.items()}
_BOTH: Final = (Amounts("."), Amounts(","))
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]+")


def meanings_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Meaning to column, as far as names and contents agree; each column once, the first that fits."""
    found: dict[str, str] = {}
    for meaning, pattern in _COMPILED.items():
        for place, name in enumerate(header):
            free = name not in found.values() or meaning == "email"
            if meaning not in found and free and name and pattern.fullmatch(name) and _fits(meaning, place, rows):
                found[meaning] = name
    for meaning in ("time", "customer"):
        if meaning not in found:
            places = [place for place, name in enumerate(header) if name not in found.values()]
            fitting = [place for place in places if _fits(meaning if meaning == "time" else "email", place, rows)]
            if len(fitting) == 1:
                found[meaning] = header[fitting[0]]
    if "price" in found and "amount" not in found:
        found["amount"] = found.pop("price")
    return found


def _fits(meaning: str, place: int, rows: Sequence[Sequence[str]]) -> bool:
    texts = [text for row in rows if place < len(row) and not is_nothing(text := bare(row[place]))]
    test = _TESTS.get(meaning)
    return bool(texts) and (test is None or sum(map(test, texts)) > len(texts) * 0.8)


def _is_date(text: str) -> bool:
    try:
        Dates(UTC, form="serial" if text.replace(".", "").isdigit() and len(text) < 8 else None).read("", text)
    except BadValue:
        return _month_first(text)
    return True


def _month_first(text: str) -> bool:
    try:
        Dates(UTC, form="month first").read("", text)
    except BadValue:
        return False
    return True


def _is_amount(text: str) -> bool:
    for amounts in _BOTH:
        try:
            amounts.micros("", text)
        except BadValue:
            continue
        return True
    return False


_TESTS: Final[Mapping[str, Callable[[str], bool]]] = {
    "time": _is_date,
    "cancelled_at": _is_date,
    "amount": _is_amount,
    "price": _is_amount,
    "quantity": _is_amount,
    "refunded": _is_amount,
    "currency": lambda text: bool(_CURRENCY.fullmatch(text)),
    "email": lambda text: bool(_EMAIL.fullmatch(text)),
    "status": lambda text: plain_status(text) in STATUSES or plain_status(text) == "pending",
}
