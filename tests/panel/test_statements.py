"""Royalty statements in the panel: the list, the sheet, the sales behind a figure, and what is filed."""

import csv
from io import StringIO

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from licensing.ledger.statements import compute_statement
from licensing.models import Licence, Statement
from merchants.models import Merchant


def at(merchant: Merchant, end: str = "", language: str = "en") -> str:
    return f"/panel/{language}/{merchant.slug}/statements/{end}"


def test_a_figure_leads_to_the_sales_behind_it(owner: Client, merchant: Merchant, statement: Statement) -> None:
    page = owner.get(at(merchant, f"{statement.public_id}/")).content.decode()
    lines = at(merchant, f"{statement.public_id}/lines/0/")

    assert "$2.50" in page
    assert f'href="{lines}"' in page
    assert "1 Jan 2026 to 31 Mar 2026" in page
    assert "2026年3月31日" in owner.get(at(merchant, f"{statement.public_id}/", "zh")).content.decode()
    behind = owner.get(lines).content.decode()
    assert [name in behind for name in ("s1", "s2", "$20.00", "$5.00")] == [True] * 4
    assert owner.get(at(merchant, f"{statement.public_id}/lines/1/")).status_code == 404


def test_what_is_filed_has_a_name_and_is_in_the_pages_language(
    owner: Client, merchant: Merchant, statement: Statement
) -> None:
    table = owner.get(at(merchant, f"{statement.public_id}.csv"))
    english = owner.get(at(merchant, f"{statement.public_id}.pdf"))
    chinese = owner.get(at(merchant, f"{statement.public_id}.pdf", "zh"))

    name = f"{statement.licence.number}-2026-Q1"
    assert [one["Content-Disposition"] for one in (table, english)] == [
        f'attachment; filename="{name}.csv"', f'attachment; filename="{name}.pdf"',
    ]  # fmt: skip
    rows = list(csv.DictReader(StringIO(b"".join(table.streaming_content).decode("utf-8-sig"))))
    assert [row["royalty"] for row in rows if row["kind"] == "group"] == ["2.50"]
    assert english.content != chinese.content


def test_the_list_costs_the_same_for_one_statement_and_for_three(
    owner: Client, merchant: Merchant, statement: Statement
) -> None:
    counts = []
    for periods in ((), ("2026-Q2", "2026-Q3")):
        for period in periods:
            _open(statement.licence, period)
        with CaptureQueriesContext(connection) as queries:
            page = owner.get(at(merchant)).content.decode()
        counts.append(len(queries))

    assert [name in page for name in ("2026-Q1", "2026-Q2", "2026-Q3")] == [True] * 3
    assert counts[0] == counts[1]


def _open(licence: Licence, period: str) -> None:
    before = Statement.objects.filter(licence=licence).order_by("-number").first()
    quarter = int(period[-1])
    Statement.objects.create(
        licence=licence, number=before.number + 1, period=period, currency="USD", first_day=f"2026-{3 * quarter - 2:02}-01",
        last_day=f"2026-{3 * quarter:02}-28",
    )  # fmt: skip
    compute_statement(licence, period)
