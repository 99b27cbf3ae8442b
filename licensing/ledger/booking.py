"""What a closed statement means in the journal.

Earned royalties become what the licensee owes, what works the advances off, and the rest: earned while something was still to be
made good (a negative period before), or asked for and earned back since. So the account of the licensee is always what the last
closed statement calls its balance, and the account of advances what no royalty has worked off.
"""

from datetime import datetime

from licensing.ledger import journal
from licensing.ledger.journal import Account, Entry, Kind
from licensing.models import RoyaltyTerms
from licensing.models import Statement as Row
from licensing.royalties import values
from licensing.royalties.results import Carried, Statement


def book_statement(
    account: RoyaltyTerms, row: Row, statement: Statement, opening: Carried | None, *, at: datetime
) -> None:
    """Write the entries of a statement that is being closed."""
    before, after = opening or Carried(), statement.carried
    advances_before, unrecouped_before = _advances_before(row)
    new_advances = statement.advances - advances_before
    by_terms = new_advances - (after.advances_paid - before.advances_paid)
    set_off = after.set_off - before.set_off
    worked_off = unrecouped_before + new_advances - set_off - statement.unrecouped
    manual = sum(line.royalty for line in statement.adjustment_lines if line.kind == "MANUAL")
    stated = [
        (Account.ROYALTIES, manual - statement.earned),
        (Account.ADJUSTMENTS, -manual),
        (Account.LICENSEE, statement.payable),
        (Account.SHORTFALLS, -statement.shortfall),
        (Account.FUND, -statement.cmf_due),
        (Account.ADVANCES, worked_off + set_off),
    ]
    carried = (Account.CARRIED, -sum(amount for _account, amount in stated))
    paid = [(Account.CASH, by_terms), (Account.ADVANCES, -by_terms)]
    entries = [
        Entry(Kind.ADVANCE, row.currency, paid, statement=row),
        Entry(Kind.STATEMENT, row.currency, [*stated, carried], statement=row),
    ]
    journal.write(account.licence, entries, at=at)


def _advances_before(row: Row) -> tuple[int, int]:
    """All advances, and what of them was not worked off, after the statement before this one."""
    before = Row.objects.filter(licence=row.licence_id, number=row.number - 1).first()
    if before is None:
        return 0, 0
    cum, left = (before.figures[name] for name in ("cum_advance", "advance_unrecouped"))
    return values.minor(cum, "cum_advance", row.currency), values.minor(left, "advance_unrecouped", row.currency)
