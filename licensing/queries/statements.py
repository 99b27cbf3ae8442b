"""A merchant's own royalty statements, as its programs read them."""

from typing import NamedTuple

from django.db.models import F
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

from core.paging import Page
from licensing.models import Statement
from licensing.queries.licences import own_licences
from merchants.models import Merchant

#: Statements on a page that people read.
_PAGE = 50


class StatementPosition(NamedTuple):
    """Where a page ended."""

    licence_id: int
    number: int


def statements_page(
    merchant: Merchant,
    *,
    licence: str | None,
    state: str | None,
    after: StatementPosition | None,
    limit: int,
) -> Page[Statement]:
    """The statements of the merchant's licences, by licence and then by number: the order of their unique index. One query."""
    licences = own_licences(merchant)
    if licence is not None:
        licences = licences.filter(public_id=licence)
    statements = Statement.objects.filter(licence__in=licences).select_related("licence")
    if state is not None:
        statements = statements.filter(state=state)
    if after is not None:
        statements = statements.filter(TupleGreaterThan(Tuple(F("licence_id"), F("number")), after))
    found = list(statements.defer("figures", "terms", "rates").order_by("licence_id", "number")[: limit + 1])
    if len(found) <= limit:
        return Page(found, None)
    last = found[limit - 1]
    return Page(found[:limit], StatementPosition(last.licence_id, last.number))


def own_statement(merchant: Merchant, public_id: str) -> Statement | None:
    """The statement of this public id, when it is of one of the merchant's licences."""
    statements = Statement.objects.filter(licence__in=own_licences(merchant)).select_related(
        "licence__merchant", "licence__film"
    )
    return statements.filter(public_id=public_id).first()


class ComputedStatements(NamedTuple):
    """A page of statements, the newest period first; `after` names where it goes on, blank at the end."""

    rows: list[Statement]
    after: str


def computed_statements(merchant: Merchant, *, after: str = "") -> ComputedStatements:
    """The merchant's statements that have figures, behind the one called `after`. Two queries at most, however many."""
    statements = Statement.objects.filter(licence__merchant=merchant, computed_at__isnull=False)
    if after and (last := statements.filter(public_id=after).values_list("first_day", "pk").first()):
        statements = statements.filter(TupleLessThan(Tuple(F("first_day"), F("pk")), last))
    found = list(
        statements.select_related("licence__film").defer("terms", "rates").order_by("-first_day", "-pk")[: _PAGE + 1]
    )
    return ComputedStatements(found[:_PAGE], found[_PAGE - 1].public_id if len(found) > _PAGE else "")
