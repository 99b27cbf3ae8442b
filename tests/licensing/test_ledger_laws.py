"""What a ledger promises: the order of what comes means nothing, what is closed stands, what is paid is not asked back."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Refused
from core.money import Money
from licensing.ledger.invariants import accounts_that_differ, breaches, drifted_statements
from licensing.ledger.journal import Account, Entry, Kind, write
from licensing.ledger.payments import adjust, record_payment
from licensing.ledger.sales import record_sales
from licensing.ledger.splitting import PARTS, Split
from licensing.ledger.statements import close_statement, compute_statement, replayed_digest
from licensing.ledger.terms import set_terms
from licensing.models import Journal, Licence, Posting, SaleLine, Statement
from licensing.overdue import overdue_since
from licensing.royalties.books import Books
from licensing.royalties.line_index import MemoryIndex
from licensing.royalties.lines import Period
from licensing.royalties.read_agreement import read_agreement
from licensing.royalties.read_lines import LineReader, renamed
from licensing.royalties.splits import split_line
from licensing.royalties.statements import make_statements
from licensing.royalties.values import period_named
from tests.factories import make_film, make_licence, make_merchant

TERMS = {
    "id": "A", "currency": "USD", "zone": "UTC", "period": "QUARTER", "returns_cap": "30%", "cmf": "2%",
    "rates": [{"category": "toys", "tiers": [{"up_to": 500, "rate": "8%"}, {"rate": "11%"}], "floor": "0.40"},
              {"category": "books", "rate": "10%"}],
    "fx": {"method": "LAST_DAY", "source": "ECB", "gaps": "PREVIOUS", "rates": {"EUR": {"2025-12-31": "1.0845"}}},
    "deductions": {"allowed": ["FREIGHT"], "cap": "10%"}, "advance": "40",
}  # fmt: skip
PERIODS = ["2026-Q1", "2026-Q2", "2026-Q3"]
LATER = datetime(2026, 11, 22, 12, tzinfo=UTC)


def licence_with(terms: dict[str, Any] | None = None, **overrides: Any) -> Licence:
    licence = make_licence(make_film(), make_merchant(), starts_on=date(2026, 1, 1), **overrides)
    set_terms(licence, terms or {"currency": "USD", "zone": "UTC", "rate": "10%"}, by=None)
    return licence


def record(licence: Licence, *rows: dict[str, Any], at: datetime = LATER, source: str = "csv") -> list[str]:
    return [result.outcome for result in record_sales(licence, rows, source=source, by=None, at=at)]


def sale(name: str, day: str, amount: str = "100", **more: Any) -> dict[str, Any]:
    return {"id": name, "date": day, "amount": amount, **more}


def close(licence: Licence, period: str) -> Statement:
    return close_statement(licence.statements.get(period=period), by=None, at=LATER)


def figure(statement: Statement, *names: str) -> tuple[Any, ...]:
    return tuple(statement.figures[name] for name in names)


def refusal(call: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code


def some_rows(random: Random) -> list[dict[str, Any]]:
    """Sales, returns and deductions of three quarters; some return what an earlier quarter sold, some come before their sale."""
    rows: list[dict[str, Any]] = []
    for number in range(24):
        day = date(2026, 1, 1) + timedelta(days=random.randrange(270))
        quantity = random.randrange(1, 9)
        goods = {"category": random.choice(["toys", "books"]), "currency": random.choice(["USD", "EUR"])}
        rows.append({"id": f"s{number}", "date": day.isoformat(), "quantity": quantity, "price": "19.99", **goods})
        if random.random() < 0.5:
            back = day + timedelta(days=random.randrange(270 - (day - date(2026, 1, 1)).days))
            told = {"kind": "return", "id": f"r{number}", "of": f"s{number}", "date": back.isoformat()}
            rows.append({**told, "quantity": random.randrange(1, quantity + 1)})
        if random.random() < 0.3:
            told = {"kind": "deduction", "id": f"d{number}", "of": f"s{number}", "date": day.isoformat()}
            rows.append({**told, "type": "FREIGHT", "amount": "3.10"})
    return rows


def calculated(rows: list[dict[str, Any]]) -> list[str]:
    """The digests of the same lines as one case, all at once: the calculation knows nothing of batches and closings."""
    agreement = read_agreement(TERMS | {"term": {"from": "2026-01-01", "to": "2027-12-31"}})
    books, reader = Books(agreement, index=MemoryIndex(), keeps_ids=False), LineReader(agreement)
    for name in PERIODS:
        _kind, first, last = period_named(name)
        books.open(Period(name, first, last))
    for row in rows:
        raw = renamed(row)
        day = date.fromisoformat(row["date"])
        period = next(name for name in PERIODS if period_named(name)[1] <= day <= period_named(name)[2])
        books.add(period, reader.read(row.get("kind", "sale"), raw, day))
    return [f"sha256:{statement.digest}" for statement in make_statements(books)]


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_any_order_and_any_batches_give_the_statements_of_the_calculation(seed: int) -> None:
    random = Random(seed)
    rows = some_rows(random)
    licence = licence_with(TERMS)

    shuffled = random.sample(rows, len(rows))
    while shuffled:
        size = random.randrange(1, 12)
        batch, shuffled = shuffled[:size], shuffled[size:]
        assert set(record(licence, *batch)) == {"created"}

    compute_statement(licence, PERIODS[-1])
    computed = [statement.digest for statement in licence.statements.filter(period__in=PERIODS)]
    closed = [close(licence, name) for name in PERIODS]
    assert [statement.digest for statement in closed] == computed == calculated(rows)
    assert [replayed_digest(statement) for statement in closed] == computed
    assert [statement.figures["carried"]["cum_due"] for statement in closed] == sorted(
        (statement.figures["carried"]["cum_due"] for statement in closed), key=float
    )
    assert set(breaches(10).values()) == {0}


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(3))
def test_closing_in_between_changes_no_figure(seed: int) -> None:
    """Each quarter recorded and closed before the next one comes: the same digests as all of it at once."""
    rows = some_rows(Random(100 + seed))
    licence = licence_with(TERMS)
    digests = []

    for name in PERIODS:
        _kind, first, last = period_named(name)
        record(licence, *[row for row in rows if first <= date.fromisoformat(row["date"]) <= last])
        digests.append(close(licence, name).digest)

    assert digests == calculated(rows)
    assert accounts_that_differ(10) == drifted_statements(10) == []


@pytest.mark.django_db
def test_the_same_row_counts_once_and_another_of_its_name_is_refused() -> None:
    licence = licence_with()
    first = record(licence, sale("s1", "2026-02-01", "19.90"))

    again = record(licence, sale("s1", "2026-02-01", "19.9"), sale("s1", "2026-02-01", "19.90"))
    other = list(record_sales(licence, [sale("s1", "2026-02-01", "20")], source="api", by=None, at=LATER))

    assert (first, again) == (["created"], ["unchanged", "unchanged"])
    assert [(one.outcome, one.refusal.code, one.refusal.facts["path"]) for one in other] == [
        ("refused", "ID_TAKEN", "id")
    ]
    assert SaleLine.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ({"date": "2026-02-01", "amount": "1"}, "MISSING_FIELD", "id"),
        ({"id": "x", "amount": "1"}, "MISSING_FIELD", "date"),
        ({"id": "x", "date": "2026-02-01"}, "PRICE_UNCLEAR", "unit_price"),
        ({"id": "x", "date": "2026-02-01", "amount": 1.1}, "BAD_AMOUNT", "amount"),
        ({"id": "x", "date": "2026-02-31", "amount": "1"}, "BAD_DATE", "date"),
        ({"id": "x", "date": "2026-11-30", "amount": "1"}, "DATE_TO_COME", "date"),
        ({"id": "x", "date": "2026-02-01", "amount": "1", "category": "cars"}, "NO_RATE_RULE", ""),
        ({"id": "x", "date": "2026-02-01", "amount": "1", "colour": "red"}, "UNKNOWN_FIELD", "colour"),
        ({"id": "x", "date": "2026-02-01", "amount": "1", "period": "2026-Q2"}, "DATE_OUTSIDE_PERIOD", "date"),
        ({"id": "x", "period": "2026-02", "amount": "1"}, "UNKNOWN_PERIOD", "period"),
        ({"id": "x", "date": "2026-02-01", "amount": "1", "fx": "2"}, "RATE_OF_THE_AGREEMENT", "fx"),
        ({"id": "x", "date": "2026-02-01", "amount": "1", "article": "a\x00"}, "NOT_TEXT", "article"),
        ({"id": "x", "kind": "payment", "date": "2026-02-01", "amount": "1"}, "BAD_CHOICE", "kind"),
        ({"id": "x", "kind": [], "date": "2026-02-01", "amount": "1"}, "NOT_TEXT", "kind"),
        ({"id": "x", "kind": False, "date": "2026-02-01", "amount": "1"}, "NOT_TEXT", "kind"),
        ({"id": [], "date": "2026-02-01", "amount": "1"}, "NOT_TEXT", "id"),
        ({"id": "x", "article": {}, "date": "2026-02-01", "amount": "1"}, "NOT_TEXT", "article"),
        ({"id": "x", "kind": "return", "of": "s1", "date": "2026-02-01", "quantity": 4}, "RETURNED_TOO_MANY", "quantity"),
        ({"id": "x", "kind": "return", "sold_in": "2025-Q4", "date": "2026-02-01", "amount": "1", "category": "toys"},
         "RETURNED_BEFORE_SOLD", "sold_in"),
        ("nonsense", "NOT_AN_OBJECT", ""),
    ],
)  # fmt: skip
def test_a_row_is_refused_by_field_and_the_others_are_recorded(row: Any, code: str, field: str) -> None:
    licence = licence_with(TERMS)
    record(licence, {"id": "s1", "date": "2026-01-09", "quantity": 3, "price": "1", "category": "toys"})

    rows = [row, sale("good", "2026-02-01", category="toys")]
    found = list(record_sales(licence, rows, source="api", by=None, at=LATER))

    refused = found[0].as_plain()
    assert (refused["where"], refused["code"], refused["field"]) == ("[0]", code, field)
    assert refused["sentence"] != code
    assert found[1].outcome == "created"
    assert set(SaleLine.objects.values_list("external_id", flat=True)) == {"s1", "good"}


@pytest.mark.django_db
def test_what_comes_late_counts_in_the_open_period() -> None:
    licence = licence_with()
    record(licence, sale("s1", "2026-02-01", "1000", quantity=10))
    first = close(licence, "2026-Q1")

    late = list(record_sales(
        licence, [sale("s2", "2026-03-31", "50"), {"kind": "return", "id": "r1", "of": "s1", "date": "2026-03-30", "quantity": 1}],
        source="csv", by=None, at=LATER,
    ))  # fmt: skip
    second = close(licence, "2026-Q2")

    assert [(one.outcome, one.period, one.is_late) for one in late] == [("created", "2026-Q2", True)] * 2
    assert figure(second, "royalty", "adjustments", "earned") == ("5.00", "-10.00", "-5.00")
    stands = Statement.objects.get(pk=first.pk)
    assert (stands.figures, stands.digest) == (first.figures, first.digest)


@pytest.mark.django_db
def test_a_return_waits_for_its_sale_and_is_never_lost() -> None:
    licence = licence_with()
    waiting = list(record_sales(
        licence, [{"kind": "return", "id": "r1", "of": "s1", "date": "2026-02-02", "quantity": 2}],
        source="csv", by=None, at=LATER,
    ))  # fmt: skip
    assert waiting[0].is_waiting
    assert compute_statement(licence).waiting == 1

    close(licence, "2026-Q1")
    record(licence, sale("s1", "2026-02-01", "100", quantity=10))
    second = close(licence, "2026-Q2")

    assert figure(second, "gross", "returns", "royalty") == ("100.00", "20.00", "8.00")
    assert licence.statements.get(period="2026-Q3").lines.count() == 0


@pytest.mark.django_db
def test_statements_are_closed_in_order_when_their_period_is_over() -> None:
    licence = licence_with()
    record(licence, sale("s1", "2026-05-01"))
    first, second = licence.statements.order_by("number")[:2]

    assert refusal(lambda: close_statement(second, by=None, at=LATER)) == "statement_not_next"
    just_before = datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)
    assert refusal(lambda: close_statement(first, by=None, at=just_before)) == "period_not_over"
    close_statement(first, by=None, at=just_before + timedelta(seconds=1))
    assert refusal(lambda: close_statement(first, by=None, at=LATER)) == "statement_closed"
    assert refusal(lambda: compute_statement(licence, "2026-Q1")) == "statement_closed"
    assert figure(Statement.objects.get(pk=first.pk), "no_sales", "payable") == (True, "0.00")


def stands(change: Callable[[], Any]) -> bool:
    """Whether the database refuses a change."""
    try:
        with transaction.atomic():
            change()
    except DatabaseError:
        return True
    return False


@pytest.mark.django_db
def test_the_database_itself_holds_what_is_closed() -> None:
    licence = licence_with(TERMS)
    row = {"date": "2026-02-01", "quantity": 3, "price": "10", "category": "toys"}
    record(licence, {"id": "s1", **row}, {"id": "open", **row, "date": "2026-05-01"})
    adjust(licence, amount=5, reason="audit", by=None, at=LATER)
    record_payment(licence, amount=7, paid_on=date(2026, 2, 2), reference="b1", by=None, at=LATER)
    closed = close(licence, "2026-Q1")
    record(licence, {"kind": "return", "id": "r1", "of": "s1", "date": "2026-05-02", "quantity": 1})
    close(licence, "2026-Q2")
    following = licence.statements.get(period="2026-Q3")
    lines = SaleLine.objects.filter(statement=closed)

    def sql(text: str) -> Callable[[], Any]:
        return lambda: connection.cursor().execute(text)

    changes: list[Callable[[], Any]] = [
        lambda: Statement.objects.filter(pk=closed.pk).update(payable=1),
        lambda: Statement.objects.filter(pk=closed.pk).update(state="open"),
        lambda: Statement.objects.filter(pk=closed.pk).delete(),
        lambda: lines.update(amount=1),
        lambda: lines.update(statement=following),
        lines.delete,
        lambda: SaleLine.objects.filter(external_id="s1").first().save(),
        lambda: closed.adjustments.update(amount=1),
        lambda: closed.payments.update(amount=1),
        lambda: closed.groups.update(fx="2"),
        lambda: closed.groups.get().late_credits.update(net="0"),
        closed.lines.get().goods.delete,
        lambda: licence.line_goods.update(category="books"),
        lambda: Journal.objects.update(at=LATER),
        lambda: Posting.objects.update(amount=1),
        lambda: Posting.objects.all().delete(),
        lambda: SaleLine.objects.create(
            licence=licence, statement=closed, kind="sale", source="csv", external_id="new", day=closed.first_day,
            counted_on=closed.first_day, said={}, digest="", recorded_at=LATER,
        ),
        sql(f"UPDATE licensing_statement SET figures = '{{}}' WHERE id = {closed.pk}"),
        sql(f"DELETE FROM licensing_statement WHERE id = {closed.pk}"),
        sql(f"UPDATE licensing_saleline SET said = '{{}}' WHERE statement_id = {closed.pk}"),
        sql(f"DELETE FROM licensing_saleline WHERE statement_id = {closed.pk}"),
        sql(f"UPDATE licensing_saleline SET statement_id = {closed.pk} WHERE statement_id = {following.pk}"),
        sql("DELETE FROM licensing_journal"),
    ]  # fmt: skip
    record(licence, {"id": "later", **row, "date": "2026-08-01"})

    assert [stands(change) for change in changes] == [True] * len(changes)
    assert not stands(lambda: SaleLine.objects.filter(statement=following).update(article="x"))
    assert drifted_statements(10) == []


@pytest.mark.django_db
def test_a_change_of_terms_rates_or_articles_leaves_what_is_closed() -> None:
    licence = licence_with(TERMS)
    row = {"quantity": 30, "price": "10", "category": "toys"}
    record(licence, {"id": "s1", "date": "2026-02-01", **row}, {"id": "s2", "date": "2026-05-01", **row})
    closed = close(licence, "2026-Q1")
    before = compute_statement(licence, "2026-Q2")

    set_terms(licence, TERMS | {"rates": [{"rate": "50%"}]}, by=None)

    assert licence.statements.get(period="2026-Q2").is_stale
    after = compute_statement(licence, "2026-Q2")
    assert (figure(before, "royalty"), figure(after, "royalty")) == (("27.00",), ("150.00",))
    assert replayed_digest(closed) == closed.digest
    assert refusal(lambda: set_terms(licence, TERMS | {"currency": "EUR"}, by=None)) == "terms_fixed"
    record(licence, {"kind": "return", "id": "r1", "of": "s1", "date": "2026-05-02", "quantity": 5})
    assert figure(compute_statement(licence, "2026-Q2"), "adjustments") == ("-4.00",)


@pytest.mark.django_db
def test_what_is_overdue_is_told_from_the_day_after_until_it_is_paid() -> None:
    licence, other = licence_with(), licence_with()
    record(licence, sale("s1", "2026-02-01", "1000"), sale("s2", "2026-05-01", "500"))
    for period in ("2026-Q1", "2026-Q2"):
        close(licence, period)
    licences = [licence.pk, other.pk]

    def pay(amount: int, reference: str) -> None:
        record_payment(licence, amount=amount, paid_on=date(2026, 8, 1), reference=reference, by=None, at=LATER)

    assert overdue_since(licences) == {licence.pk: datetime(2026, 5, 1, tzinfo=UTC)}
    pay(9_999, "b1")
    assert overdue_since(licences) == {licence.pk: datetime(2026, 5, 1, tzinfo=UTC)}
    pay(1, "b2")
    assert overdue_since(licences) == {licence.pk: datetime(2026, 7, 31, tzinfo=UTC)}
    pay(5_000, "b3")
    assert overdue_since(licences) == {}
    assert refusal(lambda: pay(1, "b3")) == "reference_taken"


money = st.integers(0, 10**9)
points = st.integers(0, 5_000).map(lambda one: Fraction(one, 10_000))


@given(
    money, st.sampled_from(["USD", "JPY", "KWD"]), points, points, points, st.booleans(), st.integers(1, 50), st.data()
)
@settings(max_examples=150, deadline=None)
def test_the_four_parts_add_up_and_returns_take_all_of_them_back(
    amount: int,
    currency: str,
    tax: Fraction,
    royalty: Fraction,
    platform: Fraction,
    includes: bool,
    sold: int,
    data: Any,
) -> None:
    made = split_line(
        Money(amount, currency), tax_rate=tax, includes_tax=includes, royalty_rate=royalty, platform_rate=platform
    )
    whole = Split(made.merchant.amount, made.platform.amount, made.licensor.amount, made.tax.amount)
    assert whole.total == amount + (0 if includes else made.tax.amount)
    assert min(whole.merchant, whole.platform, whole.licensor, whole.tax) >= 0

    sums, back = dict.fromkeys([Account.CUSTOMER, *PARTS], 0), 0
    entries = [Entry(Kind.SALE, currency, whole.postings())]
    while back < sold:
        count = data.draw(st.integers(1, sold - back))
        gone = whole.returned(sold, back + count) - whole.returned(sold, back)
        back += count
        entries.append(Entry(Kind.RETURN, currency, gone.postings(-1)))
    for entry in entries:
        assert sum(amount for _account, amount in entry.postings) == 0
        for account, posted in entry.postings:
            sums[account] += posted
    assert set(sums.values()) == {0}


@pytest.mark.django_db
def test_an_order_line_is_split_in_the_journal_and_its_return_takes_it_back() -> None:
    licence = licence_with({"currency": "EUR", "zone": "UTC", "rate": "12%"})
    set_terms(licence, licence.royalty_terms.terms, by=None, platform_rate=Decimal("0.15"))
    back = {"kind": "return", "of": "o1", "date": "2026-02-03"}

    record(licence, {"id": "r1", "quantity": 1, **back}, source="order")
    record(
        licence,
        {"id": "o1", "date": "2026-02-01", "quantity": 3, "amount_with_tax": "119.00", "vat": "19%"},
        source="order",
    )

    split = dict(Posting.objects.filter(journal__line__external_id="o1").values_list("account", "amount"))
    assert split == {"customer": 11_900, "merchant": -7_300, "platform": -1_500, "licensor": -1_200, "tax": -1_900}
    assert sum(Posting.objects.filter(account="customer").values_list("amount", flat=True)) == 11_900 - 3_967
    record(licence, {"id": "r2", "quantity": 2, **back}, source="order")
    for account in split:
        assert sum(Posting.objects.filter(account=account).values_list("amount", flat=True)) == 0
    assert Journal.objects.count() == 3


def test_an_entry_that_does_not_add_up_is_never_made() -> None:
    with pytest.raises(ValueError, match="add up"):
        Entry(Kind.PAYMENT, "USD", [(Account.CASH, 2), (Account.LICENSEE, -1)])


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_a_journal_that_does_not_balance() -> None:
    licence = licence_with()

    def write() -> None:
        with transaction.atomic():
            journal = Journal.objects.create(licence=licence, kind="payment", at=LATER)
            Posting.objects.create(journal=journal, account="cash", currency="USD", amount=1)

    with pytest.raises(DatabaseError, match="add up to nothing"):
        write()
    assert Posting.objects.count() == 0


@pytest.mark.django_db
def test_what_is_wrong_with_the_accounts_is_found() -> None:
    licence = licence_with()
    record(licence, sale("s1", "2026-02-01"))
    close(licence, "2026-Q1")
    assert set(breaches(10).values()) == {0}

    moved = Entry(Kind.PAYMENT, "USD", [(Account.CASH, 1), (Account.LICENSEE, -1)])
    write(licence, [moved], at=LATER)
    with transaction.atomic():
        journal = Journal.objects.create(licence=licence, kind="payment", at=LATER)
        Posting.objects.create(journal=journal, account="cash", currency="USD", amount=1)
        found = breaches(10)
        transaction.set_rollback(True)

    assert {name for name, count in found.items() if count} == {
        "journals that do not balance",
        "accounts that differ from their statement",
    }
    assert accounts_that_differ(10) == [licence.number]
