"""Returns that point at another line: of this period they lower its group, of an earlier one they are lines of the open period.

A closed statement never changes, and past tier slices are not tiered again: what comes back late is taken off at the original rate
and exchange rate, as an adjustment. It does not move the count of the tiers.
"""

from dataclasses import replace
from datetime import date
from fractions import Fraction

from core.errors import Refused
from licensing.royalties.books import Books, Cell, Page, without_tax
from licensing.royalties.groups import cells_like, pool_for, royalty_back, shared_out, the_one
from licensing.royalties.line_index import Sold, Waiting
from licensing.royalties.lines import Return
from licensing.royalties.rates import fx_rate
from licensing.royalties.results import AdjustmentLine, Group, LatePart
from licensing.royalties.rounding import major, round_base, round_cap, round_royalty

NOTHING = Fraction(0)


class LateReturns:
    """What periods take back of earlier ones. `groups` are those of all periods so far, by the number of their cell."""

    def __init__(self, books: Books, groups: dict[int, Group]) -> None:
        self.books = books
        self.agreement = books.agreement
        self.groups = groups
        self._earlier: dict[str, Page] = {}
        self._credited: dict[int, Fraction] = {cell: one.credited for cell, one in books.closed.items()}

    def recall(self, page: Page) -> None:
        """A period whose statement stands: what later ones can point at."""
        self._earlier[page.period.name] = page

    def settle(self, page: Page) -> list[AdjustmentLine]:
        """Lower the cells of this period by the returns of its own sales, and make lines of the others."""
        found: dict[tuple[int, date], list[AdjustmentLine]] = {}
        lines: list[AdjustmentLine] = []
        for waiting in self.books.index.waiting(page.period.name):
            try:
                if waiting.line.rate is not None:
                    lines.append(self._from_elsewhere(page, waiting))
                else:
                    self._sort(page, waiting, found)
            except Refused as refusal:
                refusal.facts.setdefault("path", waiting.where)
                raise
        for (cell, since), of_group in found.items():
            lines += self._within_cap(self.groups[cell], since, of_group)
        self._earlier[page.period.name] = page
        return sorted(lines, key=lambda line: (line.sold_in, line.group, line.id))

    def _sort(self, page: Page, waiting: Waiting, found: dict[tuple[int, date], list[AdjustmentLine]]) -> None:
        line = waiting.line
        cell, sold = self._original(line, waiting.where)
        net = self._credit_of(line, sold)
        if cell.period == page.period.name:
            cell.take_back(line.quantity, net)
            if self.books.keeps_ids:
                cell.return_ids.append(line.id)
            return
        group = self.groups.get(cell.number)
        if group is None:
            raise Refused("RETURNED_BEFORE_SOLD", id=line.id, period=cell.period)
        late = self._line(group, waiting.since, line, net, sold_in=cell.period)
        of_group = found.setdefault((cell.number, waiting.since), [])
        if self.books.keeps_ids or not of_group:
            of_group.append(late)
        else:
            of_group[0] = _merged(of_group[0], late)

    def _original(self, line: Return, where: str) -> tuple[Cell, Sold | None]:
        """The cell that counted the sale, and the sale where the return names it."""
        if line.of:
            sold = self.books.index.find(line.of)
            if sold is None:
                raise Refused("UNKNOWN_LINE", id=line.of)
            cell = self.books.cells[sold.cell]
            if line.currency not in ("", cell.goods.currency):
                raise Refused("WRONG_LINE_CURRENCY", currency=line.currency, wanted=cell.goods.currency)
            return cell, sold
        page = self._earlier.get(line.sold_in)
        if page is None:
            raise Refused("RETURNED_BEFORE_SOLD", id=line.id, period=line.sold_in)
        assert line.goods is not None, "reading a return makes sure of it"
        return the_one(cells_like(page, line.goods), where=where, told=line.sold_in), None

    def _credit_of(self, line: Return, sold: Sold | None) -> Fraction:
        """What was credited, without tax: as the line says, else so many at the price of the sale."""
        if sold is not None and self.books.index.take_back(line.of, line.quantity) > sold.quantity:
            raise Refused("RETURNED_TOO_MANY", id=line.of, sold=sold.quantity)
        if line.amount is not None:
            return without_tax(line.amount, line.tax_rate)
        assert sold is not None, "reading a return makes sure of it"
        if not line.quantity:
            return NOTHING
        return without_tax(sold.amount, sold.tax_rate) * line.quantity / sold.quantity

    def _line(self, group: Group, since: date, line: Return, net: Fraction, *, sold_in: str) -> AdjustmentLine:
        parts = self._taken_back(group, since, net, Fraction(line.quantity))
        return AdjustmentLine(
            kind="RETURN", id=line.id, royalty=sum(part.royalty for part in parts), of=line.of, sold_in=sold_in,
            group=group.id, units=line.quantity, currency=group.goods.currency, claimed=net, net=net, fx=group.fx,
            base=sum(part.base for part in parts), parts=parts, ids=(line.id,) if self.books.keeps_ids else (),
        )  # fmt: skip

    def _taken_back(self, group: Group, since: date, net: Fraction, units: Fraction) -> tuple[LatePart, ...]:
        """The parts of what goes back, with the sign of what is taken off."""
        currency, goods = self.agreement.currency, group.goods
        bases = shared_out(round_base(net * group.fx, currency), goods.shares, currency)
        return tuple(
            LatePart(
                part.of_property, -base, part.rate, part.floor if part.is_floored else None,
                -royalty_back(part, base, units, currency), pool_for(self.agreement, goods, part.of_property, since),
            )
            for part, base in zip(group.parts, bases, strict=True)
        )  # fmt: skip

    def _within_cap(self, group: Group, since: date, lines: list[AdjustmentLine]) -> list[AdjustmentLine]:
        """The lines as they are; or one for all of them, when the returns cap of the original group credits less."""
        claimed = sum((line.claimed for line in lines), NOTHING)
        before = self._credited.get(group.cell, NOTHING)
        left = claimed
        if self.agreement.returns_cap is not None:
            most = round_cap(group.gross * self.agreement.returns_cap, group.goods.currency)
            left = min(claimed, max(NOTHING, most - group.returns - before))
        self._credited[group.cell] = before + left
        if left == claimed:
            return lines
        whole = lines[0]
        for line in lines[1:]:
            whole = _merged(whole, line)
        parts = self._taken_back(group, since, left, whole.units * left / claimed)
        base, royalty = sum(part.base for part in parts), sum(part.royalty for part in parts)
        return [replace(whole, net=left, parts=parts, base=base, royalty=royalty)]

    def _from_elsewhere(self, page: Page, waiting: Waiting) -> AdjustmentLine:
        """A return of a sale that is in none of these periods: the line itself says rate and exchange rate."""
        line, currency = waiting.line, self.agreement.currency
        goods, rate = line.goods, line.rate
        assert goods is not None and rate is not None and line.amount is not None, "reading a return makes sure of it"  # noqa: PT018
        own = line.fx
        fx = (
            Fraction(own)
            if own is not None
            else fx_rate(self.agreement, page.period, goods.currency, where=waiting.where)
        )
        net = without_tax(line.amount, line.tax_rate)
        parts = tuple(
            LatePart(
                name, -base, rate, None, -round_royalty(major(base, currency) * rate, currency),
                pool_for(self.agreement, goods, name, waiting.since),
            )
            for (name, _points), base in zip(
                goods.shares, shared_out(round_base(net * fx, currency), goods.shares, currency), strict=True
            )
        )  # fmt: skip
        return AdjustmentLine(
            kind="RETURN", id=line.id, royalty=sum(part.royalty for part in parts), of=line.of, sold_in=line.sold_in,
            units=line.quantity, currency=goods.currency, claimed=net, net=net, fx=fx,
            base=sum(part.base for part in parts), parts=parts, ids=(line.id,) if line.id else (),
        )  # fmt: skip


def _merged(one: AdjustmentLine, other: AdjustmentLine) -> AdjustmentLine:
    """Two late returns of one group as one line; each keeps the cents that it was rounded to."""
    parts = tuple(
        replace(a, base=a.base + b.base, royalty=a.royalty + b.royalty)
        for a, b in zip(one.parts, other.parts, strict=True)
    )
    return replace(
        one, id=min(one.id, other.id), of="", units=one.units + other.units, claimed=one.claimed + other.claimed,
        net=one.net + other.net, base=one.base + other.base, royalty=one.royalty + other.royalty, parts=parts,
        ids=tuple(sorted(one.ids + other.ids)),
    )  # fmt: skip
