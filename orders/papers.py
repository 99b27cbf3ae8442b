"""Invoices and credit notes: issued by a worker once money has moved, numbered without a gap, never changed afterwards.

What a document says is kept as it was issued; its PDF is drawn from that. Of each line net and tax add up to what was paid, and
of a credit note to what was given back.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_percent
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from core.territories import country_name
from orders.addresses import address_lines
from orders.models import Document, DocumentSeries, Order, Parcel, Refund

#: Documents in one run of the task; the next goes on.
BATCH = 200
_PREFIX = {Document.Kind.INVOICE: "INV", Document.Kind.CREDIT_NOTE: "CRN"}


def issue_documents(*, at: datetime) -> int:
    """Issue what is missing: an invoice for each order that was paid, a credit note for each refund of one that succeeded.
    Returns how many. Each in a transaction of its own; two workers issue each once."""
    # A sandbox's sale is none, and takes no number from the books.
    paid = Order.objects.filter(paid_at__isnull=False, market__is_public=True)
    paid = paid.exclude(documents__kind=Document.Kind.INVOICE)
    issued = sum(issue_invoice(order, at=at) is not None for order in paid.order_by("paid_at", "pk")[:BATCH])
    refunds = Refund.objects.filter(
        state=Refund.State.SUCCEEDED, document=None, lines__isnull=False, order__documents__kind=Document.Kind.INVOICE
    ).distinct()
    return issued + sum(
        issue_credit_note(one, at=at) is not None for one in refunds.order_by("finished_at", "pk")[:BATCH]
    )


@transaction.atomic(durable=True)
def issue_invoice(order: Order, *, at: datetime) -> Document | None:
    """The order's invoice; None where it has one, or was never paid."""
    locked = _locked(order)
    if locked.paid_at is None or locked.documents.filter(kind=Document.Kind.INVOICE).exists():
        return None
    with translation.override(locked.language):
        rows = [
            *(
                _row(line.title_in(locked.language), line.quantity, line.total_amount, line.tax_amount, line.tax_rate)
                for line in locked.lines.order_by("position")
            ),
            *(_delivery(parcel, parcel.total_amount, parcel.tax_amount) for parcel in _parcels(locked)),
        ]
        return _issue(locked, Document.Kind.INVOICE, rows, at)


@transaction.atomic(durable=True)
def issue_credit_note(refund: Refund, *, at: datetime) -> Document | None:
    """The credit note of a refund of pieces, amounts or deliveries; None where it has one."""
    locked = _locked(refund.order)
    if Document.objects.filter(refund=refund).exists():
        return None
    with translation.override(locked.language):
        rows = []
        for one in refund.lines.select_related("line", "parcel__merchant").order_by("pk"):
            if one.line is not None:
                what = one.line.title_in(locked.language)
                rows.append(_row(what, one.quantity, one.amount, one.tax_amount, one.line.tax_rate))
            elif one.parcel is not None:
                rows.append(_delivery(one.parcel, one.amount, one.tax_amount))
        return _issue(locked, Document.Kind.CREDIT_NOTE, rows, at, refund=refund)


def _issue(
    order: Order, kind: str, rows: list[dict[str, Any]], at: datetime, *, refund: Refund | None = None
) -> Document:
    day = at.astimezone(ZoneInfo(order.market.time_zone)).date()
    invoice = order.documents.filter(kind=Document.Kind.INVOICE).values_list("number", flat=True).first()
    content = {
        "language": order.language,
        "currency": order.currency,
        "seller": {
            "name": settings.SELLER_NAME,
            "lines": [line.strip() for line in settings.SELLER_ADDRESS.split(";") if line.strip()],
            "tax_id": settings.SELLER_TAX_ID,
        },
        "buyer": [*address_lines(order.address), country_name(order.country, order.language)],
        "order": order.number,
        "day": format_date(day, "long", locale=order.language.replace("-", "_")),
        "ordered_on": format_date(
            order.placed_at.astimezone(ZoneInfo(order.market.time_zone)).date(), "long",
            locale=order.language.replace("-", "_"),
        ),
        "invoice": invoice if refund is not None else "",
        "lines": [{name: value for name, value in row.items() if name != "rate"} for row in rows],
        "rates": _by_rate(rows, order.language),
        **{name: sum(row[name] for row in rows) for name in ("net", "tax", "gross")},
        "note": _("The goods were sent by their makers in the name of the seller.") if refund is None else "",
    }  # fmt: skip
    number = _next_number(f"{_PREFIX[Document.Kind(kind)]}-{day.year}")
    return Document.objects.create(order=order, refund=refund, kind=kind, number=number, issued_at=at, content=content)


def _next_number(series: str) -> str:
    """The number after the last: the row is held until the document is committed, so that none is left out."""
    DocumentSeries.objects.get_or_create(code=series)
    DocumentSeries.objects.filter(code=series).update(last=F("last") + 1)
    last = DocumentSeries.objects.values_list("last", flat=True).get(code=series)
    return f"{series}-{last:06}"


def _locked(order: Order) -> Order:
    return Order.objects.select_for_update(no_key=True, of=("self",)).select_related("market").get(pk=order.pk)


def _parcels(order: Order) -> Iterable[Parcel]:
    return order.parcels.filter(total_amount__gt=0).select_related("merchant").order_by("pk")


def _delivery(parcel: Parcel, gross: int, tax: int) -> dict[str, Any]:
    maker = {"maker": parcel.merchant.name_in(translation.get_language() or "en")}
    return _row(_("Delivery by %(maker)s") % maker, 0, gross, tax, parcel.tax_rate)


def _row(what: str, pieces: int, gross: int, tax: int, rate: Decimal | None) -> dict[str, Any]:
    return {"what": what, "pieces": pieces, "net": gross - tax, "tax": tax, "gross": gross, "rate": rate}


def _by_rate(rows: list[dict[str, Any]], language: str) -> list[dict[str, Any]]:
    """What of it is taxed at which rate: sums of the rows, so they add up."""
    found: dict[Decimal | None, dict[str, Any]] = {}
    for row in rows:
        rate = row["rate"]
        words = "" if rate is None else format_percent(
            rate, locale=language.replace("-", "_"), decimal_quantization=False
        )  # fmt: skip
        one = found.setdefault(rate, {"rate": words, "net": 0, "tax": 0})
        one["net"] += row["net"]
        one["tax"] += row["tax"]
    return [found[rate] for rate in sorted(found, key=lambda rate: (rate is None, rate or 0))]
