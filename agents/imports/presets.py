"""Stage 3, columns: what the columns of known exports mean, and how free columns are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from agents.imports.statuses import Meaning

AmountIs = Literal["line", "unit", "order"]

TIMES: Final = ("time", "paid_at", "cancelled_at", "refunded_at", "dispatched_at", "delivered_at", "promised_at",
         "resolved_at", "birthday")  # fmt: skip
AMOUNTS: Final = ("amount", "payment", "price", "price_tax", "refunded", "item_refunded", "shipping", "discount")


@dataclass(frozen=True)
class Layout:
    """What the columns of one kind of table mean."""

    columns: Mapping[str, tuple[str, ...]]
    """Meaning to the names it may have; of several that are there, the first that is filled counts."""
    needs: tuple[str, ...]
    """Meanings without which a table is not of this kind."""
    amount_is: AmountIs = "order"
    price_is: Literal["unit", "line"] = "unit"
    joined: bool = False
    """Whether several columns of order numbers are one number together, rather than the first that is filled."""
    looks_up: str = ""
    """Not orders but a table in which ids of this meaning are looked up: ``customer``, ``category``."""


@dataclass(frozen=True)
class Preset:
    """An export that is known by name."""

    title: str
    layouts: tuple[Layout, ...]
    currency: str = ""
    zone: str = ""
    statuses: Mapping[str, Meaning] = field(default_factory=dict)
    header: bool | None = None
    delimiter: str | None = None
    country: str = ""
    """Whose way of writing phone numbers it has, where no column says."""
    since: str = ""
    """The earliest day in it, where that is longer ago than what is taken otherwise."""
    test_items: str = ""
    """Pattern of articles that mark a test order."""
    no_items: str = ""
    """Pattern of lines that are money and no article: postage, discounts, fees."""


SHOPIFY: Final = Preset(
    title="Shopify, Orders > Export",
    layouts=(
        Layout(
            {
                "order": ("Name",),
                "customer": ("Customer ID", "Email", "Phone"),
                "time": ("Created at",),
                "amount": ("Total",),
                "currency": ("Currency",),
                "status": ("Financial Status",),
                "paid_at": ("Paid at",),
                "dispatched_at": ("Fulfilled at",),
                "cancelled_at": ("Cancelled at",),
                "refunded": ("Refunded Amount",),
                "coupon": ("Discount Code",),
                "item": ("Lineitem sku", "Lineitem name"),
                "quantity": ("Lineitem quantity",),
                "price": ("Lineitem price",),
                "email": ("Email",),
                "phone": ("Phone", "Billing Phone", "Shipping Phone"),
                "name": ("Billing Name", "Shipping Name"),
                "country": ("Billing Country", "Shipping Country"),
                "consent": ("Accepts Marketing",),
            },
            needs=("order", "time", "amount", "status"),
        ),
    ),
    statuses={"pending": "sale", "expired": "unpaid"},
)
WOOCOMMERCE: Final = Preset(
    title="WooCommerce, an order export with one row per item or per order",
    layouts=(
        Layout(
            {
                "order": ("order_number", "order_id", "Order Number", "Order ID", "Order"),
                "customer": (
                    "customer_id",
                    "customer_user",
                    "Customer User ID",
                    "Customer ID",
                    "billing_email",
                    "Billing Email Address",
                    "Email (Billing)",
                    "customer_email",
                ),
                "time": ("order_date", "date", "date_created", "Order Date", "Date"),
                "amount": ("order_total", "total", "Order Total", "Order Total Amount", "Total"),
                "currency": ("order_currency", "currency", "Order Currency"),
                "status": ("status", "order_status", "Order Status", "Status"),
                "paid_at": ("paid_date", "date_paid", "Paid Date"),
                "refunded": ("refunded_total", "Order Refund Amount", "refund_amount"),
                "coupon": ("coupon_items", "coupons", "Coupon Code"),
                "item": ("item_sku", "SKU", "item_name", "Item Name", "Product Name"),
                "quantity": ("item_quantity", "Quantity", "Quantity (- Refund)"),
                "price": ("item_total", "Order Line Total", "Item Total"),
                "price_tax": ("item_total_tax", "item_tax", "Order Line Tax"),
                "item_refunded": ("item_refunded",),
                "email": ("billing_email", "Billing Email Address", "Email (Billing)", "customer_email"),
                "phone": ("billing_phone", "Phone (Billing)"),
                "first_name": ("billing_first_name", "First Name (Billing)"),
                "name": ("billing_last_name", "Last Name (Billing)", "customer_name"),
                "country": ("billing_country", "Country Code (Billing)"),
            },
            needs=("order", "time", "amount", "status"),
            price_is="line",
        ),
    ),
    statuses={"pending": "unpaid"},
)
MAGENTO: Final = Preset(
    title="Magento 2 or Adobe Commerce, the order grid's export",
    layouts=(
        Layout(
            {
                "order": ("ID", "increment_id", "Order #"),
                "customer": ("Customer Email", "customer_email"),
                "time": ("Purchase Date", "created_at", "Purchased On"),
                "amount": ("Grand Total (Purchased)", "grand_total", "G.T. (Purchased)"),
                "currency": ("order_currency_code", "Order Currency"),
                "status": ("Status", "status"),
                "refunded": ("Total Refunded", "total_refunded"),
                "email": ("Customer Email", "customer_email"),
                "name": ("Customer Name", "Bill-to Name", "customer_name"),
                "item": ("sku",),
                "quantity": ("qty_ordered",),
                "price": ("price_incl_tax", "price"),
            },
            needs=("order", "customer", "time", "amount", "status"),
        ),
    ),
    statuses={"pending": "sale", "new": "sale", "closed": "refunded", "pending paypal": "unpaid"},
)
ONLINE_RETAIL: Final = Preset(
    title="UCI Online Retail and Online Retail II",
    layouts=(
        Layout(
            {
                "order": ("Invoice", "InvoiceNo"),
                "customer": ("Customer ID", "CustomerID"),
                "time": ("InvoiceDate",),
                "amount": ("Price", "UnitPrice"),
                "item": ("StockCode",),
                "quantity": ("Quantity",),
            },
            needs=("order", "customer", "time", "amount", "item", "quantity"),
            amount_is="unit",
        ),
    ),
    currency="GBP",
    zone="Europe/London",
    since="2009-01-01",
    test_items=r"(?i)TEST\d*",
    no_items=r"POST|DOT|D|M|m|C2|C3|S|B|CRUK|BANK CHARGES|AMAZONFEE|ADJUST2?|PADS|gift_.*",
)
_OLIST_ORDER: Final = {
    "order": ("order_id",),
    "customer": ("customer_unique_id", "customer_id"),
    "time": ("order_purchase_timestamp",),
    "status": ("order_status",),
    "dispatched_at": ("order_delivered_carrier_date",),
    "delivered_at": ("order_delivered_customer_date",),
    "promised_at": ("order_estimated_delivery_date",),
    "payment": ("payment_value",),
    "item": ("product_id",),
    "price": ("price",),
    "shipping": ("freight_value",),
    "category": ("product_category_name",),
}
OLIST: Final = Preset(
    title="Olist, Brazilian E-Commerce: the folder of its tables, or them joined",
    layouts=(
        Layout(_OLIST_ORDER, needs=("order", "customer", "time", "status"), amount_is="line", price_is="line"),
        Layout(
            {"order": ("order_id",), "item": ("product_id",), "price": ("price",), "shipping": ("freight_value",),
             "category": ("product_id",)},
            needs=("order", "item", "price"), amount_is="line", price_is="line",
        ),
        Layout({"order": ("order_id",), "payment": ("payment_value",)}, needs=("order", "payment"), amount_is="line"),
        Layout(
            {"key": ("customer_id",), "value": ("customer_unique_id",)}, needs=("key", "value"), looks_up="customer"
        ),
        Layout(
            {"key": ("product_id",), "value": ("product_category_name",)}, needs=("key", "value"), looks_up="category"
        ),
    ),
    currency="BRL",
    zone="America/Sao_Paulo",
)  # fmt: skip
CDNOW: Final = Preset(
    title="CDNOW, the master file or the sample of a tenth",
    layouts=(
        Layout(
            {"customer": ("1",), "time": ("3",), "quantity": ("4",), "amount": ("5",)},
            needs=("customer", "time", "quantity", "amount"), amount_is="line",
        ),
        Layout(
            {"customer": ("1",), "time": ("2",), "quantity": ("3",), "amount": ("4",)},
            needs=("customer", "time", "quantity", "amount"), amount_is="line",
        ),
    ),
    currency="USD",
    zone="America/New_York",
    header=False,
    since="1997-01-01",
)  # fmt: skip
TAOBAO: Final = Preset(
    title="Taobao or Tmall, ExportOrderList",
    layouts=(
        Layout(
            {
                "order": ("订单编号",),
                "customer": ("买家会员名",),
                "time": ("订单创建时间",),
                "amount": ("买家实际支付金额",),
                "status": ("订单状态",),
                "paid_at": ("订单付款时间",),
                "refunded": ("退款金额",),
                "item": ("宝贝标题",),
                "quantity": ("宝贝总数量", "宝贝数量"),
                "phone": ("联系手机",),
                "name": ("收货人姓名",),
            },
            needs=("order", "customer", "time", "amount", "status"),
        ),
    ),
    currency="CNY",
    zone="Asia/Shanghai",
    country="CN",
)
PRESETS: Final[Mapping[str, Preset]] = {
    "shopify": SHOPIFY,
    "woocommerce": WOOCOMMERCE,
    "magento": MAGENTO,
    "online-retail": ONLINE_RETAIL,
    "olist": OLIST,
    "cdnow": CDNOW,
    "taobao": TAOBAO,
}


CUSTOMERS: Final[Mapping[str, Layout]] = {
    "shopify": Layout(
        {
            "customer": ("Email", "Phone", "Default Address Phone"),
            "email": ("Email",),
            "phone": ("Phone", "Default Address Phone"),
            "first_name": ("First Name",),
            "name": ("Last Name",),
            "country": ("Country Code", "Default Address Country Code"),
            "region": ("Province", "Default Address Province Code"),
            "tags": ("Tags",),
            "consent_email": ("Accepts Email Marketing", "Accepts Marketing"),
            "consent_sms": ("Accepts SMS Marketing",),
        },
        needs=("customer", "email"),
    ),
    "woocommerce": Layout(
        {
            "customer": ("customer_id", "id", "user_id", "user_email", "billing_email", "email"),
            "time": ("user_registered", "date_created", "registered", "Registered"),
            "email": ("user_email", "billing_email", "email"),
            "phone": ("billing_phone", "phone"),
            "first_name": ("first_name", "billing_first_name"),
            "name": ("last_name", "billing_last_name"),
            "country": ("billing_country", "country"),
            "region": ("billing_state", "state"),
        },
        needs=("customer", "email"),
    ),
    "magento": Layout(
        {
            "customer": ("Email", "email"),
            "time": ("Customer Since", "created_at"),
            "email": ("Email", "email"),
            "phone": ("Phone", "Telephone"),
            "name": ("Name",),
            "first_name": ("firstname",),
            "birthday": ("Date of Birth", "dob"),
            "region": ("State/Province",),
        },
        needs=("customer",),
    ),
}
"""Customers' files, by the names of their shops' presets."""


def layout_of(header: tuple[str, ...], layouts: tuple[Layout, ...]) -> Layout | None:
    """The layout that a header has, with the columns that are there; the first that fits."""
    lower = {name.lower() for name in header}
    for layout in layouts:
        there = {
            meaning: found
            for meaning, names in layout.columns.items()
            if (found := tuple(name for name in names if name.lower() in lower))
        }
        if all(meaning in there for meaning in layout.needs):
            return replace(layout, columns=there)
    return None
