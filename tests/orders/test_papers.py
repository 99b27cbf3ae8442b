"""Invoices and credit notes: complete, adding up, numbered without a gap, the same bytes each time."""

import threading
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections

from catalog.models import Market, TaxRate, Variant
from orders import papers, refunds
from orders.closing import cancel_order, cancel_pieces
from orders.models import Document, DocumentSeries, Order
from orders.paper_pdf import pdf_of
from orders.papers import issue_documents, issue_invoice
from orders.refunds import execute_refunds
from tests import factories
from tests.factories import NOW
from tests.orders.conftest import Place, buyer, sells
from tests.orders.test_refunds import Books
from tests.orders.test_results import tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(place: Place, variant: Variant) -> Order:
    order = place(variant, 3)
    tell(order.payments.get())
    order.refresh_from_db()
    return order


def test_an_invoice_holds_every_line_and_delivery_and_adds_up(order: Order, settings: Any) -> None:
    settings.SELLER_NAME, settings.SELLER_ADDRESS = "Ferry Films", "1 Pier; Hong Kong"

    assert issue_documents(at=NOW) == 1

    document = Document.objects.get()
    content = document.content
    assert document.number == "INV-2026-000001"
    assert [(one["pieces"], one["net"], one["tax"], one["gross"]) for one in content["lines"]] == [
        (3, 11400, 912, 12312), (0, 1200, 96, 1296),
    ]  # fmt: skip
    assert (content["net"] + content["tax"], content["gross"]) == (order.total_amount, order.total_amount)
    assert content["rates"] == [{"rate": "8%", "net": 12600, "tax": 1008}]
    assert content["seller"] == {"name": "Ferry Films", "lines": ["1 Pier", "Hong Kong"], "tax_id": ""}
    assert content["buyer"] == ["Lin Wei", "41 Division Street", "New York NY 10002", "United States"]
    assert issue_documents(at=NOW) == 0


def test_what_was_issued_does_not_follow_later_changes(order: Order) -> None:
    issue_documents(at=NOW)
    before = pdf_of(Document.objects.get())

    order.lines.update(title_en="Something else")
    Order.objects.update(address={"name": "Somebody else", "country_code": "US"})

    assert pdf_of(Document.objects.get()) == before
    assert before.startswith(b"%PDF")


def test_a_credit_note_names_its_invoice_and_what_came_back(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refunds, "provider_named", lambda code: Books())
    cancel_pieces(order.lines.get(), 1, by=None, at=NOW)
    cancel_order(order, by=None, at=NOW)
    execute_refunds(at=NOW)

    assert issue_documents(at=NOW) == 3

    notes = Document.objects.filter(kind="credit_note")
    assert [note.number for note in notes] == ["CRN-2026-000001", "CRN-2026-000002"]
    assert [note.content["invoice"] for note in notes] == ["INV-2026-000001"] * 2
    assert sum(note.content["gross"] for note in notes) == order.total_amount
    assert sum(note.content["tax"] for note in notes) == order.tax_amount
    assert [note.refund.document for note in notes] == list(notes)


def test_an_order_that_was_never_paid_has_no_paper(place: Place, variant: Variant) -> None:
    order = place(variant, 1)

    assert issue_documents(at=NOW) == 0
    assert issue_invoice(order, at=NOW) is None


def test_a_chinese_order_has_chinese_papers(place: Place, variant: Variant) -> None:
    order = place(variant, 1, by=buyer(language="zh-hans"))
    tell(order.payments.get())
    issue_documents(at=NOW)

    document = Document.objects.get()
    assert document.content["lines"][0]["what"] == order.lines.get().title_zh
    assert document.content["day"] == "2026年11月22日"
    assert pdf_of(document).startswith(b"%PDF")


def test_a_paper_has_the_day_and_the_year_of_its_market(order: Order) -> None:
    """Three in the morning in Greenwich on New Year's Day is the old year in New York."""
    issue_documents(at=datetime(2027, 1, 1, 3, tzinfo=UTC))

    document = Document.objects.get()
    assert (document.number, document.content["day"]) == ("INV-2026-000001", "December 31, 2026")


def test_a_number_whose_document_fails_is_given_to_the_next(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_fields: Any) -> Document:
        raise ConnectionResetError

    with monkeypatch.context() as broken:
        broken.setattr(Document.objects, "create", fail)
        with pytest.raises(ConnectionResetError):
            issue_documents(at=NOW)
    issue_documents(at=NOW)

    assert Document.objects.get().number == "INV-2026-000001"


@pytest.mark.parametrize("title", ["<b>Mug</b> & <para>", "</para>", "&nbsp;&#1;", "Ł" * 200, "渡" * 200])
def test_whatever_goods_are_called_the_paper_can_be_drawn(order: Order, title: str) -> None:
    order.lines.update(title_en=title)
    issue_documents(at=NOW)

    document = Document.objects.get()
    assert document.content["lines"][0]["what"] == title
    assert pdf_of(document).startswith(b"%PDF")


@pytest.mark.parametrize("includes_tax", [True, False])
def test_goods_of_several_rates_add_up_at_each_rate(market: Market, place: Place, includes_tax: bool) -> None:
    Market.objects.update(prices_include_tax=includes_tax)
    market.refresh_from_db()
    TaxRate.objects.create(
        market=market, country="US", tax_class="books", rate=Decimal("0.055"), starts_on="2020-01-01"
    )
    merchant = factories.make_merchant()
    goods = [
        factories.make_product(merchant=merchant, prices={"us": amount}, tax_class=tax_class).variants.get()
        for amount, tax_class in ((1999, "standard"), (333, "books"), (101, "books"))
    ]
    sells(goods[0].product, market, amount=777)
    order = place(goods[0], 3, goods[1], 1, goods[2], 7)
    tell(order.payments.get())

    issue_documents(at=NOW)

    content = Document.objects.get().content
    assert [one["rate"] for one in content["rates"]] == ["5.5%", "8%"]
    assert all(one["net"] + one["tax"] == one["gross"] for one in content["lines"])
    for name in ("net", "tax"):
        sums = [sum(one[name] for one in content[part]) for part in ("lines", "rates")]
        assert sums == [content[name]] * 2
    assert (content["tax"], content["gross"]) == (order.tax_amount, order.total_amount)


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
@pytest.mark.parametrize("is_held", [True, False])
def test_two_workers_leave_no_gap_and_number_nothing_twice(
    place: Place, variant: Variant, market: Market, monkeypatch: pytest.MonkeyPatch, is_held: bool
) -> None:
    """With the number read and written in two steps instead, both take the same one."""
    orders = [place(variant, 1) for _order in range(2)]
    for order in orders:
        tell(order.payments.get())
    meet = threading.Barrier(2, timeout=5)

    def in_two_steps(series: str) -> str:
        last = DocumentSeries.objects.get_or_create(code=series)[0].last
        meet.wait()
        DocumentSeries.objects.filter(code=series).update(last=last + 1)
        return f"{series}-{last + 1:06}"

    if not is_held:
        DocumentSeries.objects.create(code="INV-2026")
        monkeypatch.setattr(papers, "_next_number", in_two_steps)
    failures: list[str] = []

    def work(order: Order) -> None:
        try:
            issue_invoice(order, at=NOW)
        except Exception as trouble:  # noqa: BLE001 whatever it is, it is shown
            failures.append(type(trouble).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=[order]) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    numbers = sorted(Document.objects.values_list("number", flat=True))
    if is_held:
        assert (numbers, failures) == (["INV-2026-000001", "INV-2026-000002"], [])
    else:
        assert (numbers, failures) == (["INV-2026-000001"], ["IntegrityError"])
    assert connection.vendor == "postgresql"
