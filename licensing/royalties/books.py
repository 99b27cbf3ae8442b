"""Lines are counted one at a time into cells, the sums of one group each: what is held grows with the groups, not the lines."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from core.errors import Refused
from licensing.royalties.canonical import line_digest
from licensing.royalties.line_index import LineIndex, MemoryIndex, Sold, Waiting
from licensing.royalties.lines import ZERO, Adjustment, Deduction, Goods, Line, Payment, Period, Return, Sale
from licensing.royalties.rates import turning_days
from licensing.royalties.results import Group
from licensing.royalties.rounding import EXACT
from licensing.royalties.terms import Agreement


@dataclass(slots=True)
class Sums:
    """Units, and amounts by the tax rate that is in them: what is without tax is a quotient, taken once at the end."""

    units: int = 0
    amounts: dict[Decimal, Decimal] = field(default_factory=dict)
    #: What was worked out for single lines: so many of what a sale line came to.
    quotients: Fraction = Fraction(0)

    def add(self, units: int, amount: Decimal, tax_rate: Decimal) -> None:
        self.units += units
        self.amounts[tax_rate] = EXACT.add(self.amounts.get(tax_rate, ZERO), amount)

    def without_tax(self) -> Fraction:
        return sum((without_tax(amount, rate) for rate, amount in self.amounts.items()), self.quotients)


def without_tax(amount: Decimal, tax_rate: Decimal) -> Fraction:
    return Fraction(amount) / (1 + Fraction(tax_rate))


@dataclass(slots=True)
class Cell:
    """The sums of one group of one period. `since` is the first day of the part of the period that it lies in."""

    number: int
    period: str
    since: date
    goods: Goods
    fx: Decimal | None
    where: str
    sold: Sums = field(default_factory=Sums)
    returned: Sums = field(default_factory=Sums)
    deductions: dict[str, Decimal] = field(default_factory=dict)
    sale_ids: list[str] = field(default_factory=list)
    return_ids: list[str] = field(default_factory=list)

    def take_back(self, units: int, net: Fraction) -> None:
        self.returned.units += units
        self.returned.quotients += net

    def deduct(self, kind: str, amount: Decimal) -> None:
        self.deductions[kind] = EXACT.add(self.deductions.get(kind, ZERO), amount)


@dataclass(slots=True)
class Page:
    """What is counted of one period. `turns` are the first days of its parts."""

    period: Period
    turns: list[date]
    cells: dict[tuple[date, Goods, Decimal | None], Cell] = field(default_factory=dict)
    is_closed: bool = False
    deductions: list[tuple[Deduction, str]] = field(default_factory=list)
    adjustments: list[tuple[Adjustment, date]] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)

    def part_of(self, day: date | None) -> date:
        """The first day of the part of the period that `day` lies in. Refuses days outside, and no day where one is needed."""
        if day is None:
            if len(self.turns) > 1:
                raise Refused("DATE_NEEDED", period=self.period.name, day=self.turns[1].isoformat())
            return self.turns[0]
        if not self.period.first_day <= day <= self.period.last_day:
            raise Refused("DATE_OUTSIDE_PERIOD", date=day.isoformat(), period=self.period.name)
        return self.turns[bisect_right(self.turns, day) - 1] if len(self.turns) > 1 else self.turns[0]


@dataclass(frozen=True, slots=True)
class ClosedGroup:
    """A group whose statement stands, with what later periods have credited of it so far, and the rate that its lines brought."""

    group: Group
    own_fx: Decimal | None = None
    credited: Fraction = Fraction(0)


class Books:
    """Open the periods, add the lines in any order, then let `statements.make_statements` read them.

    `index` keeps what is found again by id; in memory unless told otherwise. `keeps_ids` is off for a stream: the lines behind a
    figure are then found by reading the stream again (`group_of`).
    """

    def __init__(self, agreement: Agreement, *, index: LineIndex | None = None, keeps_ids: bool = True) -> None:
        self.agreement = agreement
        self.index: LineIndex = index or MemoryIndex()
        self.keeps_ids = keeps_ids
        self.pages: dict[str, Page] = {}
        self.cells: list[Cell] = []
        self.closed: dict[int, ClosedGroup] = {}
        self._unnamed: dict[tuple[str, bytes], int] = {}
        self._adders = {
            Sale: self._sell, Return: self._take_back, Deduction: self._deduct, Adjustment: self._adjust, Payment: self._pay,
        }  # fmt: skip

    def open(self, period: Period) -> None:
        """A period without lines is one too: it gets a statement that says so. Refuses periods that overlap."""
        for page in self.pages.values():
            other = page.period
            if period.name == other.name or (period.first_day <= other.last_day and other.first_day <= period.last_day):
                raise Refused("PERIODS_OVERLAP", path="periods", period=period.name, other=other.name)
        turns = [period.first_day, *turning_days(self.agreement, period)]
        self.pages[period.name] = Page(period, turns)

    def recall(self, period: Period, closed: Iterable[ClosedGroup]) -> None:
        """A period whose statement stands: returns of later periods find there what they take back, at its rates. No statement is
        made of it again, so it has no lines; sales that returns point at are told to the index."""
        self.open(period)
        page = self.pages[period.name]
        page.is_closed = True
        for one in closed:
            cell = self.cell(page, one.group.since, one.group.goods, one.own_fx, period.name)
            self.closed[cell.number] = replace(one, group=replace(one.group, cell=cell.number))

    def add(self, period: str, line: Line, where: str = "") -> None:
        """Count one line. `where` is told when something about it is refused, now or later."""
        digest = line_digest(line)
        try:
            page = self.pages[period]
            self._adders[type(line)](page, line, line.id or self._name_for(period, digest), where)  # type: ignore[operator]
            self.index.digest(period, digest)
        except Refused as refusal:
            refusal.facts.setdefault("path", where)
            raise

    def in_order(self) -> list[Page]:
        return sorted(self.pages.values(), key=lambda page: page.period.first_day)

    def _name_for(self, period: str, digest: bytes) -> str:
        """A name for a line that came without an id: from what it says, so that neither the order of the lines nor what other
        periods hold changes it."""
        if not self.keeps_ids:
            return ""
        self._unnamed[period, digest] = count = self._unnamed.get((period, digest), 0) + 1
        return f"~{digest.hex()[:12]}" + (f"#{count}" if count > 1 else "")

    def cell(self, page: Page, since: date, goods: Goods, fx: Decimal | None, where: str) -> Cell:
        key = (since, goods, fx)
        cell = page.cells.get(key)
        if cell is None:
            cell = Cell(len(self.cells), page.period.name, since, goods, fx, where)
            page.cells[key] = cell
            self.cells.append(cell)
        return cell

    def _sell(self, page: Page, sale: Sale, name: str, where: str) -> None:
        cell = self.cell(page, page.part_of(sale.sold_on), sale.goods, sale.fx, where)
        if sale.id:
            self.index.sell(sale.id, Sold(cell.number, sale.quantity, sale.amount, sale.tax_rate), where)
        cell.sold.add(sale.quantity, sale.amount, sale.tax_rate)
        for kind, amount in sale.deductions:
            cell.deduct(kind, amount)
        if self.keeps_ids:
            cell.sale_ids.append(name)

    def _take_back(self, page: Page, line: Return, name: str, where: str) -> None:
        if line.id:
            self.index.claim("return", line.id)
        since = page.part_of(line.returned_on)
        if line.goods is None or line.of or line.sold_in or line.rate is not None:
            self.index.wait(page.period.name, Waiting(replace(line, id=name), since, where))
            return
        assert line.amount is not None, "reading a return makes sure of it"
        cell = self.cell(page, since, line.goods, line.fx, where)
        cell.returned.add(line.quantity, line.amount, line.tax_rate)
        if self.keeps_ids:
            cell.return_ids.append(name)

    def _deduct(self, page: Page, line: Deduction, _name: str, where: str) -> None:
        if line.id:
            self.index.claim("deduction", line.id)
        page.deductions.append((line, where))

    def _adjust(self, page: Page, line: Adjustment, name: str, where: str) -> None:
        if line.id:
            self.index.claim("adjustment", line.id)
        page.adjustments.append((replace(line, id=name), page.part_of(line.on)))

    def _pay(self, page: Page, line: Payment, name: str, where: str) -> None:
        if line.id:
            self.index.claim("payment", line.id)
        page.part_of(line.paid_on or page.period.first_day)
        page.payments.append(replace(line, id=name))
