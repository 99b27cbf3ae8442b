"""The lines behind a figure: the lines are read again, and those of one group are told."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from core.errors import Refused
from licensing.royalties.books import Books, without_tax
from licensing.royalties.cases import Case, Placed
from licensing.royalties.groups import cells_like, has_dimensions
from licensing.royalties.lines import Deduction, Return, Sale
from licensing.royalties.results import Statement
from licensing.royalties.writing import minor_text


def explained(case: Case, books: Books, statements: Sequence[Statement], wanted: str) -> Iterator[dict[str, Any]]:
    """The sales, returns and deductions behind the group whose id is `wanted`, whatever period they came in.

    Refuses `UNKNOWN_GROUP`. Costs one more reading of the lines and holds none of them.
    """
    cells = [group.cell for statement in statements for group in statement.groups if group.id == wanted]
    if not cells:
        raise Refused("UNKNOWN_GROUP", path="--explain", group=wanted)
    for placed in case.lines():
        if _cell_of(books, placed) == cells[0]:
            yield _told(placed, books.cells[cells[0]].goods.currency)


def _cell_of(books: Books, placed: Placed) -> int | None:
    line, page = placed.line, books.pages[placed.period]
    if isinstance(line, Sale):
        return page.cells[page.part_of(line.sold_on), line.goods, line.fx].number
    if not isinstance(line, Return | Deduction) or (isinstance(line, Return) and line.rate is not None):
        return None
    if line.of:
        sold = books.index.find(line.of)
        return sold.cell if sold else None
    if isinstance(line, Deduction):
        return next((cell.number for cell in page.cells.values() if has_dimensions(cell.goods, line.wanted)), None)
    if line.sold_in:
        sold_in = books.pages.get(line.sold_in)
        return next((cell.number for cell in cells_like(sold_in, line.goods)), None) if sold_in and line.goods else None
    assert line.goods is not None, "reading a return makes sure of it"
    return page.cells[page.part_of(line.returned_on), line.goods, line.fx].number


def _told(placed: Placed, currency: str) -> dict[str, Any]:
    line = placed.line
    told: dict[str, Any] = {"kind": type(line).__name__.lower(), "where": placed.where, "period": placed.period}
    told["id"] = getattr(line, "id", "") or None
    if isinstance(line, Deduction):
        return {**told, "type": line.type, "amount": minor_text(Fraction(line.amount), currency)}
    assert isinstance(line, Sale | Return), "nothing else has a group"
    day = line.sold_on if isinstance(line, Sale) else line.returned_on
    told |= {"date": day.isoformat() if day else None, "quantity": line.quantity}
    if isinstance(line, Return):
        told["of"] = line.of or None
    else:
        told["article"] = line.article or None
    if line.amount is not None:
        told["amount"] = minor_text(without_tax(line.amount, line.tax_rate), currency)
    return told
