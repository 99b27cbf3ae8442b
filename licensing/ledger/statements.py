"""Statements: computed as often as asked while they are open, closed once and for good.

The calculation alone says the figures (`licensing.royalties`). Everything here happens under the account's lock, so a line that is
recorded meanwhile is in this statement or in the next one, never in none and never in both.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import record
from core.bulk import in_pages
from core.errors import Refused
from core.jobs import enqueue
from licensing.ledger import booking
from licensing.ledger.account import agreement_of, full_terms, lock_account
from licensing.ledger.feeding import Fed, feed, plain_part
from licensing.ledger.periods import OpenPeriods, mark_stale
from licensing.ledger.sales import goods_digest, rows_of_goods
from licensing.models import LateCredit, Licence, RoyaltyTerms, SaleLine, StatementGroup
from licensing.models import Statement as Row
from licensing.royalties.books import Books
from licensing.royalties.line_index import FileIndex, LineIndex, MemoryIndex
from licensing.royalties.rates import fx_rate
from licensing.royalties.results import Statement
from licensing.royalties.rounding import exact_text
from licensing.royalties.statements import make_statements
from licensing.royalties.writing import as_plain
from merchants.events import emit
from merchants.models import Merchant

#: From so many lines on, what has to be found again goes into a file instead of memory.
MANY = 20_000
State = Row.State


@dataclass(frozen=True, slots=True)
class Made:
    """Statements as the calculation made them, and the books they were made of."""

    fed: Fed
    statements: list[Statement]


def compute_statement(licence: Licence, period: str = "", *, at: datetime | None = None) -> Row:
    """The open statement of `period` (the first open one, unless said), computed and kept as it stands now; those before it that
    are open too, on the way. Refuses what the calculation refuses, `unknown_statement`, and `statement_closed`."""
    return compute_open(licence, through=period, at=at or timezone.now())[-1]


@transaction.atomic
def compute_open(licence: Licence, *, through: str = "", at: datetime) -> list[Row]:
    """Compute the open statements up to the one of the period `through`."""
    account = lock_account(licence)
    rows = _open_rows(account, through)
    made = make(account, rows)
    for row, statement in zip(rows, made.statements, strict=True):
        _keep(row, statement, waiting=len(made.fed.waiting[row.pk]), at=at)
        row.save()
    return rows


def _open_rows(account: RoyaltyTerms, through: str) -> list[Row]:
    licence = account.licence
    periods = OpenPeriods(licence, agreement_of(account))
    if not through:
        return [Row.objects.get(pk=periods.first.pk)]
    last = Row.objects.filter(licence=licence, period=through).first()
    if last is None:
        raise Refused("unknown_statement", period=through, licence=licence.number)
    if last.state == State.CLOSED:
        raise Refused("statement_closed", period=through)
    return list(Row.objects.filter(licence=licence, state=State.OPEN, number__lte=last.number).order_by("number"))


def make(account: RoyaltyTerms, rows: Sequence[Row]) -> Made:
    """The statements of these consecutive rows from the lines behind them. Writes nothing.

    Memory grows with the groups, not with the lines: from MANY on, what has to be found again is in a file.
    """
    with _index(rows) as index:
        fed = feed(account, rows, index=index)
        made = list(make_statements(fed.books, opening=fed.opening))
    return Made(fed, made)


@contextmanager
def _index(rows: Sequence[Row]) -> Iterator[LineIndex]:
    if SaleLine.objects.filter(statement__in=rows)[: MANY + 1].count() <= MANY:
        yield MemoryIndex()
        return
    with tempfile.TemporaryDirectory(prefix="royalties-") as folder:
        index = FileIndex(Path(folder) / "lines.sqlite3")
        try:
            yield index
        finally:
            index.close()


def _keep(row: Row, statement: Statement, *, waiting: int, at: datetime) -> None:
    after = statement.carried
    row.figures = as_plain(statement, has_lines=False)
    row.currency = statement.currency
    row.payable = statement.payable
    row.cum_payable = after.royalties_due + after.shortfall_due + after.fund_due
    row.digest = f"sha256:{statement.digest}"
    row.waiting = waiting
    row.due_on = statement.due_on
    row.is_stale = False
    row.computed_at = at


@transaction.atomic
def close_statement(statement: Row, *, by: User | None, at: datetime | None = None) -> Row:
    """Compute a statement for the last time and close it. Returns the row as it stands from now on.

    Refuses `statement_closed` (of two who close at once, one), `statement_not_next` while an earlier one is open,
    `period_not_over`, and what the calculation refuses. Lines that still wait for their sale move on to the next statement.
    """
    at = at or timezone.now()
    account = lock_account(statement.licence)
    row = Row.objects.get(pk=statement.pk)
    if row.state == State.CLOSED:
        raise Refused("statement_closed", period=row.period)
    periods = OpenPeriods(account.licence, agreement_of(account))
    if periods.first.pk != row.pk:
        raise Refused("statement_not_next", period=row.period, first=periods.first.period)
    zone = ZoneInfo(agreement_of(account).zone)
    if at < _end_of(row.last_day, zone):
        raise Refused("period_not_over", period=row.period, day=row.last_day.isoformat())
    made = make(account, [row])
    _move_on(made.fed.waiting[row.pk], periods.around(row.last_day + timedelta(days=1)))
    (calculated,) = made.statements
    _keep_groups(account, row, calculated, made.fed)
    booking.book_statement(account, row, calculated, made.fed.opening, at=at)
    _keep(row, calculated, waiting=0, at=at)
    row.state, row.closed_at, row.closed_by = State.CLOSED, at, by
    row.terms = full_terms(account)
    row.rates = _rates_used(made.fed.books, row)
    row.overdue_at = _end_of(calculated.due_on, zone)
    row.save()
    record("statement.closed", row, by=by, period=row.period, digest=row.digest, payable=row.payable)
    licence = account.licence
    emit(licence.merchant_id, "statement.closed", row, at=at, period=row.period, licence=licence.public_id)
    mark_stale(account.licence)
    licence_moved(account.licence, at=at)
    return row


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a day is over there."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def _move_on(waiting: list[int], following: Row) -> None:
    """Let lines wait in the next period for the sale they point at; this one was made without them."""
    for pks in in_pages(waiting, 1_000):
        SaleLine.objects.filter(pk__in=pks).update(statement=following, counted_on=following.first_day)


def _keep_groups(account: RoyaltyTerms, row: Row, statement: Statement, fed: Fed) -> None:
    """What later returns need: the groups with their rates, and what late returns were credited of earlier ones."""
    goods = rows_of_goods(account.licence, {goods_digest(group.goods): group.goods for group in statement.groups})
    own_fx = {cell.number: cell.fx for cell in fed.books.cells}
    StatementGroup.objects.bulk_create(
        StatementGroup(
            statement=row, name=group.id, goods=goods[goods_digest(group.goods)], since=group.since,
            own_fx="" if own_fx[group.cell] is None else f"{own_fx[group.cell]:f}", fx=str(group.fx),
            gross=str(group.gross), returns=str(group.returns), parts=[plain_part(part) for part in group.parts],
        )
        for group in statement.groups
    )  # fmt: skip
    credits_: dict[int, Fraction] = {}
    for line in statement.adjustment_lines:
        if line.kind == "RETURN" and line.group:
            group_id = fed.closed_groups[line.group]
            credits_[group_id] = credits_.get(group_id, Fraction(0)) + line.net
    LateCredit.objects.bulk_create(
        LateCredit(statement=row, group_id=group_id, net=str(net)) for group_id, net in credits_.items()
    )


def _rates_used(books: Books, row: Row) -> dict[str, str]:
    """The rate of the period for every currency of its lines, as it was taken from the table."""
    page = books.pages[row.period]
    lines = SaleLine.objects.filter(statement=row, goods__isnull=False).order_by()
    found = set(lines.values_list("goods__currency", flat=True).distinct())
    rates = {}
    for currency in sorted(found - {books.agreement.currency}):
        try:
            rates[currency] = exact_text(fx_rate(books.agreement, page.period, currency, where=""))
        except Refused:
            continue  # its lines brought rates of their own
    return rates


def licence_moved(licence: Licence, *, at: datetime) -> None:
    """What is owed decides whether stock may be sold off (row 8 of the gate): the shelf looks at the licence again."""
    Licence.objects.filter(pk=licence.pk).update(updated_at=at)
    enqueue("catalog.catch_up_shelf")


def replayed_digest(statement: Row) -> str:
    """The digest that the lines of a closed statement give today, by the terms and rates that it was made by."""
    account = RoyaltyTerms.objects.select_related("licence").get(licence=statement.licence_id)
    (made,) = make(account, [statement]).statements
    return f"sha256:{made.digest}"


def prepare_statements(*, at: datetime, merchant: Merchant | None = None) -> int:
    """Open what has begun and compute again what has moved; a licence whose lines cannot be computed is left for a person to see.
    Of all merchants, or of this one. Returns how many statements were computed."""
    count = 0
    accounts = RoyaltyTerms.objects.select_related("licence").order_by("pk")
    if merchant is not None:
        accounts = accounts.filter(licence__merchant=merchant)
    for account in accounts.iterator():
        count += _prepare(account, at)
    return count


def _prepare(account: RoyaltyTerms, at: datetime) -> int:
    try:
        with transaction.atomic():
            held = lock_account(account.licence)
            agreement = agreement_of(held)
            today = at.astimezone(ZoneInfo(agreement.zone)).date()
            periods = OpenPeriods(held.licence, agreement)
            if periods.first.first_day > today:
                return 0
            current = periods.around(today)
        stale = Row.objects.filter(licence=account.licence, state=State.OPEN, number__lte=current.number, is_stale=True)
        if not stale.exists():
            return 0
        return len(compute_open(account.licence, through=current.period, at=at))
    except Refused:
        return 0
