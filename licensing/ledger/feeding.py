"""From rows to the books of the calculation: lines are read one at a time, in no order that means anything, and not held.

What was closed before is handed over as it stands: its `Carried`, and of the groups that returns of these periods take back,
their rates. A line that points at a sale which is not there yet, or at none, waits: it is left out and moves on when the period
is closed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Sum

from core.bulk import AmongTexts, in_pages
from licensing.ledger.account import full_terms
from licensing.ledger.fx import with_table
from licensing.ledger.reading import goods_of
from licensing.ledger.sales import exact_amount
from licensing.models import Adjustment, LateCredit, RoyaltyPayment, RoyaltyTerms, SaleLine, Statement, StatementGroup
from licensing.royalties.books import Books, ClosedGroup
from licensing.royalties.carrying import read_carried
from licensing.royalties.groups import cells_like, has_dimensions
from licensing.royalties.line_index import LineIndex, Sold
from licensing.royalties.lines import Deduction, Line, Period, Return
from licensing.royalties.read_agreement import read_agreement
from licensing.royalties.read_lines import LineReader
from licensing.royalties.results import Carried, Group, Part
from licensing.royalties.rounding import money_text
from licensing.royalties.terms import Agreement

PAGE = 2_000
Kind = SaleLine.Kind
State = Statement.State


@dataclass(slots=True)
class Fed:
    """Books that are full, and what is needed to keep what they say."""

    books: Books
    opening: Carried | None
    waiting: dict[int, list[int]] = field(default_factory=dict)
    closed_groups: dict[str, int] = field(default_factory=dict)


def feed(account: RoyaltyTerms, statements: Sequence[Statement], *, index: LineIndex) -> Fed:
    """The books of these consecutive statements of one licence; of a closed one, under the terms and rates that it was made by."""
    first = statements[0]
    terms = first.terms if first.state == State.CLOSED else full_terms(account)
    agreement = read_agreement(terms)
    if first.state == State.OPEN:
        agreement = with_table(agreement, first_day=first.first_day, last_day=statements[-1].last_day)
    return _Feeding(agreement, statements, index).fed()


def period_of(statement: Statement) -> Period:
    rates = statement.rates if statement.state == State.CLOSED else {}
    fx = {currency: Fraction(rate) for currency, rate in rates.items()}
    return Period(statement.period, statement.first_day, statement.last_day, fx)


def opening_of(statement: Statement) -> Carried | None:
    """The state after the statement before this one."""
    before = Statement.objects.filter(licence=statement.licence_id, number=statement.number - 1).first()
    if before is None:
        return None
    return read_carried(before.figures["carried"], "carried", currency=before.currency)


class _Feeding:
    def __init__(self, agreement: Agreement, statements: Sequence[Statement], index: LineIndex) -> None:
        self.agreement = agreement
        self.statements = {statement.pk: statement for statement in statements}
        self.first = statements[0]
        self.licence = self.first.licence_id
        self.reader = LineReader(agreement)
        self.books = Books(agreement, index=index, keeps_ids=False)
        self.result = Fed(self.books, opening_of(self.first), {pk: [] for pk in self.statements})
        self._recalled: dict[int, Statement] = {}
        self._cells: dict[tuple[int, int, str], list[tuple[date, int]]] = {}

    def fed(self) -> Fed:
        for statement in self.statements.values():
            self.books.open(period_of(statement))
        lines = SaleLine.objects.filter(statement__in=list(self.statements)).order_by()
        sales = lines.filter(kind=Kind.SALE).values_list("statement_id", "external_id", "said", "counted_on")
        for statement_id, name, said, day in sales.iterator(chunk_size=PAGE):
            period = self.statements[statement_id].period
            self.books.add(period, self.reader.sale(said, day), name)
        others = lines.exclude(kind=Kind.SALE).only(
            "statement_id", "external_id", "kind", "said", "counted_on", "of", "quantity"
        )
        for page in in_pages(others.iterator(chunk_size=PAGE), PAGE):
            self._add_page(page)
        self._add_adjustments()
        self._add_payments()
        return self.result

    # -- lines that point at others ------------------------------------------------------------------

    def _add_page(self, page: list[SaleLine]) -> None:
        pointing = {row.of for row in page if row.of}
        sales = {sale.external_id: sale for sale in self._sales(pointing)} if pointing else {}
        back = self._returned_before(sales) if sales else {}
        for row in page:
            line = self.reader.read(row.kind, row.said, row.counted_on)
            if self._can_count(row, line, sales, back):
                self.books.add(self.statements[row.statement_id].period, line, row.external_id)
            else:
                self.result.waiting[row.statement_id].append(row.pk)

    def _sales(self, names: set[str]) -> Iterator[SaleLine]:
        rows = SaleLine.objects.filter(AmongTexts("external_id", names), licence=self.licence, kind=Kind.SALE)
        return rows.select_related("statement").defer("said", "statement__figures", "statement__terms").iterator()

    def _returned_before(self, sales: dict[str, SaleLine]) -> dict[str, int]:
        """How many of each sale came back in statements that stood before these."""
        rows = SaleLine.objects.filter(AmongTexts("of", sales), licence=self.licence, kind=Kind.RETURN)
        rows = rows.filter(statement__number__lt=self.first.number).order_by()
        return dict(rows.values_list("of").annotate(total=Sum("quantity")))

    def _can_count(self, row: SaleLine, line: Line, sales: dict[str, SaleLine], back: dict[str, int]) -> bool:
        if isinstance(line, Deduction):
            return self._deduction_counts(row, line, sales)
        assert isinstance(line, Return), "sales were read before"
        if line.rate is not None:
            return True
        if line.of:
            return self._return_counts(row, line, sales.get(line.of), back)
        return not line.sold_in or self._has_group(row, line)

    def _deduction_counts(self, row: SaleLine, line: Deduction, sales: dict[str, SaleLine]) -> bool:
        """Its sale counts in the same statement; or exactly one group of it has what the deduction says."""
        if line.of:
            sale = sales.get(line.of)
            return sale is not None and sale.statement_id == row.statement_id
        page = self.books.pages[self.statements[row.statement_id].period]
        return sum(has_dimensions(cell.goods, line.wanted) for cell in page.cells.values()) == 1

    def _return_counts(self, row: SaleLine, line: Return, sale: SaleLine | None, back: dict[str, int]) -> bool:
        if sale is None or line.currency not in ("", sale.currency):
            return False
        if sale.statement_id in self.statements:
            return sale.statement.number <= self.statements[row.statement_id].number
        if sale.statement.number > self.first.number:
            return False
        self._recall_sale(sale, back)
        return True

    def _recall_sale(self, sale: SaleLine, back: dict[str, int]) -> None:
        """A sale of a closed statement, with what has come back of it before."""
        index = self.books.index
        if index.find(sale.external_id) is not None:
            return
        self._recall(sale.statement)
        assert sale.goods_id is not None, "a sale has goods"
        cells = self._cells[sale.statement_id, sale.goods_id, sale.fx]
        cell = max((since, number) for since, number in cells if since <= sale.counted_on)[1]
        amount = exact_amount(sale)
        assert amount is not None, "a sale has an amount"
        index.sell(sale.external_id, Sold(cell, sale.quantity, amount, Decimal(sale.tax_rate)), sale.external_id)
        if back.get(sale.external_id):
            index.take_back(sale.external_id, back[sale.external_id])

    def _has_group(self, row: SaleLine, line: Return) -> bool:
        """Whether the period that a return names has the one group that it means."""
        statement = self.statements[row.statement_id]
        if line.sold_in not in self.books.pages:
            before = Statement.objects.filter(licence=self.licence, period=line.sold_in, number__lt=self.first.number)
            found = before.defer("figures", "terms").first()
            if found is None:
                return False
            self._recall(found)
        page = self.books.pages[line.sold_in]
        assert line.goods is not None, "reading a return makes sure of it"
        return page.period.first_day < statement.first_day and len(cells_like(page, line.goods)) == 1

    def _recall(self, statement: Statement) -> None:
        """The groups of a closed statement, with what was credited of them up to these statements."""
        if statement.pk in self._recalled:
            return
        self._recalled[statement.pk] = statement
        rows = list(StatementGroup.objects.filter(statement=statement).select_related("goods"))
        credited = dict.fromkeys((row.pk for row in rows), Fraction(0))
        for group, net in LateCredit.objects.filter(
            group__statement=statement, statement__number__lt=self.first.number
        ).values_list("group", "net"):
            credited[group] += Fraction(net)
        period = Period(statement.period, statement.first_day, statement.last_day)
        self.books.recall(period, [closed_group(row, credited[row.pk]) for row in rows])
        cells = self.books.pages[statement.period].cells
        for row in rows:
            own_fx = Decimal(row.own_fx) if row.own_fx else None
            number = cells[row.since, goods_of(row.goods), own_fx].number
            self._cells.setdefault((statement.pk, row.goods_id, row.own_fx), []).append((row.since, number))
            self.result.closed_groups[row.name] = row.pk

    # -- what the studio books -----------------------------------------------------------------------

    def _add_adjustments(self) -> None:
        for row in Adjustment.objects.filter(statement__in=list(self.statements)).order_by("pk"):
            said: dict[str, Any] = {"id": row.public_id, "reason": row.reason, **row.dimensions}
            said["amount"] = money_text(row.amount, row.currency)
            self._add(row, self.reader.adjustment(said, row.counted_on))

    def _add_payments(self) -> None:
        for row in RoyaltyPayment.objects.filter(statement__in=list(self.statements)).order_by("pk"):
            said = {"id": row.public_id, "amount": money_text(row.amount, row.currency), "type": row.kind}
            self._add(row, self.reader.payment(said, row.counted_on))

    def _add(self, row: Adjustment | RoyaltyPayment, line: Line) -> None:
        self.books.add(self.statements[row.statement_id].period, line, row.public_id)


def closed_group(row: StatementGroup, credited: Fraction) -> ClosedGroup:
    """What a later return needs of a group: its rates, what of it was returned, what was credited of it since."""
    goods = goods_of(row.goods)
    gross, returns, fx = Fraction(row.gross), Fraction(row.returns), Fraction(row.fx)
    parts = tuple(
        _closed_part(name, points, told) for (name, points), told in zip(goods.shares, row.parts, strict=True)
    )
    group = Group(
        id=row.name, cell=0, since=row.since, goods=goods, units=0, returned_units=0, gross=gross, returns_claimed=returns,
        returns=returns, deductions_claimed=Fraction(0), deductions=Fraction(0), not_allowed=(), net=gross - returns,
        fx=fx, own_fx=Decimal(row.own_fx) if row.own_fx else None, base=0, parts=parts, sale_ids=(), return_ids=(),
    )  # fmt: skip
    return ClosedGroup(group, Decimal(row.own_fx) if row.own_fx else None, credited)


def _closed_part(name: str, points: int, told: dict[str, str]) -> Part:
    floor = Fraction(told["floor"]) if told.get("floor") else None
    return Part(
        of_property=name, points=points, base=0, rule="", slices=(), rate=Fraction(told["rate"]), floor=floor,
        floor_royalty=None if floor is None else 1, royalty=0, pool=None,
    )  # fmt: skip


def plain_part(part: Part) -> dict[str, str]:
    """What is kept of a part: its rate; and the floor, where that decided."""
    told = {"rate": str(part.rate)}
    return told | ({"floor": str(part.floor)} if part.is_floored else {})
