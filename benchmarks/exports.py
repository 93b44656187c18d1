"""Made-up exports in the exact column layouts that six shops and public data sets have, of any number of orders.

Layouts: Shopify's order export (Admin, Orders, Export), a WooCommerce order export with one row per item, Adobe
Commerce's order grid, UCI Online Retail II, Olist's tables as published on Kaggle, CDNOW's master file.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

_SHOPIFY: Final = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,"
    "Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,"
    "Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,"
    "Lineitem taxable,Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,"
    "Billing Company,Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,"
    "Shipping Street,Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,"
    "Shipping Province,Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,"
    "Payment Reference,Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,"
    "Source,Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,"
    "Tax 4 Value,Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,"
    "Payment ID,Payment Terms Name,Next Payment Due At,Payment References"
)
_WOOCOMMERCE: Final = (
    "order_id,order_number,order_date,status,order_total,order_currency,shipping_total,shipping_tax_total,"
    "tax_total,discount_total,refunded_total,customer_id,billing_email,billing_phone,item_sku,item_name,"
    "item_quantity,item_total,item_total_tax,item_refunded,item_refunded_qty,coupon_items,customer_note"
)
_MAGENTO: Final = (
    "ID,Purchase Point,Purchase Date,Bill-to Name,Ship-to Name,Grand Total (Base),Grand Total (Purchased),Status,"
    "Billing Address,Shipping Address,Shipping Information,Customer Email,Customer Group,Subtotal,"
    "Shipping and Handling,Customer Name,Payment Method,Total Refunded,Allocated sources"
)
_RETAIL: Final = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"
_OLIST: Final = {
    "olist_orders_dataset.csv": "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,"
    "order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date",
    "olist_order_items_dataset.csv": "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,"
    "freight_value",
    "olist_order_payments_dataset.csv": "order_id,payment_sequential,payment_type,payment_installments,payment_value",
    "olist_customers_dataset.csv": "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,"
    "customer_state",
    "olist_products_dataset.csv": "product_id,product_category_name,product_name_lenght,product_description_lenght,"
    "product_photos_qty,product_weight_g,product_length_cm,product_height_cm,product_width_cm",
}
_BEGIN: Final = datetime(2024, 1, 1, 8)  # noqa: DTZ001  # a shop's own clock
_SPAN: Final = timedelta(days=700)


class Order:
    """An order as a shop has it, before any export writes it down."""

    def __init__(self, number: int, of: int, dice: random.Random) -> None:
        self.number = number
        self.at = _BEGIN + _SPAN * (number / of)
        self.customer = dice.randrange(max(1, of // 4))
        self.lines = [
            (f"SKU-{dice.randrange(2_000):04d}", dice.randint(1, 3), dice.randint(199, 4_999))
            for _ in range(dice.choice((1, 1, 2, 3)))
        ]
        self.cents = sum(pieces * price for _, pieces, price in self.lines)
        self.fate = dice.choices(("sold", "cancelled", "refunded", "partly", "failed"), (92, 3, 2, 2, 1))[0]

    @property
    def refunded(self) -> int:
        """Cents that were paid back."""
        return {"refunded": self.cents, "partly": self.cents // 3}.get(self.fate, 0)


def orders(count: int) -> Iterator[Order]:
    """The same orders each time, in the order of their numbers."""
    dice = random.Random(7)
    for number in range(count):
        yield Order(number, count, dice)


def shopify(folder: Path, count: int) -> Path:
    """The order's own columns on its first row only, prices of pieces, addresses of customers."""
    states = {"sold": "paid", "refunded": "refunded", "partly": "partially_refunded", "cancelled": "voided"}

    def rows() -> Iterator[dict[str, str]]:
        for order in orders(count):
            at = f"{order.at:%Y-%m-%d %H:%M:%S} -0500"
            head = {
                "Email": f"customer{order.customer}@example.org", "Financial Status": states.get(order.fate, "expired"),
                "Paid at": at, "Fulfillment Status": "fulfilled", "Fulfilled at": at, "Accepts Marketing": "yes",
                "Currency": "USD", "Total": _money(order.cents), "Subtotal": _money(order.cents), "Shipping": "0.00",
                "Billing Name": f"Name {order.customer}", "Billing Country": "US",
                "Refunded Amount": _money(order.refunded),
                "Cancelled at": at if order.fate == "cancelled" else "", "Id": str(10**12 + order.number),
            }  # fmt: skip
            for sku, pieces, price in order.lines:
                yield head | {
                    "Name": f"#{order.number + 1001}", "Created at": at, "Lineitem quantity": str(pieces),
                    "Lineitem name": f'Book "{sku}", bound', "Lineitem price": _money(price), "Lineitem sku": sku,
                }  # fmt: skip
                head = {}

    return _written(folder / "orders_export.csv", _SHOPIFY, rows())


def woocommerce(folder: Path, count: int) -> Path:
    """A row per item with the order's totals on each, net items beside their tax, guests with customer 0."""
    states = {"sold": "wc-completed", "cancelled": "wc-cancelled", "refunded": "wc-refunded", "failed": "wc-failed"}

    def rows() -> Iterator[dict[str, str]]:
        for order in orders(count):
            for sku, pieces, price in order.lines:
                net = round(pieces * price / 1.07)
                yield {
                    "order_id": str(order.number), "order_number": str(order.number),
                    "order_total": _money(order.cents),
                    "order_date": f"{order.at:%Y-%m-%d %H:%M:%S}", "status": states.get(order.fate, "completed"),
                    "order_currency": "EUR", "refunded_total": _money(order.refunded),
                    "customer_id": "0" if order.customer % 5 == 0 else str(order.customer),
                    "billing_email": f"Customer{order.customer}@Example.org", "billing_phone": "'+4915112345064",
                    "item_sku": sku, "item_name": f"Buch {sku}", "item_quantity": str(pieces),
                    "item_total": _money(net),
                    "item_total_tax": _money(pieces * price - net), "item_refunded": "0",
                }  # fmt: skip

    return _written(folder / "orders.csv", _WOOCOMMERCE, rows(), encoding="utf-8-sig")


def magento(folder: Path, count: int) -> Path:
    """One row per order, amounts with signs, dates in words."""
    states = {"sold": "Complete", "cancelled": "Canceled", "refunded": "Closed", "failed": "Pending Payment"}

    def rows() -> Iterator[dict[str, str]]:
        for order in orders(count):
            total = f"${order.cents / 100:,.2f}"
            yield {
                "ID": f"{order.number:09d}", "Purchase Point": "Main Website\nMain Website Store\n  Default Store View",
                "Purchase Date": f"{order.at:%b %d, %Y, %I:%M:%S %p}", "Bill-to Name": f"Name {order.customer}",
                "Grand Total (Base)": total, "Grand Total (Purchased)": total,
                "Status": states.get(order.fate, "Complete"), "Customer Email": f"customer{order.customer}@example.org",
                "Subtotal": total, "Total Refunded": f"${order.refunded / 100:,.2f}",
            }  # fmt: skip

    return _written(folder / "export.csv", _MAGENTO, rows())


def online_retail(folder: Path, count: int) -> Path:
    """Prices of pieces, ids that passed through a spreadsheet library, cancellations as invoices of their own."""

    def rows() -> Iterator[dict[str, str]]:
        for order in orders(count):
            who = f"{order.customer + 12346}.0" if order.number % 12 else ""
            shared = {"Customer ID": who, "Country": "United Kingdom"}
            for sku, pieces, price in order.lines:
                at = f"{order.at:%Y-%m-%d %H:%M:%S}"
                line = {"StockCode": sku, "Description": "HEART HOLDER", "Price": _money(price), "InvoiceDate": at}
                yield shared | line | {"Invoice": str(order.number + 489_434), "Quantity": str(pieces)}
            if order.fate == "refunded":
                for sku, pieces, price in order.lines:
                    at = f"{order.at + timedelta(days=3):%Y-%m-%d %H:%M:%S}"
                    line = {"StockCode": sku, "Description": "HEART HOLDER", "Price": _money(price), "InvoiceDate": at}
                    yield shared | line | {"Invoice": f"C{order.number + 489_434}", "Quantity": str(-pieces)}

    return _written(folder / "online_retail_II.csv", _RETAIL, rows())


def olist(folder: Path, count: int) -> Path:
    """Five of the tables, which belong together by ids; each order has a customer id of its own."""
    states = {"sold": "delivered", "cancelled": "canceled", "failed": "unavailable"}
    names = {name: header.split(",") for name, header in _OLIST.items()}
    held: dict[str, list[list[str]]] = {name: [] for name in names}
    folder.mkdir(parents=True, exist_ok=True)
    for order in orders(count):
        key, at = f"{order.number:032x}", f"{order.at:%Y-%m-%d %H:%M:%S}"
        later = f"{order.at + timedelta(days=6):%Y-%m-%d %H:%M:%S}"
        held["olist_orders_dataset.csv"].append([
            key, f"c{key}", states.get(order.fate, "delivered"), at, at, later, later, later,
        ])  # fmt: skip
        held["olist_customers_dataset.csv"].append([f"c{key}", f"{order.customer:032x}", "01409", "sao paulo", "SP"])
        held["olist_order_payments_dataset.csv"].append([key, "1", "credit_card", "1", _money(order.cents)])
        for number, (sku, pieces, price) in enumerate(order.lines, start=1):
            held["olist_order_items_dataset.csv"].append(
                [key, str(number), sku, "s", at, _money(pieces * price), "0.00"]
            )
    held["olist_products_dataset.csv"] = [
        [f"SKU-{n:04d}", "livros", "1", "1", "1", "1", "1", "1", "1"] for n in range(2_000)
    ]
    for name, header in names.items():
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows([header, *held[name]])
    return folder


def cdnow(folder: Path, count: int) -> Path:
    """Runs of blanks, no header, no numbers of orders; of the years that the file is of."""
    path = folder / "CDNOW_master.txt"
    with path.open("w", encoding="ascii") as file:
        for order in orders(count):
            day = datetime(1997, 1, 1) + timedelta(days=545 * order.number // count)  # noqa: DTZ001  # days alone
            file.write(f" {order.customer + 1:05d} {day:%Y%m%d} {len(order.lines):2d} {order.cents / 100:7.2f}\n")
    return path


EXPORTS: Final[dict[str, Callable[[Path, int], Path]]] = {
    "shopify": shopify,
    "woocommerce": woocommerce,
    "magento": magento,
    "online-retail": online_retail,
    "olist": olist,
    "cdnow": cdnow,
}


def _written(path: Path, header: str, rows: Iterator[dict[str, str]], encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, header.split(","), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _money(cents: int) -> str:
    return f"{cents / 100:.2f}"
