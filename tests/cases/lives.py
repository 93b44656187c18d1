"""Twenty customers and what happened to them in a year: what they were told is read aloud, and checked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

import orjson

from agents.rehearsal import EventLine
from rules.loading import shipped
from rules.rulebook import Rulebook

YEAR_ENDS = "2026-12-31"
_EVERYWHERE = ("email", "sms", "push", "call")


class Life:
    """The events of one customer, written down in any order."""

    def __init__(self, who: str, locale: str, zone: str, currency: str = "EUR") -> None:
        self.who, self.locale, self.zone, self.currency = who, locale, zone, currency
        self.events: list[dict[str, Any]] = []
        self._orders = 0

    def happens(self, kind: str, at: str, **fields: Any) -> Life:
        """An event; ``at`` is a moment in UTC, ``03-02T12:00``, of the year."""
        self.events.append({"type": kind, "customer": self.who, "time": _time(at).isoformat(), **fields})
        return self

    def registers(self, at: str, *, allows: tuple[str, ...] = ("email",), **details: Any) -> Life:
        """An account, with marketing allowed on these channels."""
        profile = {"locale": self.locale, "zone": self.zone, "email": f"{self.who}@example.org", **details}
        told = {name: value for name, value in profile.items() if value is not None}
        self.happens("customer.registered", at, **told)
        for channel in allows:
            self.happens("consent.granted", at, channel=channel, purpose="marketing")
        return self

    def orders(
        self, at: str, amount: int = 4_000, *, promised: float | None = 3, sent: float | None = 1,
        came: float | None = 2, **fields: Any,
    ) -> str:  # fmt: skip
        """An order, and what becomes of it so many days later; its id."""
        self._orders += 1
        name, placed = f"{self.who[:4]}-{self._orders}", _time(at)
        due = {"promised_at": (placed + timedelta(days=promised)).isoformat()} if promised else {}
        told = {"order_id": name, "amount": amount, "currency": self.currency, **due, **fields}
        self.happens("order.placed", at, **told)
        for kind, days in (("order.dispatched", sent), ("order.delivered", came)):
            if days is not None:
                self.happens(kind, _text(placed + timedelta(days=days)), order_id=name)
        return name

    def buys(self, *days: str, amount: int = 4_000) -> Life:
        """Orders that come as promised."""
        for day in days:
            self.orders(f"{day}T15:00", amount)
        return self

    def complains(self, at: str, number: str, *, solved: str = "", **fields: Any) -> Life:
        """A complaint, closed where it says when."""
        told = {"category": "product", "text": "It is damaged.", **fields}
        self.happens("complaint.opened", at, complaint_id=number, **told)
        if solved:
            self.happens("complaint.resolved", solved, complaint_id=number, resolution="replaced")
        return self


def _time(at: str) -> datetime:
    return datetime.fromisoformat(at if at[:2] == "20" else f"2026-{at}").replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def lines(lives: list[Life]) -> list[EventLine]:
    """All events in the order of their time."""
    told = sorted((event for life in lives for event in life.events), key=lambda one: one["time"])
    return [EventLine(number, orjson.dumps(one)) for number, one in enumerate(told, start=1)]


def of_the_demo() -> Rulebook:
    """The shipped rules, with the numbers of the demo's store."""
    return shipped((resources.files("agents.demo") / "store.yaml").read_text(encoding="utf-8"))


def twenty() -> list[Life]:
    """The lives."""
    return [
        _regular(), _guest(), _complainer(), _lapsed(), _reader_of_chinese(), _mover(), _stranger(), _erased(),
        _changer_of_mind(), _christmas_shopper(), _waiting_at_night(), _service_only(), _by_text_message(),
        _coupon_user(), _collector(), _riser(), _leaver_of_carts(), _returner(), _born_on_leap_day(), _hard_to_reach(),
    ]  # fmt: skip


def _regular() -> Life:
    life = Life("ada-regular", "de-DE", "Europe/Berlin").registers(
        "01-03T10:00", name="Ada Lind", birthday="1980-05-09"
    )
    life.buys(*(f"{month:02}-{day:02}" for month in range(1, 13) for day in (6, 16, 26)), amount=9_000)
    life.orders("04-11T18:00", 12_000, promised=2, came=5)
    return life


def _guest() -> Life:
    life = Life("bo-guest", "en-US", "America/New_York", "USD")
    life.orders("02-02T20:00", 2_500)
    life.orders("02-20T20:00", 3_500, promised=2, came=4)
    life.registers("03-01T18:00", name="Bo", allows=("email", "push"))
    life.buys("03-05", "04-08")
    return life


def _complainer() -> Life:
    life = Life("cy-complainer", "en-GB", "Europe/London", "GBP").registers("01-08T09:00", name="Cy Ames")
    first = life.orders("01-10T12:00", promised=2, came=6)
    life.complains("01-13T21:30", "c-101", category="delivery", order_id=first, solved="01-15T10:00")
    life.happens("complaint.reopened", "01-18T07:00", complaint_id="c-101", text="Still nothing.")
    life.happens("complaint.resolved", "01-19T16:00", complaint_id="c-101", resolution="refunded")
    life.buys("02-10", "03-03")
    life.complains("03-07T12:00", "c-102", category="payment", urgency="critical")
    life.happens("complaint.updated", "03-07T18:00", complaint_id="c-102", text="Is anybody there?")
    life.happens("complaint.resolved", "03-12T12:00", complaint_id="c-102", resolution="explained")
    life.complains("05-02T02:00", "c-103", category="other", solved="05-02T02:30")
    for hour in (8, 9, 30):
        day = datetime(2026, 6, 1, tzinfo=UTC) + timedelta(hours=hour)
        life.happens("contact.made", _text(day), channel="call", topic="invoice", outcome="open")
    return life


def _lapsed() -> Life:
    life = Life("dan-lapsed", "zh-CN", "Asia/Shanghai", "CNY")
    life.registers(
        "2025-11-20T04:00", name="陈予安", birthday="1975-11-11", allows=("email", "sms"), phone="+8613800138000"
    )
    return life.buys("2025-11-22", "2025-12-05", "2025-12-20", "01-06", "01-18", amount=18_000)


def _reader_of_chinese() -> Life:
    life = Life("er-lunar", "zh-CN", "Asia/Shanghai", "CNY")
    life.registers(
        "01-05T03:00", name="林月", birthday="1985-05-12", birthday_calendar="lunar", allows=("email", "push")
    )
    life.buys("01-10", "03-14", "04-26", "06-11", "07-19", "09-12", "11-08", amount=12_000)
    note = {"sku": "s-77", "price": 6_800, "currency": "CNY", "in_stock": False}
    life.happens("wishlist.added", "08-01T12:00", **note)
    back = {"sku": "s-77", "title": "潮汐年鉴", "stock": 3, "price": 5_800, "currency": "CNY"}
    return life.happens("product.updated", "08-09T18:30", **back)


def _mover() -> Life:
    life = Life("fay-mover", "de-DE", "Europe/Berlin").registers("01-04T10:00", name="Fay Roth", birthday="1990-07-15")
    life.buys("01-06", "02-08", "04-02", "05-20")
    life.happens("customer.updated", "07-14T20:00", zone="America/Los_Angeles", locale="en-US")
    life.orders("08-20T01:00", 5_000, promised=2, came=4)
    return life


def _stranger() -> Life:
    life = Life("gil", "en-US", "America/New_York", "USD").registers("02-01T15:00", name="Gil", allows=("email",))
    life.buys("02-03")
    cart = {"cart_id": "k-9", "sku": "s-1", "quantity": 1, "price": 3_000, "currency": "USD"}
    for at, kind, fields in (
        ("03-10T19:00", "product.viewed", {"sku": "s-1", "category": "novels"}),
        ("03-10T19:05", "cart.item_added", cart),
        ("03-10T19:40", "customer.identified", {"into": "gil"}),
    ):
        life.events.append({"type": kind, "customer": "visitor-5", "time": _time(at).isoformat(), **fields})
    life.orders("03-10T20:30", 3_000, cart_id="k-9")
    return life


def _erased() -> Life:
    life = Life("hal-erased", "de-AT", "Europe/Vienna").registers("01-05T10:00", name="Hal", birthday="1970-09-01")
    life.buys("01-07", "02-01").orders("03-01T09:00", promised=2, came=None)
    life.happens("erasure.requested", "03-02T09:00")
    life.orders("04-01T09:00", 2_000)
    life.registers("05-01T10:00", name="Hal")
    return life.buys("05-03", "05-30")


def _changer_of_mind() -> Life:
    life = Life("ida-mind", "en-US", "America/Chicago", "USD").registers("01-05T16:00", name="Ida", allows=_EVERYWHERE)
    first = life.orders("01-06T18:00", sent=None, came=None)
    life.happens("order.cancelled", "01-06T18:40", order_id=first)
    life.happens("order.restored", "01-06T22:00", order_id=first)
    life.happens("order.dispatched", "01-08T10:00", order_id=first)
    life.happens("order.delivered", "01-09T17:00", order_id=first)
    second = life.orders("02-06T18:00", promised=2, sent=1, came=None)
    life.happens("order.cancelled", "02-08T23:00", order_id=second)
    third = life.orders("03-06T18:00", promised=2, sent=None, came=None)
    life.happens("order.updated", "03-07T10:00", order_id=third, promised_at="2026-03-12T18:00:00Z", amount=3_000)
    life.happens("order.delivered", "03-11T18:00", order_id=third)
    return life


def _christmas_shopper() -> Life:
    life = Life("jan-christmas", "de-DE", "Europe/Berlin").registers("2024-11-20T10:00", name="Jan Wolf")
    return life.buys(*(f"{year}-{day}" for year in (2024, 2025, 2026) for day in ("11-25", "12-03", "12-12")))


def _waiting_at_night() -> Life:
    life = Life("kai-night", "en-US", "America/New_York", "USD").registers("01-05T16:00", name="Kai", allows=("email",))
    one = life.orders("01-10T03:30", promised=2, sent=1, came=None)
    life.happens("order.delivered", "01-12T10:00", order_id=one)
    two = life.orders("02-10T03:30", promised=2, sent=1, came=None)
    life.happens("order.cancelled", "02-12T10:00", order_id=two)
    three = life.orders("03-10T03:30", promised=2, sent=None, came=None)
    life.happens("order.dispatched", "03-12T10:00", order_id=three)
    life.happens("order.delivered", "03-16T20:00", order_id=three)
    return life


def _service_only() -> Life:
    life = Life("lea-service", "de-DE", "Europe/Berlin").registers(
        "01-05T08:00", name="Lea", allows=(), birthday="03-03"
    )
    life.orders("01-07T08:00", promised=2, came=4)
    life.complains("01-10T08:00", "c-201", solved="01-11T08:00")
    cart = {"cart_id": "k-2", "sku": "s-1", "quantity": 1, "price": 3_000, "currency": "EUR"}
    return life.happens("cart.item_added", "02-01T19:00", **cart).buys("02-20", "05-04")


def _by_text_message() -> Life:
    life = Life("mo-sms", "zh-CN", "Asia/Shanghai", "CNY")
    life.registers("01-05T03:00", email=None, phone="+8613900139000", allows=("sms",), birthday="1992-06-18")
    life.buys("01-07", "01-20", amount=9_000)
    late = life.orders("02-24T03:00", 8_000, promised=2, came=5)
    return life.complains("03-02T01:00", "c-301", order_id=late, category="delivery", solved="03-03T05:00")


def _coupon_user() -> Life:
    life = Life("nia-coupon", "en-US", "America/Denver", "USD").registers(
        "01-05T16:00", name="Nia", birthday="1988-03-20"
    )
    life.buys("01-07")
    life.orders("01-20T18:00", 5_000, coupons=["$second_order_coupon"])
    return life.buys("02-02", "02-14", "02-27").buys("10-01")


def _collector() -> Life:
    life = Life("ole-points", "de-CH", "Europe/Zurich", "CHF").registers(
        "01-05T16:00", name="Ole", allows=("email", "push")
    )
    life.buys("01-07", "02-10", "03-15", amount=25_000)
    told = {"points": 300, "reference": "p-1"}
    return life.happens("points.redeemed", "07-20T10:00", **told).buys("08-01", "10-03", amount=6_000)


def _riser() -> Life:
    life = Life("pia-riser", "en-GB", "Europe/London", "GBP").registers(
        "01-05T16:00", name="Pia", allows=("email", "push")
    )
    days = [f"{month:02}-{day:02}" for month in range(2, 9) for day in (3, 10, 17, 24)]
    return life.buys(*days, amount=11_000)


def _leaver_of_carts() -> Life:
    life = Life("quin-carts", "en-US", "America/New_York", "USD")
    life.registers("01-05T16:00", name="Quin", allows=("email", "push")).buys("01-06", "01-28")
    for number, at in enumerate(("02-02T17:00", "02-04T02:30", "02-09T17:00", "03-01T17:00"), start=1):
        cart = {"cart_id": f"k-{number}", "sku": "s-1", "quantity": 1, "price": 4_000, "currency": "USD"}
        life.happens("cart.item_added", at, **cart)
    life.orders("02-04T13:30", 4_000, cart_id="k-2")
    life.orders("03-01T19:00", 4_000, cart_id="k-4")
    return life


def _returner() -> Life:
    life = Life("rex-returns", "de-DE", "Europe/Berlin").registers("01-05T16:00", name="Rex Adler", allows=("email",))
    one = life.orders("01-07T09:00", 8_000)
    life.happens("order.returned", "01-09T18:00", order_id=one, amount=8_000, reason="damaged", refund="r-1")
    life.happens("refund.paid", "01-13T09:00", order_id=one, refund="r-1", amount=8_000)
    two = life.orders("02-07T09:00", 6_000)
    life.happens("order.exchanged", "02-12T09:00", order_id=two, items=[{"sku": "s", "quantity": 1, "price": 6_000}])
    three = life.orders("03-07T09:00", 6_000)
    life.happens("refund.requested", "03-10T09:00", order_id=three, refund="r-3", amount=2_000)
    return life


def _born_on_leap_day() -> Life:
    life = Life("sue-leap", "en-AU", "Australia/Sydney", "AUD")
    life.registers("01-05T00:00", name="Sue", birthday="1996-02-29", allows=_EVERYWHERE, phone="+61491570156")
    life.buys("01-10", "02-12", "03-20", amount=30_000)
    return life.complains("02-26T03:00", "c-401", solved="03-01T03:00")


def _hard_to_reach() -> Life:
    life = Life("tae-korea", "ko-KR", "Asia/Seoul", "KRW")
    life.registers("01-05T03:00", name="태", allows=("email", "sms"), phone="+821012345678")
    life.buys("01-08", "01-25", amount=40_000)
    bounce = {"action_id": "$first_order_thanks", "reason": "mailbox does not exist"}
    life.happens("receipt.failed", "01-12T03:00", permanent=True, **bounce)
    life.orders("03-05T03:00", 40_000, promised=2, came=5)
    life.happens("consent.withdrawn", "04-01T03:00", channel="sms", purpose="marketing")
    life.orders("06-05T03:00", 40_000, promised=2, came=5)
    return life
