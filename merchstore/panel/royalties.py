"""What a merchant owes for a licence and will, and what the shop has paid the merchant: pages of money. They change nothing."""

from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.money import Money
from licensing.queries.licences import own_licences
from licensing.sheets.outlook import outlook_of
from licensing.sheets.sheet import statement_rows
from merchstore.panel.visit import FINANCE, PanelVisit, page, show
from orders.paid_out import payout_lines, payouts_of
from orders.payouts import currencies_of, payable

#: Facts that wait and are told one by one; the sum is of all.
MOST_HELD = 100


@require_safe
@partial(page, roles=FINANCE)
def royalties(request: HttpRequest, visit: PanelVisit, licence: str) -> HttpResponse:
    """A licence: what was earned, what its guarantees lack at this pace, its statements and payments."""
    found = own_licences(visit.merchant).select_related("film").filter(public_id=licence).first()
    if found is None:
        raise Http404
    statements = list(
        found.statements.filter(computed_at__isnull=False).select_related("licence__film").order_by("-number")[:60]
    )
    rows = [
        (visit.address("statement", one.public_id), told)
        for one, told in zip(statements, statement_rows(statements), strict=True)
    ]
    context = {
        "licence": found,
        "film": found.film.title_in(visit.language),
        "statements": rows,
        "list": visit.address("statements"),
        "title": _("Royalties of %(licence)s") % {"licence": found.number},
        "section": "statements",
    }
    return show(request, visit, "royalties", outlook_of(found, as_of=timezone.localdate()) | context)


@require_safe
@partial(page, roles=FINANCE)
def payouts(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    """What was paid out, and what is due or held, and why."""
    at, made = timezone.now(), payouts_of(visit.merchant, after=request.GET.get("after", "")[:40])
    owed = []
    for currency in currencies_of(visit.merchant):
        found = payable(visit.merchant, currency, at=at)
        held = [
            (
                one.fact.line.order.number,
                one.fact.get_kind_display(),
                one.reason,
                one.until,
                _sum(visit, one.amount, currency),
            )
            for one in found.held[:MOST_HELD]
        ]
        owed.append(
            {
                "currency": currency,
                "due": _sum(visit, found.amount, currency),
                "held": _sum(visit, found.held_amount, currency),
                "rows": held,
                "more": max(0, len(found.held) - MOST_HELD),
            }
        )
    context = {
        "rows": [
            (visit.address("payout", one.public_id), one, _sum(visit, one.amount, one.currency)) for one in made.rows
        ],
        "next": made.after,
        "owed": owed,
        "title": _("Payouts"),
        "section": "payouts",
    }
    return show(request, visit, "payouts", context)


@require_safe
@partial(page, roles=FINANCE)
def payout(request: HttpRequest, visit: PanelVisit, payout: str) -> HttpResponse:
    """A payout with the sales and returns that it is made of."""
    found = visit.merchant.payouts.filter(public_id=payout).first()
    if found is None:
        raise Http404
    lines = payout_lines(found, after=request.GET.get("after", "")[:20])
    rows: list[dict[str, Any]] = [
        {
            "order": line.fact.line.order.number,
            "title": line.fact.line.title_in(visit.language),
            "kind": line.fact.get_kind_display(),
            "pieces": line.fact.quantity,
            "amount": _sum(visit, line.amount, found.currency),
        }
        for line in lines.rows
    ]
    context = {
        "payout": found,
        "amount": _sum(visit, found.amount, found.currency),
        "rows": rows,
        "next": lines.after,
        "list": visit.address("payouts"),
        "title": _("Payout of %(amount)s") % {"amount": _sum(visit, found.amount, found.currency)},
        "section": "payouts",
    }
    return show(request, visit, "payout", context)


def _sum(visit: PanelVisit, amount: int | None, currency: str) -> str:
    return "–" if amount is None else Money(amount, currency).in_locale(visit.language)
