"""A statement at the desk: its sheet, the sales behind a figure, what is filed, other terms on the same sales."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from licensing.ledger.sales import record_sales
from licensing.ledger.statements import compute_statement
from licensing.ledger.terms import set_terms
from licensing.models import Statement
from tests.factories import NOW, make_film, make_licence, make_merchant

pytestmark = pytest.mark.django_db

TERMS = {"currency": "USD", "zone": "UTC", "rate": "10%"}


@pytest.fixture
def statement() -> Statement:
    licence = make_licence(make_film(), make_merchant())
    set_terms(licence, TERMS, by=None)
    sale = {"id": "s1", "date": "2026-01-10", "quantity": 2, "unit_price": "10.00", "territory": "US"}
    assert [one.outcome for one in record_sales(licence, [sale], source="csv", by=None, at=NOW)] == ["created"]
    return compute_statement(licence, "2026-Q1", at=NOW)


def page(statement: Statement, name: str, *more: int) -> str:
    return reverse(f"admin:licensing_statement_{name}", args=[statement.pk, *more])


def test_the_list_leads_to_the_sheet_and_a_figure_to_its_sales(desk: Client, statement: Statement) -> None:
    assert page(statement, "sheet") in desk.get("/desk/licensing/statement/").content.decode()

    sheet = desk.get(page(statement, "sheet")).content.decode()
    assert "$2.00" in sheet
    assert page(statement, "lines", 0) in sheet
    assert "s1" in desk.get(page(statement, "lines", 0)).content.decode()
    assert desk.get(page(statement, "lines", 1)).status_code == 404


@pytest.mark.parametrize("name, begins", [("csv", b"\xef\xbb\xbfkind,"), ("pdf", b"%PDF-"), ("zh_pdf", b"%PDF-")])
def test_what_is_filed(desk: Client, statement: Statement, name: str, begins: bytes) -> None:
    answer = desk.get(page(statement, name))

    assert b"".join(answer).startswith(begins)
    assert answer["Content-Disposition"].startswith("attachment")


def test_other_terms_are_tried_and_not_kept(desk: Client, statement: Statement) -> None:
    tried = desk.post(page(statement, "what_if"), {"terms": json.dumps(TERMS | {"rate": "15%"})})
    wrong = desk.post(page(statement, "what_if"), {"terms": json.dumps(TERMS | {"rate": "15"})})

    assert tried.status_code == 200
    assert [amount in tried.content.decode() for amount in ("$2.00", "$3.00", "$1.00")] == [True] * 3
    assert wrong.status_code == 422
    assert "agreement.rate" in wrong.content.decode() or "rate" in wrong.content.decode()
    statement.refresh_from_db()
    assert (statement.payable, statement.licence.royalty_terms.terms["rate"]) == (200, "10%")


@pytest.mark.parametrize("name", ["sheet", "csv", "pdf", "what_if"])
def test_whoever_may_not_see_statements_sees_none(fan_client: Client, statement: Statement, name: str) -> None:
    assert fan_client.get(page(statement, name)).status_code == 302
