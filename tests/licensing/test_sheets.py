"""A statement as people read it: the sheet, the table, the PDF, the lines behind a figure, and what other terms would give."""

import csv
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any

import pytest
from django.utils import translation

from core.errors import Refused
from licensing.ledger.forecast import forecasts
from licensing.ledger.sales import record_sales
from licensing.ledger.statements import close_statement, compute_statement
from licensing.ledger.terms import set_terms
from licensing.ledger.what_if import what_if
from licensing.models import Licence, SaleLine, Statement
from licensing.royalties.cases import parse_json
from licensing.sheets.behind import lines_behind
from licensing.sheets.pdf import pdf_of
from licensing.sheets.sheet import sheet_of
from licensing.sheets.table import COLUMNS, csv_pieces
from tests.factories import make_film, make_licence, make_merchant

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 31, 12, tzinfo=UTC)
TERMS = """{"currency": "USD", "zone": "UTC", "rates": [{"territory": "DE", "rate": "12%"}, {"territory": "US", "rate": "10%"}],
 "guarantee": "1000.00", "fx": {"method": "FIXED", "source": "contract", "rates": {"EUR": "1.10"}}}"""
SALES: list[dict[str, Any]] = [
    {"id": "s1", "date": "2026-01-10", "article": "TEE", "quantity": 10, "unit_price": "20.00", "territory": "US"},
    {
        "id": "s2",
        "date": "2026-02-10",
        "article": "TEE",
        "quantity": 5,
        "unit_price": "30.00",
        "territory": "DE",
        "currency": "EUR",
    },
    {"id": "s3", "date": "2026-02-11", "article": "MUG", "quantity": 1, "unit_price": "9.99", "territory": "US"},
    {"kind": "return", "id": "r1", "date": "2026-03-01", "of": "s1", "quantity": 2},
]


def told(statement: Statement) -> dict[str, str]:
    return {figure.code: figure.value for figure in sheet_of(statement).figures}


@pytest.fixture
def licence(db: None) -> Licence:
    film = make_film("ferryman", title_en="The Ferryman", title_zh="摆渡人")
    licence = make_licence(film, make_merchant("harbour", name="Harbour", name_zh="港湾印刷"), number="LIC-1")
    set_terms(licence, parse_json(TERMS), by=None)
    results = list(record_sales(licence, SALES, source="csv", by=None, at=AT))
    assert [result.outcome for result in results] == ["created"] * 4
    return licence


@pytest.fixture
def statement(licence: Licence) -> Statement:
    return compute_statement(licence, "2026-Q1", at=AT)


def test_the_sheet_says_what_the_figures_say(statement: Statement) -> None:
    # US 200.00 + 9.99 − 40.00 at 10 %; DE 150.00 EUR × 1.10 at 12 %.
    assert told(statement) | {"net": ""} == {
        "gross": "$209.99", "returns": "−$40.00", "deductions": "$0.00", "net": "", "base": "$334.99", "royalty": "$36.80",
        "adjustments": "$0.00", "earned": "$36.80", "cum_earned": "$36.80", "cum_advance": "$0.00", "advance_unrecouped": "$0.00",
        "due": "$36.80", "shortfall_due": "$0.00", "cmf_due": "$0.00", "payable": "$36.80", "paid": "$0.00", "balance": "$36.80",
    }  # fmt: skip
    rows = sheet_of(statement).groups
    assert [(row.territory, row.units, row.net, row.fx, row.rates, row.royalty) for row in rows] == [
        ("Germany", "5", "€150.00", "1.1", "12%", "$19.80"),
        ("United States", "11, 2 back", "$169.99", "", "10%", "$17.00"),
    ]


def test_the_sheet_speaks_the_readers_language(statement: Statement) -> None:
    with translation.override("zh-hans"):
        sheet = sheet_of(statement)

    facts = dict(sheet.facts)
    assert "港湾印刷" in facts.values()
    assert "摆渡人" in facts.values()
    assert "2026年1月1日" in next(value for value in facts.values() if "3月31日" in value)
    assert sheet.groups[0].territory == "德国"


def test_a_guarantee_is_shown_with_what_the_pace_promises(licence: Licence, statement: Statement) -> None:
    (bar,) = sheet_of(statement, outlooks=forecasts(licence, as_of=date(2026, 3, 31))).bars

    assert (bar.amount, bar.credited, bar.credited_width) == ("$1,000.00", "$36.80", 368)
    assert bar.by_end_width > bar.credited_width
    assert "would be owed besides" in bar.outlook


def test_the_table_adds_up_and_holds_no_formula(licence: Licence) -> None:
    sale = {"id": "s4", "date": "2026-03-02", "article": "MUG", "quantity": 1, "unit_price": "5.00", "territory": "US",
            "category": "=cmd()"}  # fmt: skip
    list(record_sales(licence, [sale], source="csv", by=None, at=AT))
    statement = compute_statement(licence, "2026-Q1", at=AT)

    text = b"".join(csv_pieces(statement)).decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(text)))

    assert tuple(rows[0]) == COLUMNS
    groups = [row for row in rows if row["kind"] == "group"]
    sums = {row["name"]: row["royalty"] for row in rows if row["kind"] == "sum"}
    assert sum(round(float(row["royalty"]) * 100) for row in groups) == round(float(sums["royalty"]) * 100)
    assert [row["category"] for row in groups if row["category"]] == ["'=cmd()"]


def test_the_lines_behind_a_figure_are_those_that_make_it(statement: Statement) -> None:
    groups = statement.figures["groups"]
    found = {group["territory"]: lines_behind(statement, number).lines for number, group in enumerate(groups)}

    assert {territory: [line.external_id for line in lines] for territory, lines in found.items()} == {
        "DE": ["s2"], "US": ["s1", "s3", "r1"],
    }  # fmt: skip
    with pytest.raises(Refused) as refusal:
        lines_behind(statement, len(groups))
    assert refusal.value.code == "UNKNOWN_GROUP"


def test_a_deduction_that_names_no_sale_stands_behind_the_group_it_means(licence: Licence) -> None:
    set_terms(licence, parse_json(TERMS) | {"deductions": {"allowed": ["FREIGHT"]}}, by=None)
    freight = {"kind": "deduction", "id": "d1", "date": "2026-03-02", "type": "FREIGHT", "amount": "3.00", "territory": "US",
               "currency": "USD"}  # fmt: skip
    list(record_sales(licence, [freight], source="csv", by=None, at=AT))
    computed = compute_statement(licence, "2026-Q1", at=AT)

    for statement in (computed, close_statement(computed, by=None, at=datetime(2026, 4, 1, tzinfo=UTC))):
        groups = statement.figures["groups"]
        found = {group["territory"]: lines_behind(statement, number).lines for number, group in enumerate(groups)}
        assert {group["territory"]: group["deductions"] for group in groups} == {"DE": "0.00", "US": "3.00"}
        assert "d1" in [line.external_id for line in found["US"]]
        assert "d1" not in [line.external_id for line in found["DE"]]


def test_every_line_stands_behind_one_figure_when_a_rate_turns_in_the_period(licence: Licence) -> None:
    terms = parse_json(TERMS)
    terms["rates"] = [
        {"rate": "10%", "to": "2026-01-31", "id": "old"}, {"rate": "12%", "from": "2026-02-01", "id": "new"},
    ]  # fmt: skip
    set_terms(licence, terms, by=None)
    own = {
        "id": "s5",
        "date": "2026-02-20",
        "quantity": 1,
        "unit_price": "1.00",
        "territory": "DE",
        "currency": "EUR",
        "fx": "1.2",
    }
    list(record_sales(licence, [own], source="csv", by=None, at=AT))
    statement = compute_statement(licence, "2026-Q1", at=AT)

    groups = range(len(statement.figures["groups"]))
    behind = [line.external_id for number in groups for line in lines_behind(statement, number).lines]

    assert len(groups) == 4
    assert sorted(behind) == ["r1", "s1", "s2", "s3", "s5"]


def test_a_long_figure_is_read_page_by_page(statement: Statement, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("licensing.sheets.behind.PAGE", 2)

    first = lines_behind(statement, 1)
    second = lines_behind(statement, 1, after=first.next)

    assert [line.external_id for line in first.lines + second.lines] == ["s1", "s3", "r1"]
    assert second.next == 0


def test_late_returns_stand_behind_their_adjustment(licence: Licence, statement: Statement) -> None:
    close_statement(statement, by=None, at=datetime(2026, 4, 1, tzinfo=UTC))
    later = datetime(2026, 4, 20, tzinfo=UTC)
    back = [
        {"kind": "return", "id": "r2", "date": "2026-04-10", "of": "s1", "quantity": 1},
        {"kind": "return", "id": "r3", "date": "2026-04-11", "of": "s2", "quantity": 1},
        {"kind": "return", "id": "r4", "date": "2026-04-12", "of": "s3", "quantity": 1},
    ]
    assert [one.outcome for one in record_sales(licence, back, source="csv", by=None, at=later)] == ["created"] * 3
    following = compute_statement(licence, "2026-Q2", at=later)

    rows = sheet_of(following).adjustments
    behind = {row.amount: [line.external_id for line in lines_behind(following, row.number).lines] for row in rows}

    assert sorted(name for names in behind.values() for name in names) == ["r2", "r3", "r4"]
    assert ["r3"] in behind.values()
    assert sheet_of(following).row(rows[0].number) == rows[0]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_pdf_is_one_and_the_same_and_holds_its_font(statement: Statement, language: str) -> None:
    with translation.override(language):
        once, twice = (pdf_of(sheet_of(statement)) for _ in range(2))

    assert once == twice
    assert once.startswith(b"%PDF-")
    assert b"/FontFile2" in once
    assert len(once) < 200_000


def test_other_terms_are_tried_on_the_same_lines_and_nothing_is_kept(licence: Licence, statement: Statement) -> None:
    closed = close_statement(statement, by=None, at=datetime(2026, 4, 1, tzinfo=UTC))
    before = SaleLine.objects.count()

    terms = parse_json(TERMS)
    terms["rates"] = [{"rate": "20%"}]
    (compared,) = what_if(licence, terms)

    assert (compared.period, compared.payable, compared.would_be) == ("2026-Q1", 3680, 6700)
    closed.refresh_from_db()
    assert (closed.state, closed.payable, SaleLine.objects.count()) == ("closed", 3680, before)
    assert licence.royalty_terms.terms["rates"][0]["rate"] == "12%"
    with pytest.raises(Refused) as refusal:
        what_if(licence, terms | {"rates": [{"territory": "FR", "rate": "1%"}]})
    assert refusal.value.code == "NO_RATE_RULE"
