"""What must be true of orders, whatever happened at once: nothing held that nobody ordered, no money without its order, every cent
of a refund accounted for, every sale known to licensing, every document numbered.

Each is a count that has to be 0. All of them are questions to the database over whole tables, so that 100,000 orders take seconds;
none locks anything, and each looks at one moment, so that it may be asked while people buy.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

from django.db.models import BigIntegerField, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Concat, Substr

from accounts.models import AuditEntry, User
from catalog.models import Stock
from licensing.ledger.journal import Account
from licensing.models import Licence, Posting, SaleLine
from orders.models import (
    Document,
    DocumentSeries,
    Order,
    OrderLine,
    Parcel,
    Payment,
    Payout,
    PayoutLine,
    PersonCount,
    Refund,
    RefundLine,
    Reservation,
    SaleFact,
)

_OPEN = (Order.State.PENDING, Order.State.PAID)
_STILL_HERE = F("quantity") - F("cancelled") - F("shipped")


def breaches() -> dict[str, int]:
    """How many rows break each of the rules, by its name."""
    return {name: count() for name, count in CHECKS.items()}


# -- what is held ------------------------------------------------------------------------------------


def stock_unlike_reservations() -> int:
    """Variants whose stock counts another number as promised than orders hold; and what is held of no stock at all."""
    held = _total(Reservation.objects.filter(variant=OuterRef("variant")), "variant", "pieces")
    unlike = Stock.objects.exclude(reserved=held).count()
    return unlike + Reservation.objects.filter(variant__stock=None).values("variant").distinct().count()


def reservations_unlike_lines() -> int:
    """Open orders that hold another number of a variant than they have still to send."""
    held = _total(
        Reservation.objects.filter(order=OuterRef("order"), variant=OuterRef("variant")), "variant", "pieces"
    )  # fmt: skip
    lines = OrderLine.objects.filter(order__state__in=_OPEN, variant__isnull=False).order_by()
    unlike = lines.values("order", "variant").annotate(wanted=Sum(_STILL_HERE), held=held).exclude(wanted=F("held"))
    line = OrderLine.objects.filter(order=OuterRef("order"), variant=OuterRef("variant"))
    return unlike.count() + Reservation.objects.filter(~Exists(line), order__state__in=_OPEN).count()


def reservations_of_the_over() -> int:
    """What expired and cancelled orders still hold."""
    return Reservation.objects.exclude(order__state__in=_OPEN).count()


def licences_short_of_units() -> int:
    """Licences that count fewer units than orders took and have not given back. Sales elsewhere may count besides."""
    return _lasting(_short_licences)


def _short_licences() -> set[Any]:
    taken: dict[int, int] = defaultdict(int)
    lines = OrderLine.objects.filter(units_taken_at__isnull=False).order_by().values_list("licence_ids")
    for licence_ids, pieces in lines.annotate(pieces=Sum(F("quantity") - F("cancelled") - F("returned"))):
        for licence_id in licence_ids:
            taken[licence_id] += pieces
    used = dict(Licence.objects.filter(pk__in=taken).values_list("pk", "units_used"))
    return {pk for pk, pieces in taken.items() if used.get(pk, 0) < pieces}


def persons_counted_too_high() -> int:
    """Persons of whom more is counted than they hold or bought, so that they are refused what they may have. What was ordered
    before a product had an allowance is not counted, so less is no breach."""
    return _lasting(_high_persons)


def _high_persons() -> set[Any]:
    counted = PersonCount.objects.filter(pieces__gt=0)
    bought: dict[tuple[int | None, str], int] = defaultdict(int)
    lines = OrderLine.objects.filter(product__in=counted.values("product"), order__state__in=_OPEN).order_by()
    buyers = lines.values_list("product", "order__email", "order__user")
    for product, email, user, pieces in buyers.annotate(pieces=Sum(F("quantity") - F("cancelled"))).iterator():
        bought[product, f"mail:{sha256(email.strip().lower().encode()).hexdigest()}"] += pieces
        if user is not None:
            bought[product, f"user:{user}"] += pieces
    # Who deleted the account has left its count behind, which nobody is refused by.
    members = {f"user:{pk}" for pk in User.objects.values_list("pk", flat=True).iterator()}
    return {
        (product, person)
        for product, person, pieces in counted.values_list("product", "person", "pieces").iterator()
        if pieces > bought.get((product, person), 0) and (person.startswith("mail:") or person in members)
    }


def _lasting(look: Callable[[], set[Any]]) -> int:
    """What is wrong in two looks: one needs two questions, between which somebody may have bought."""
    found = look()
    return len(found & look()) if found else 0


# -- money -------------------------------------------------------------------------------------------


def money_without_an_order() -> int:
    """Payments that brought money which neither paid their order nor goes back."""
    back = _total(Refund.objects.filter(payment=OuterRef("pk")), "payment", "amount")
    strays = Payment.objects.filter(received_amount__gt=0, is_applied=False).annotate(back=back)
    unpaid = Payment.objects.filter(is_applied=True, order__paid_at=None)
    return strays.exclude(back=F("received_amount")).count() + unpaid.count()


def paid_orders_unlike_their_money() -> int:
    """Orders that were paid, where what came less what goes back is not what they cost less what was taken off their lines."""
    applied = Payment.objects.filter(order=OuterRef("pk"), is_applied=True, received_amount=OuterRef("total_amount"))
    back = _total(Refund.objects.filter(order=OuterRef("pk"), payment__is_applied=True), "order", "amount")
    lines = _total(OrderLine.objects.filter(order=OuterRef("pk")), "order", "refunded_amount")
    parcels = _total(Parcel.objects.filter(order=OuterRef("pk")), "order", "refunded_amount")
    paid = Order.objects.filter(paid_at__isnull=False).annotate(back=back, off=lines + parcels)
    return paid.filter(~Exists(applied) | ~Q(back=F("off"))).count()


def payments_unlike_refunds() -> int:
    """Payments that say another sum was given back than their succeeded refunds do."""
    done = Refund.objects.filter(payment=OuterRef("pk"), state=Refund.State.SUCCEEDED)
    return Payment.objects.exclude(refunded_amount=_total(done, "payment", "amount")).count()


def refunds_unlike_lines() -> int:
    """Lines and parcels that say another sum goes back than the rows of refunds do, and refunds that are not the sum of theirs.

    A refund that failed counts: it is done again under its number.
    """
    of_line = RefundLine.objects.filter(line=OuterRef("pk"))
    lines = OrderLine.objects.annotate(back=_total(of_line, "line", "amount"), came=_total(of_line, "line", "quantity"))
    wrong_lines = lines.filter(~Q(back=F("refunded_amount")) | Q(came__gt=F("refunded_quantity"))).count()
    of_parcel = RefundLine.objects.filter(parcel=OuterRef("pk"))
    wrong_parcels = Parcel.objects.exclude(refunded_amount=_total(of_parcel, "parcel", "amount")).count()
    of_refund = RefundLine.objects.filter(refund=OuterRef("pk"))
    applied = Refund.objects.filter(payment__is_applied=True)
    return wrong_lines + wrong_parcels + applied.exclude(amount=_total(of_refund, "refund", "amount")).count()


def failed_refunds_unseen() -> int:
    """Refunds that did not succeed, and that nobody was shown or has looked at."""
    looked = AuditEntry.objects.filter(
        subject_type=Order._meta.label_lower, subject_id=OuterRef("order__public_id"), verb="order.reviewed"
    )
    return Refund.objects.filter(~Exists(looked), state=Refund.State.FAILED, order__review="").count()


def orders_unlike_their_lines() -> int:
    """Orders whose sums are not those of their lines and parcels."""
    lines, parcels = OrderLine.objects.filter(order=OuterRef("pk")), Parcel.objects.filter(order=OuterRef("pk"))
    orders = Order.objects.annotate(
        goods=_total(lines, "order", "amount"),
        delivery=_total(parcels, "order", "amount"),
        tax=_total(lines, "order", "tax_amount") + _total(parcels, "order", "tax_amount"),
        paid=_total(lines, "order", "total_amount") + _total(parcels, "order", "total_amount"),
    )
    return orders.exclude(
        goods=F("goods_amount"), delivery=F("delivery_amount"), tax=F("tax_amount"), paid=F("total_amount")
    ).count()


# -- licensing and payouts ---------------------------------------------------------------------------


def sales_untold() -> int:
    """Licensed lines of orders that were paid, and pieces of them that were given back, of which no fact says so."""
    sale = SaleFact.objects.filter(
        line=OuterRef("pk"), kind=SaleFact.Kind.SALE, quantity=OuterRef("quantity"), amount=OuterRef("total_amount")
    )
    sold = OrderLine.objects.filter(order__paid_at__isnull=False, licence__isnull=False)
    came = SaleFact.objects.filter(
        line=OuterRef("line"), refund=OuterRef("refund"), quantity=OuterRef("quantity"), amount=OuterRef("amount")
    )
    given = RefundLine.objects.filter(
        refund__state=Refund.State.SUCCEEDED, line__licence__isnull=False, quantity__gt=0
    )  # fmt: skip
    return sold.filter(~Exists(sale)).count() + given.filter(~Exists(came)).count()


def facts_unlike_the_ledger() -> int:
    """Facts that were told and that the royalty ledger has not, or has with other pieces or another sum. Of returns the pieces
    alone: the ledger's cents follow the order in which it was told."""
    told = SaleFact.objects.filter(told_at__isnull=False)
    sale = SaleLine.objects.filter(
        licence=OuterRef("line__licence"), kind=SaleLine.Kind.SALE, external_id=OuterRef("line__public_id"),
        source=SaleLine.Source.ORDER, quantity=OuterRef("quantity"),
    )  # fmt: skip
    paid = Posting.objects.filter(
        account=Account.CUSTOMER, amount=OuterRef("amount"), journal__line__licence=OuterRef("line__licence"),
        journal__line__kind=SaleLine.Kind.SALE, journal__line__external_id=OuterRef("line__public_id"),
    )  # fmt: skip
    sales = told.filter(~Exists(sale) | (Q(amount__gt=0) & ~Exists(paid)), kind=SaleFact.Kind.SALE)
    back = SaleLine.objects.filter(
        licence=OuterRef("line__licence"), kind=SaleLine.Kind.RETURN, external_id=OuterRef("name"),
        source=SaleLine.Source.ORDER, of=OuterRef("line__public_id"), quantity=OuterRef("quantity"),
    )  # fmt: skip
    name = Concat("refund__public_id", Value(":"), "line__public_id")
    returns = told.filter(kind=SaleFact.Kind.RETURN).annotate(name=name)
    return sales.count() + returns.filter(~Exists(back)).count()


def payouts_unlike_lines() -> int:
    """Payouts of another sum than their lines, and lines of another merchant's goods."""
    sums = Payout.objects.annotate(lines_amount=Coalesce(Sum("lines__amount"), 0))
    others = PayoutLine.objects.exclude(fact__line__merchant=F("payout__merchant"))
    return sums.exclude(lines_amount=F("amount")).count() + others.count()


# -- papers ------------------------------------------------------------------------------------------


def document_numbers_missing() -> int:
    """Series whose documents are not numbered from one to the last without a gap."""
    return sum(1 for series in DocumentSeries.objects.all() if list(_gap(series)))


def _gap(series: DocumentSeries) -> Iterator[int]:
    """The last number and how many there are, where they differ."""
    prefix = f"{series.code}-"
    documents = Document.objects.filter(number__startswith=prefix)
    numbers = documents.annotate(place=Cast(Substr("number", len(prefix) + 1), IntegerField()))
    within = numbers.filter(place__gte=1, place__lte=series.last).count()
    if within != series.last or numbers.count() != series.last:
        yield within


def _total(rows: QuerySet[Any], by: str, field: str) -> Coalesce:
    """The sum of `field` over rows that are bound to an outer query by `by`; none: 0."""
    sums = rows.order_by().values(by).annotate(sum_of_rows=Sum(field)).values("sum_of_rows")
    return Coalesce(Subquery(sums, output_field=BigIntegerField()), 0, output_field=BigIntegerField())


CHECKS: dict[str, Callable[[], int]] = {
    "stock promised unlike reservations": stock_unlike_reservations,
    "reservations unlike what is to be sent": reservations_unlike_lines,
    "reservations of orders that are over": reservations_of_the_over,
    "licences short of units that were sold": licences_short_of_units,
    "persons counted too high": persons_counted_too_high,
    "money without a paid order or a refund": money_without_an_order,
    "paid orders unlike their money": paid_orders_unlike_their_money,
    "payments unlike their refunds": payments_unlike_refunds,
    "lines unlike their refunds": refunds_unlike_lines,
    "failed refunds that nobody sees": failed_refunds_unseen,
    "orders unlike the sum of their lines": orders_unlike_their_lines,
    "sales and returns without a fact": sales_untold,
    "facts unlike the royalty ledger": facts_unlike_the_ledger,
    "payouts unlike their lines": payouts_unlike_lines,
    "series of documents with gaps": document_numbers_missing,
}
