"""Round the ledger: files of lines, exchange rates, forecasts, what the beat prepares, the desk's pages."""

import json
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEntry
from core.errors import Refused
from licensing.ledger.forecast import earn_out, forecasts
from licensing.ledger.fx import RateRow, add_rates
from licensing.ledger.payments import adjust, record_payment
from licensing.ledger.statements import compute_statement, prepare_statements, replayed_digest
from licensing.ledger.terms import set_terms
from licensing.models import Adjustment, FxRate, Licence, RoyaltyPayment, RoyaltyTerms, SaleLine, Statement
from tests.factories import make_film, make_licence, make_merchant, make_user
from tests.licensing.test_ledger_laws import LATER, close, figure, licence_with, record, refusal, sale

pytestmark = pytest.mark.django_db


def run(path: Path, licence: Licence, *more: str) -> tuple[int, list[Any]]:
    """The exit code of the command, and what it printed as JSON."""
    out = StringIO()
    try:
        call_command("royalty_sales", str(path), "--licence", licence.number, "--json", *more, stdout=out)
        code = 0
    except CommandError as error:
        code = error.returncode
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


GOOD = "id,date,article,quantity,price\ns1,2026-02-01,MUG,3,9.99\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", GOOD.encode()),
        ("b.csv", b"\xef\xbb\xbf" + GOOD.encode().replace(b"\n", b"\r\n")),
        ("c.csv", GOOD.replace(",", ";").encode()),
        ("d.csv", GOOD.replace("id,date,article,quantity,price", "ID , Date,SKU,qty,unit_price").encode()),
        ("e.jsonl", b'\n{"id": "s1", "date": "2026-02-01", "sku": "MUG", "qty": 3, "price": 9.99}\n\n'),
    ],
)
def test_a_file_is_recorded_once_however_it_is_written(tmp_path: Path, name: str, data: bytes) -> None:
    licence, path = licence_with(), tmp_path / name
    path.write_bytes(data)

    dry = run(path, licence, "--dry-run")
    assert SaleLine.objects.count() == 0
    first, again = run(path, licence), run(path, licence)

    assert (dry[0], first[0], again[0]) == (0, 0, 0)
    assert [told[-1]["counts"]["created"] for told in (dry[1], first[1], again[1])] == [1, 1, 0]
    line = SaleLine.objects.get()
    assert (line.article, line.quantity, line.amount, line.currency) == ("MUG", 3, 2997, "USD")


def test_rows_that_cannot_be_read_are_told_with_their_lines_and_the_rest_is_recorded(tmp_path: Path) -> None:
    licence, path = licence_with(), tmp_path / "sales.csv"
    path.write_text(
        'id,date,quantity,price,article\ns1,2026-02-01,3,9.99,"two\nlines"\ns2,2026-02-01,three,9.99,MUG\ns3,2026-02-01,3\n'
        's4,2026-02-01,3,9.99,"a"b\n,2026-02-01,1,1,MUG\ns5,2026-02-01,1,1,MUG\n'
    )

    code, told = run(path, licence)

    refused = [(row["where"], row["code"], row["field"]) for row in told[:-1] if row["outcome"] == "refused"]
    assert refused == [
        ("sales.csv:4", "BAD_QUANTITY", "quantity"),
        ("sales.csv:5", "WRONG_NUMBER_OF_CELLS", ""),
        ("sales.csv:6", "FILE_UNREADABLE", ""),
        ("sales.csv:7", "MISSING_FIELD", "id"),
    ]
    assert (code, told[-1]["counts"]["created"], told[-1]["counts"]["refused"]) == (1, 2, 4)
    assert set(SaleLine.objects.values_list("external_id", flat=True)) == {"s1", "s5"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"id,colour\n1,red\n", "UNKNOWN_FIELD"),
        (b"id,id\n1,1\n", "DUPLICATE_FIELD"),
        (b"id\n\xff\n", "FILE_UNREADABLE"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(tmp_path: Path, data: bytes, code: str) -> None:
    licence, path = licence_with(), tmp_path / "sales.csv"
    path.write_bytes(data)

    assert run(path, licence)[0] == 2
    assert run(path, licence)[1][-1]["error"]["code"] == code
    assert run(tmp_path / "none.csv", licence)[0] == 2
    assert SaleLine.objects.count() == 0


def test_without_terms_nothing_is_recorded(tmp_path: Path) -> None:
    licence, path = make_licence(make_film(), make_merchant()), tmp_path / "sales.csv"
    path.write_text(GOOD)

    code, told = run(path, licence)

    assert (code, told[-1]["error"]["code"]) == (2, "royalty_terms_missing")


def test_recording_asks_the_same_of_the_database_for_one_row_and_for_three() -> None:
    licence = licence_with()
    record(licence, sale("s0", "2026-02-01"))
    counts = []
    for names in (["a"], ["b", "c", "d"]):
        with CaptureQueriesContext(connection) as queries:
            record(licence, *[sale(name, "2026-02-01") for name in names])
        counts.append(len(queries))

    assert counts[0] == counts[1]


def rate(day: str, value: str, source: str = "ECB") -> RateRow:
    return RateRow(source, "USD", "EUR", date.fromisoformat(day), value)


def test_rates_come_from_the_table_of_the_source_and_a_closed_statement_keeps_its_own() -> None:
    fx = {"method": "LAST_DAY", "source": "ECB"}
    licence = licence_with({"currency": "USD", "zone": "UTC", "rate": "10%", "fx": fx})
    record(licence, sale("s1", "2026-02-01", "100", currency="EUR"), sale("s2", "2026-05-01", "100", currency="EUR"))
    add_rates([rate("2026-03-31", "9", "somebody"), rate("2026-03-30", "1.5")], by=None)
    assert refusal(lambda: compute_statement(licence)) == "FX_RATE_MISSING"

    assert add_rates([rate("2026-03-31", "1.0845"), rate("2026-06-30", "1.2")], by=None) == 2
    assert add_rates([rate("2026-03-31", "1.0845")], by=None) == 0
    first = close(licence, "2026-Q1")
    compute_statement(licence)
    add_rates([rate("2026-03-31", "3"), rate("2026-06-30", "1.3")], by=None)

    assert figure(first, "base") == ("108.45",)
    assert replayed_digest(first) == first.digest
    assert licence.statements.get(period="2026-Q2").is_stale
    assert figure(compute_statement(licence), "base") == ("130.00",)
    assert AuditEntry.objects.filter(verb="fx.rate_set").count() == 6
    assert AuditEntry.objects.filter(verb="fx.rate_set").first().changes["rate"] == ["1.2", "1.3"]


def forecast(*history: tuple[str, int], as_of: str = "2026-07-01", **more: Any) -> Any:
    known = [(date.fromisoformat(day), amount) for day, amount in history]
    told = {"guarantee": 1000, "first_day": date(2026, 1, 1), "last_day": date(2026, 12, 31), **more}
    return earn_out(known, as_of=date.fromisoformat(as_of), **told)


@pytest.mark.parametrize(
    ("history", "more", "expected"),
    [
        # 91 days gave 364: 4 a day, 183 days to come.
        ([("2026-04-01", 200), ("2026-07-01", 564)], {}, (Fraction(4), 1296, 0, date(2026, 10, 18))),
        # Nothing known so long ago: since the first day, 182 days.
        ([("2026-07-01", 364)], {}, (Fraction(2), 730, 270, date(2027, 5, 15))),
        ([("2026-04-01", 200), ("2026-07-01", 200)], {}, (Fraction(0), 200, 800, None)),
        ([("2026-04-01", 300), ("2026-07-01", 200)], {}, (Fraction(-100, 91), 200, 800, None)),
        ([("2026-04-01", 200), ("2026-07-01", 1091)], {}, (Fraction(891, 91), 2883, 0, None)),
        ([], {}, (Fraction(0), 0, 1000, None)),
        ([("2026-07-01", 1)], {"first_day": None}, (Fraction(0), 1, 999, None)),
        ([("2026-07-01", 1)], {"guarantee": 10**12}, (Fraction(1, 182), 2, 10**12 - 2, None)),
        ([("2026-07-01", 100)], {"last_day": date(2026, 6, 30)}, (Fraction(50, 91), 100, 900, date(2030, 12, 25))),
    ],
)  # fmt: skip
def test_the_pace_goes_on(history: list[Any], more: dict[str, Any], expected: tuple[Any, ...]) -> None:
    found = forecast(*history, **more)

    assert (found.pace, found.by_end, found.shortfall, found.earned_out_on) == expected


def test_a_licence_forecasts_each_of_its_guarantees() -> None:
    terms = {"currency": "USD", "zone": "UTC", "rate": "10%", "guarantees": [
        {"pool": "toys", "amount": "100", "category": "toys", "to": "2026-12-31"},
        {"pool": "books", "amount": "10", "category": "books", "to": "2026-12-31"}]}  # fmt: skip
    licence = licence_with(terms)
    record(licence, sale("s1", "2026-02-01", "546", category="toys"), sale("s2", "2026-05-01", "200", category="books"))
    close(licence, "2026-Q1")
    compute_statement(licence, "2026-Q2")

    with CaptureQueriesContext(connection) as queries:
        toys, books = forecasts(licence, as_of=date(2026, 6, 30))

    assert (toys.pool, toys.credited, toys.share, toys.earned_out_on, toys.by_end) == ("toys", 5460, 5460, None, 5460)
    assert (books.credited, books.is_earned_out, books.share) == (2000, True, 10_000)
    assert len(queries) == 2


def test_the_beat_opens_and_computes_what_moved_and_closes_nothing() -> None:
    licence = licence_with()
    broken = licence_with({"currency": "USD", "zone": "UTC", "rate": "10%", "fx": {"method": "LAST_DAY"}})
    record(broken, sale("s1", "2026-02-01", currency="EUR"))

    assert prepare_statements(at=LATER) == 4
    assert prepare_statements(at=LATER) == 0
    record(licence, sale("s1", "2026-05-01"))
    assert prepare_statements(at=LATER) == 4

    states = licence.statements.values_list("period", "state", "is_stale")
    assert list(states) == [(f"2026-Q{number}", "open", False) for number in range(1, 5)]
    assert broken.statements.filter(computed_at__isnull=False).count() == 0


# -- the desk ------------------------------------------------------------------------------------------


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(make_user("head"))
    return client


def page(model: str, name: str = "add", *args: Any) -> str:
    return reverse(f"admin:licensing_{model}_{name}", args=args)


def test_terms_are_set_at_the_desk_and_errors_name_their_path(desk: Client) -> None:
    licence = make_licence(make_film(), make_merchant())
    told = {"licence": licence.pk, "platform_rate": "0.15"}

    wrong = desk.post(page("royaltyterms"), {**told, "terms": '{"currency": "USD", "rates": [{"rate": "12"}]}'})
    assert wrong.status_code == 422
    assert "agreement.rates[0].rate:" in wrong.content.decode()
    assert RoyaltyTerms.objects.count() == 0

    terms = {"currency": "USD", "rate": 0.12}
    assert desk.post(page("royaltyterms"), {**told, "terms": json.dumps(terms)}).status_code == 302
    account = RoyaltyTerms.objects.get()
    assert (account.terms, str(account.platform_rate)) == ({"currency": "USD", "rate": "0.12"}, "0.150000")
    assert desk.post(page("royaltyterms"), {**told, "terms": json.dumps(terms)}).status_code == 422

    change = page("royaltyterms", "change", account.pk)
    assert "0.12" in desk.get(change).content.decode()
    terms["rate"] = "10%"
    assert desk.post(change, {"platform_rate": "0", "terms": json.dumps(terms)}).status_code == 302
    entry = AuditEntry.objects.filter(verb="royalties.terms_set").first()
    assert entry.changes["terms"][1]["rate"] == "10%"


def test_rates_are_added_one_by_one_or_as_a_table(desk: Client) -> None:
    common = {"source": "ECB", "base": "USD"}
    one = desk.post(page("fxrate"), {**common, "currency": "EUR", "on": "2026-03-31", "rate": "1.0845"})
    table = SimpleUploadedFile(
        "t.csv", b"\xef\xbb\xbfdate,currency,rate\n2026-03-31,CNY,0.1378\n2026-03-31,JPY,0.006712\n"
    )
    many = desk.post(page("fxrate"), {**common, "table": table})
    broken = SimpleUploadedFile("t.csv", b"date,currency,rate\n2026-04-30,CNY,0.1378\n2026-04-30,JPY,none\n")
    wrong = desk.post(page("fxrate"), {**common, "table": broken})

    assert (one.status_code, many.status_code, wrong.status_code) == (302, 302, 422)
    assert "line 3, rate" in wrong.content.decode()
    rates = FxRate.objects.order_by("currency").values_list("currency", "rate", "source")
    assert list(rates) == [("CNY", "0.1378", "ECB"), ("EUR", "1.0845", "ECB"), ("JPY", "0.006712", "ECB")]


def test_payments_and_adjustments_are_booked_at_the_desk(desk: Client) -> None:
    licence = licence_with({"currency": "JPY", "zone": "UTC", "rate": "10%"})
    paid = {"licence": licence.pk, "kind": "STATEMENT", "paid_on": "2026-03-01", "reference": "bank 7"}

    assert desk.post(page("royaltypayment"), {**paid, "amount": "10.5"}).status_code == 422
    assert desk.post(page("royaltypayment"), {**paid, "amount": "1000"}).status_code == 302
    added = {"licence": licence.pk, "amount": "-250", "reason": "Audit of 2025", "category": "toys"}
    assert desk.post(page("adjustment"), added).status_code == 302

    assert RoyaltyPayment.objects.get().amount == 1000
    assert (Adjustment.objects.get().amount, Adjustment.objects.get().dimensions) == (-250, {"category": "toys"})


def test_a_statement_is_computed_and_closed_at_the_desk(desk: Client) -> None:
    licence = licence_with()
    record(licence, sale("s1", "2026-02-01", "100"))
    statement = licence.statements.get()

    assert desk.post(page("statement", "verb", statement.pk, "compute")).status_code == 302
    assert "$10.00" in desk.get(page("statement", "changelist")).content.decode()
    assert "never changes" in desk.get(page("statement", "verb", statement.pk, "close")).content.decode()
    assert desk.post(page("statement", "verb", statement.pk, "close")).status_code == 302
    assert desk.post(page("statement", "verb", statement.pk, "close")).status_code == 422

    closed = Statement.objects.get(pk=statement.pk)
    assert (closed.state, closed.payable, closed.closed_by.username) == ("closed", 1000, "head")


REFUSED: list[tuple[Callable[[Licence], Any], str]] = [
    (lambda one: adjust(one, amount=0, reason="x", by=None), "amount_is_nothing"),
    (lambda one: adjust(one, amount=1, reason=" ", by=None), "MISSING_FIELD"),
    (lambda one: adjust(one, amount=1, reason="x", dimensions={"colour": "red"}, by=None), "UNKNOWN_FIELD"),
    (lambda one: record_payment(one, amount=0, paid_on=LATER.date(), reference="x", by=None), "amount_not_positive"),
    (lambda one: record_payment(one, amount=1, paid_on=date(2027, 1, 1), reference="x", by=None, at=LATER), "DATE_TO_COME"),
    (lambda one: record_payment(one, amount=1, paid_on=LATER.date(), reference="", by=None), "MISSING_FIELD"),
    (lambda one: compute_statement(one, "2031-Q1"), "unknown_statement"),
    (lambda one: set_terms(one, {"currency": "USD"}, by=None), "MISSING_FIELD"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "code"), REFUSED)
def test_what_cannot_be_is_refused_and_changes_nothing(call: Callable[[Licence], Any], code: str) -> None:
    licence = licence_with()
    entries = AuditEntry.objects.count()

    with pytest.raises(Refused) as refused:
        call(licence)

    assert (refused.value.code, bool(refused.value.sentence)) == (code, True)
    assert AuditEntry.objects.count() == entries
    assert Adjustment.objects.count() == RoyaltyPayment.objects.count() == 0
