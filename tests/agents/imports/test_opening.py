"""Whatever a shop hands over is opened, and read in the encoding it is in."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable

import orjson
import pytest

from agents.imports.encoding import encoding_of
from schemas.errors import TendError
from tests.agents.imports.shop import EUR, FREE, Shop

ROWS = "Order,Customer,Date,Amount\n1,ann,2024-03-05,5.00\n2,bob,2024-03-06,7.00\n"
BOTH = {"1": 500, "2": 700}


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("Kunde,Café,Größe\nJörg,René,à côté\n", "cp1252", "cp1252"),
        ("Straße\n", "cp1252", "cp1252"),
        ("订单编号,买家会员名,买家应付货款\n1,爱书的猫,98.00\n", "gb18030", "gb18030"),
        ("䶮䶮在看书,€不用找\n", "gb18030", "gb18030"),
        ("陳大文,已付款訂單\n", "big5", "big5"),
        ("注文番号,お客様の名前,カタカナ\n", "shift_jis", "shift_jis"),
        ("注文番号,お客様の名前,カタカナ\n", "euc_jp", "euc_jp"),
        ("김철수,주문 완료\n", "euc_kr", "euc_kr"),
        ("Иван Петров,заказ оплачен\n", "cp1251", "cp1251"),
        ("Name,für\n", "utf-16", "utf-16"),
        ("Order,Name\n1,für\n", "utf-16-le", "utf-16-le"),
        ("Order,Name\n1,für\n", "utf-16-be", "utf-16-be"),
        ("Name,für\n", "utf-8-sig", "utf-8-sig"),
        ("plain\n", "ascii", "utf-8-sig"),
    ],
)
def test_an_encoding_is_found_out(text: str, encoding: str, expected: str) -> None:
    assert encoding_of(io.BytesIO(text.encode(encoding))) == expected


@pytest.mark.parametrize("told", ["rot13", "base64", "undefined", "no-such"])
def test_what_is_no_encoding_of_text_is_refused(told: str) -> None:
    with pytest.raises(TendError, match=f"--encoding {told}: there is no such encoding"):
        encoding_of(io.BytesIO(b"plain"), told)


def test_letters_beyond_ascii_may_come_late(shop: Shop) -> None:
    rows = ["Order,Customer,Date,Amount"] + [f"{n},c{n},2024-03-05,1.00" for n in range(3_000)]
    text = "\n".join([*rows, "x,Jörg,2024-03-05,1.00"]) + "\n"

    found = shop.imports(text.encode("cp1252"), *EUR)

    assert "Jörg" in found.ids


def test_one_damaged_row_in_a_file_of_utf_8_is_that_row_alone(shop: Shop) -> None:
    rows = "".join(f"{n},Jörg {n},2024-03-05,1.00\n" for n in range(200))
    text = b"Order,Customer,Date,Amount\n" + rows.encode() + b"x,J\xf6rg,2024-03-05,1.00\n"

    found = shop.imports(text, *EUR)

    assert len(found.placed) == 200
    assert found.report == ["line 202: customer: holds bytes that are no text in the file's encoding"]


def test_an_encoding_that_is_told_counts(shop: Shop) -> None:
    text = "Order,Customer,Date,Amount\n1,Łódź,2024-03-05,1.00\n".encode("cp1250")

    assert "Łódź" in shop.imports(text, *EUR, "--encoding", "cp1250").ids
    assert "there is no such encoding" in shop.imports(text, *EUR, "--encoding", "klingon").said.err


def zipped(content: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("export/orders.csv", content)
        archive.writestr("__MACOSX/export/._orders.csv", b"\x00\x01")
        archive.writestr("export/readme.md", b"no table")
    return held.getvalue()


@pytest.mark.parametrize(
    ("name", "pack"),
    [("a.csv.gz", gzip.compress), ("a.csv.bz2", bz2.compress), ("a.csv.xz", lzma.compress), ("a.zip", zipped)],
)
def test_packed_files_are_unpacked(shop: Shop, name: str, pack: Callable[[bytes], bytes]) -> None:
    found = shop.imports(shop.file(name, pack(ROWS.encode("utf-16"))), *EUR)

    assert found.amounts == BOTH


def test_a_folder_of_monthly_files_is_one_history(shop: Shop) -> None:
    shop.file("months/2024-01.csv", "Order,Customer,Date,Amount\n1,ann,2024-01-31 23:59,5.00\n")
    shop.file("months/2024-02.csv", "Order;Customer;Date;Amount\n1;ann;2024-01-31 23:59;2.00\n2;bob;2024-02-01;7\nx\n")
    shop.file("months/notes.txt", "nothing of use\n")

    found = shop.imports(shop.folder / "months", *EUR, "--max-bad", "30%")

    assert found.amounts == {"1": 700, "2": 700}
    assert found.report == ["2024-02.csv line 4: line: 1 fields; expected 4, as in the header"]
    assert "notes.txt" in found.said.err


def test_months_that_write_amounts_in_two_ways_are_asked_about(shop: Shop) -> None:
    shop.file("months/2024-01.csv", "Order,Customer,Date,Amount\n1,ann,2024-01-31 23:59,5.00\n")
    shop.file("months/2024-02.csv", "Order;Customer;Date;Amount\n2;bob;2024-02-01;7,00\n")

    assert "written in two ways" in shop.imports(shop.folder / "months", *EUR).said.err


def test_files_of_one_folder_may_have_their_columns_in_any_order(shop: Shop) -> None:
    shop.file("months/2024-01.csv", "Order,Customer,Date,Amount\n1,ann,2024-01-31 23:59,5.00\n")
    shop.file("months/2024-02.csv", "Amount;Date;Customer;Order\n2.00;2024-01-31 23:59;ann;1\n7.00;2024-02-01;bob;2\n")

    assert shop.imports(shop.folder / "months", *EUR).amounts == {"1": 700, "2": 700}


def test_a_workbook_is_read_sheet_by_sheet(shop: Shop) -> None:
    path = shop.file("book.xlsx", workbook([
        ("Year 2009", [["Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "Customer ID"],
                       ["489434", "85048", 12, 45384.34789351852, 6.95, 13085.0]]),
        ("Year 2010", [["Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "Customer ID"],
                       ["489435", "85049", 1, 45385, 2.5, 13086]]),
        ("Empty", []),
    ]))  # fmt: skip

    found = shop.imports(path, "--preset", "online-retail")

    assert found.amounts == {"489434": 8340, "489435": 250}
    assert {order.customer for order in found.placed.values()} == {"13085", "13086"}


def workbook(sheets: list[tuple[str, list[list[object]]]]) -> bytes:
    """An xlsx with inline texts and numbers, and nothing else."""
    held, ns = io.BytesIO(), "http://schemas.openxmlformats.org/"
    with zipfile.ZipFile(held, "w") as book:
        kinds = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
            for n in range(1, len(sheets) + 1)
        )
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{ns}package/2006/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
            'PartName="/xl/workbook.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
            f"{kinds}</Types>",
        )
        relation = f"{ns}officeDocument/2006/relationships"
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{ns}package/2006/relationships"><Relationship Id="r" '
            f'Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        rels = "".join(
            f'<Relationship Id="r{n}" Type="{relation}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in range(1, len(sheets) + 1)
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{ns}package/2006/relationships">{rels}</Relationships>',
        )
        names = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, (name, _) in enumerate(sheets, 1))
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{ns}spreadsheetml/2006/main" xmlns:r="{relation}"><sheets>{names}</sheets></workbook>',
        )
        for n, (_, rows) in enumerate(sheets, 1):
            body = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
            book.writestr(
                f"xl/worksheets/sheet{n}.xml",
                f'<worksheet xmlns="{ns}spreadsheetml/2006/main"><sheetData>{body}</sheetData></worksheet>',
            )
    return held.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
    return f"<c><v>{value}</v></c>"


OBJECTS = [
    {"id": 1, "created_at": "2024-03-05T10:00:00Z", "total_price": "12.00", "currency": "EUR", "test": False,
     "customer": {"id": 7, "email": "ann@example.org"}, "tags": ["a", "b"],
     "line_items": [{"sku": "A", "quantity": 2, "price": "4.00"}, {"sku": "B", "quantity": 1, "price": "4.00"}]},
    {"id": 2, "created_at": "2024-03-06T10:00:00Z", "total_price": "7.00", "currency": "EUR", "test": True,
     "customer": {"id": 8}, "line_items": [{"sku": "A", "quantity": 1, "price": "7.00"}]},
]  # fmt: skip
OF_JSON = (
    "--customer", "customer.id", "--time", "created_at", "--order", "id", "--amount", "total_price", "--amount-is",
    "order", "--item", "line_items.sku", "--quantity", "line_items.quantity", "--price", "line_items.price",
    "--currency-column", "currency", "--test", "test",
)  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + b"\n".join(map(orjson.dumps, OBJECTS)) + b"\n",
        orjson.dumps(OBJECTS),
        orjson.dumps(OBJECTS, option=orjson.OPT_INDENT_2),
        orjson.dumps({"orders": OBJECTS}, option=orjson.OPT_INDENT_2),
    ],
    ids=["a line each, with a mark", "an array", "an indented array", "an answer"],
)
def test_json_is_a_table_with_a_row_for_each_line_of_an_order(shop: Shop, content: bytes) -> None:
    found = shop.imports(shop.file("orders.json", content), *OF_JSON)

    assert found.amounts == {"1": 1200}
    assert [(item.sku, item.price) for item in found.placed["1"].items] == [("A", 800), ("B", 400)]
    assert found.summary["meant"] == {"a test order": 1}


def test_a_broken_line_of_json_stops_the_import_with_its_number(shop: Shop) -> None:
    found = shop.imports(shop.file("orders.jsonl", orjson.dumps(OBJECTS[0]) + b"\n{broken\n"), *OF_JSON)

    assert (found.said.status, "line 2: is no JSON" in found.said.err) == (2, True)


@pytest.mark.parametrize(
    "text",
    [
        ROWS.replace("\n", ",,\n"),
        ROWS.replace("2,bob", "Order,Customer,Date,Amount\n2,bob"),
        ROWS.replace("\n", "\n\n"),
        ROWS.replace(",", "|"),
        ROWS.replace(",", "\t").replace("\n", "\r\n"),
        ROWS.replace("Customer,Date", '"Customer","Date"'),
        '"Order\nnumber",Customer,Date,Amount\n'.replace("Order\nnumber", "Order") + ROWS.partition("\n")[2],
        "Report of March\n\nAll amounts in euro\n" + ROWS,
        'sep=,\n' + ROWS,
    ],
    ids=["trailing commas", "repeated header", "empty lines", "bars", "tabs", "quotes", "lines", "titles", "sep"],
)  # fmt: skip
def test_layouts_of_all_kinds_are_read_alike(shop: Shop, text: str) -> None:
    assert shop.imports(text, *EUR).amounts == BOTH


def test_a_name_of_a_column_may_stand_on_two_lines(shop: Shop) -> None:
    text = ROWS.replace("Date", '"Order\n date"')

    columns = [*FREE, "--currency", "EUR"]
    columns[columns.index("Date")] = "Order date"
    assert shop.imports(text, *columns).amounts == BOTH


@pytest.mark.parametrize("name", ["nothing.csv", "empty.csv", "folder"])
def test_what_holds_no_table_is_told(shop: Shop, name: str) -> None:
    shop.file("empty.csv", "")
    (shop.folder / "folder").mkdir()

    said = shop.looks(shop.folder / name)

    assert said.status == 2
    assert said.err.startswith("tend: ")


def test_an_archive_with_a_password_is_told(shop: Shop) -> None:
    packed = bytearray(zipped(ROWS.encode()))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = packed.index(mark)
        packed[start + at] |= 1

    assert "is encrypted" in shop.looks(shop.file("a.zip", bytes(packed))).err
