"""What must be true of money: journals balance, closed statements come out of their lines again, accounts say what they say."""

from django.db.models import F, Q, Sum

from licensing.ledger.journal import Account
from licensing.ledger.statements import replayed_digest
from licensing.models import Licence, Posting, RoyaltyPayment, SaleLine, Statement
from licensing.royalties import values

State = Statement.State


def unbalanced_journals() -> int:
    """Journals whose postings do not add up to nothing in one of their currencies."""
    sums = Posting.objects.order_by().values("journal", "currency").annotate(total=Sum("amount"))
    return sums.exclude(total=0).values("journal").distinct().count()


def drifted_statements(size: int) -> list[str]:
    """Of `size` closed statements, those whose lines, terms and rates do not give their digest any more."""
    rows = Statement.objects.filter(state=State.CLOSED).order_by("?")[:size]
    return [row.public_id for row in rows if replayed_digest(row) != row.digest]


def statements_out_of_order() -> int:
    """Closed statements with an open one before them."""
    return Statement.objects.filter(
        state=State.CLOSED, licence__statements__state=State.OPEN, licence__statements__number__lt=F("number")
    ).count()


def accounts_that_differ(size: int) -> list[str]:
    """Of `size` licences with a closed statement, those where the journal does not say what the last one says: the balance, and
    what of the advances is left."""
    licences = Licence.objects.filter(statements__state=State.CLOSED).distinct().order_by("?")[:size]
    return [licence.number for licence in licences if not _agrees(licence)]


def _agrees(licence: Licence) -> bool:
    last = Statement.objects.filter(licence=licence, state=State.CLOSED).order_by("number").last()
    assert last is not None, "the caller looked"
    later = Q(journal__payment__statement__number__gt=last.number)
    sums = dict(
        Posting.objects.filter(journal__licence=licence, currency=last.currency)
        .exclude(later)
        .order_by()
        .values_list("account")
        .annotate(total=Sum("amount"))
    )
    balance = values.minor(last.figures["balance"], "balance", last.currency, is_signed=True)
    left = values.minor(last.figures["advance_unrecouped"], "advance_unrecouped", last.currency)
    return (sums.get(Account.LICENSEE, 0), sums.get(Account.ADVANCES, 0)) == (balance, -left)


def uncounted_lines() -> int:
    """Lines, and payments, of another licence than the statement that they count in."""
    lines = SaleLine.objects.exclude(statement__licence=F("licence")).count()
    return lines + RoyaltyPayment.objects.exclude(statement__licence=F("licence")).count()


def breaches(size: int) -> dict[str, int]:
    """What is wrong, by its name. Of the statements and licences, `size` are looked at."""
    return {
        "journals that do not balance": unbalanced_journals(),
        "closed statements that drifted": len(drifted_statements(size)),
        "closed statements behind an open one": statements_out_of_order(),
        "accounts that differ from their statement": len(accounts_that_differ(size)),
        "lines in another licence's statement": uncounted_lines(),
    }
