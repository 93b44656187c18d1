"""What the states of orders in other systems mean here: one table, and what shops add to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, get_args

from schemas.errors import TendError

Meaning = Literal["sale", "unpaid", "cancelled", "refunded", "refund", "test"]
"""``sale`` stands; ``unpaid`` never became an order and is left out; ``cancelled`` was one and is undone; ``refunded``
is paid back in whole unless an amount says how much; ``refund`` marks a row that is itself a refund of its order;
``test`` is left out."""

_TABLE: Final[dict[Meaning, str]] = {
    "sale": """paid, complete, completed, closed out, processing, processed, in progress, preparing, packed, picked,
        ready to ship, ready for pickup, shipped, partially shipped, dispatched, in transit, out for delivery,
        delivered, fulfilled, partially fulfilled, unfulfilled, invoiced, approved, created, placed, confirmed,
        accepted, authorized, authorised, partially paid, partially refunded, partially returned, on hold, holded,
        backordered, partially invoiced, bezahlt, versandt, versendet, abgeschlossen, in bearbeitung, geliefert,
        payée, payé, expédiée, expédié, livrée, livré, terminée, pagado, enviado, entregado, completado, pago,
        entregue, concluído, 交易成功, 买家已付款, 买家已付款，等待卖家发货, 卖家已发货，等待买家确认, 卖家已发货,
        已付款, 已发货, 已完成, 完成, 已签收, 待发货, 待收货, 待评价, 等待出库, 等待确认收货, done, unshipped,
        shipped delivered to buyer, shipped picked up, awaiting fulfillment, awaiting shipment, awaiting pickup,
        payment accepted, remote payment accepted, processing in progress, on backorder (paid),
        awaiting cash on delivery validation, canceled reversal, cancelled reversal, paypal canceled reversal,
        partial shipped, partially delivered, partial completed, partially completed, updated tracking, ready pickup,
        pickup, picked up""",
    "unpaid": """failed, unpaid, pending payment, payment pending, awaiting payment, payment failed, checkout draft,
        auto draft, draft, abandoned, expired, declined, denied, payment review, suspected fraud, fraud, unbezahlt,
        fehlgeschlagen, payment error, awaiting bank wire payment, awaiting check payment,
        on backorder (not paid), en attente de paiement, échouée, pendiente de pago, fallido, 等待买家付款,
        等待付款, 待付款, 未付款""",
    "cancelled": """cancelled, canceled, void, voided, unavailable, trash, deleted, reversed, storniert, abgebrochen,
        annulée, annulé, cancelado, anulado, cancelada, 交易关闭, 已取消, 已关闭""",
    "refunded": """refunded, returned, charged back, chargeback, shipped returned to seller,
        shipped rejected by buyer, erstattet, retourniert, zurückgegeben, remboursée,
        remboursé, reembolsado, devuelto, devolvido, 已退款, 退款成功""",
    "refund": "refund, shop order refund, credit memo, creditmemo, credit note, gutschrift",
    "test": "test, test order, testbestellung, bogus",
}
_BETWEEN: Final = re.compile(r"[\s_-]+")
MEANINGS: Final[tuple[Meaning, ...]] = get_args(Meaning)


def plain_status(text: str) -> str:
    """A state as it stands in the table: lower case, without WooCommerce's ``wc-``, words one blank apart."""
    return _BETWEEN.sub(" ", text.strip().casefold().removeprefix("wc-"))


STATUSES: Final[Mapping[str, Meaning]] = {
    plain_status(word): meaning for meaning, words in _TABLE.items() for word in words.replace("\n", " ").split(", ")
}
"""``pending`` is not in it: with one system it is unpaid, with another sold on account. Presets say which."""


def told_statuses(told: list[str]) -> dict[str, Meaning]:
    """``TEXT=MEANING`` of the command line.

    Raises:
        TendError: it is not so written.
    """
    found: dict[str, Meaning] = {}
    for one in told:
        text, _, meaning = one.rpartition("=")
        known = {name: name for name in MEANINGS}.get(meaning)  # type: ignore[call-overload]  # any text may be asked
        if not text or known is None:
            raise TendError(
                f"--status-means {one!r}: expected STATE=MEANING, where MEANING is one of {', '.join(MEANINGS)}."
            )
        found[plain_status(text)] = known
    return found
