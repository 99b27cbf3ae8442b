"""What licensing has to be told of sales and returns: written with the money that moved, told by a worker, once.

A fact is a row of the transaction that made it true, so none is lost, whatever happens to the worker. The ledger knows each by an
id of ours; told twice, it is there once.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import QuerySet

from core.bulk import AmongTexts
from core.errors import Refused
from core.jobs import enqueue
from core.money import Money
from licensing.ledger.account import account_of, agreement_of
from licensing.ledger.sales import record_sales
from licensing.models import DistributionChannel, Licence, SaleLine
from licensing.terms import term_of
from merchants.models import Merchant
from orders.models import Order, Refund, SaleFact

#: So many facts are handed over at once.
PAGE = 500
#: A worker that has taken facts in hand has so long before another may.
_CLAIM = timedelta(minutes=5)
#: What cannot be told is tried again after as long as it has waited, between these.
_WAITS = (timedelta(minutes=5), timedelta(hours=6))
_BEFORE_ITS_SALE = "The sale has not been told yet."


def sales_of(order: Order, *, at: datetime) -> list[SaleFact]:
    """A sale for each licensed line. Call inside the transaction that makes the order paid."""
    lines = order.lines.exclude(licence=None).order_by("position")
    facts = [
        SaleFact(
            line=line,
            kind=SaleFact.Kind.SALE,
            quantity=line.quantity,
            amount=line.total_amount,
            happened_at=at,
            try_at=at,
        )
        for line in lines
    ]
    SaleFact.objects.bulk_create(facts)
    enqueue("orders.tell_licensing")
    return facts


def return_of(refund: Refund, *, at: datetime) -> list[SaleFact]:
    """A return for each licensed line of which pieces were given back. Call inside the refund's own transaction.

    What is given without a piece (goodwill) is no return: the sale stands, and its royalty with it.
    """
    rows = refund.lines.filter(line__licence__isnull=False, quantity__gt=0).order_by("pk")
    facts = [
        SaleFact(
            line_id=row.line_id, refund=refund, kind=SaleFact.Kind.RETURN, quantity=row.quantity, amount=row.amount,
            happened_at=at, try_at=at,
        )
        for row in rows
        if row.line_id is not None
    ]  # fmt: skip
    SaleFact.objects.bulk_create(facts)
    enqueue("orders.tell_licensing")
    return facts


def external_id(fact: SaleFact) -> str:
    """Under which the ledger knows the fact. `line` and `refund` have to be read along."""
    line = fact.line.public_id
    return f"{fact.refund.public_id}:{line}" if fact.refund is not None else line


def tell_licensing(*, at: datetime, merchant: Merchant | None = None) -> int:
    """Hand the facts that are due to the ledgers of their licences; returns how many are there now that were not.

    With `merchant`, of this one alone.

    What a ledger refuses waits with the reason, and is tried again later: terms may be set or mended. It stops nothing else. Any
    number of workers may run it, and one that is killed leaves what the next finds unchanged.
    """
    told = 0
    while page := list(_due(at, merchant)[:PAGE]):
        page.sort(key=lambda fact: (fact.line.licence_id or 0, fact.pk))
        for _licence_id, facts in groupby(page, key=lambda fact: fact.line.licence_id):
            told += _tell(list(facts), at)
    return told


def _due(at: datetime, merchant: Merchant | None) -> QuerySet[SaleFact]:
    facts = SaleFact.objects.filter(told_at=None, try_at__lte=at).order_by("try_at", "pk")
    if merchant is not None:
        facts = facts.filter(line__merchant=merchant)
    return facts.select_related(
        "refund", "line__order", "line__film", "line__product__category", "line__licence__film", "line__merchant"
    )


def _tell(facts: Sequence[SaleFact], at: datetime) -> int:
    """Facts of one licence. Taken in hand first, so that a licence whose telling breaks keeps nobody else waiting."""
    mine = SaleFact.objects.filter(pk__in=[fact.pk for fact in facts], told_at=None)
    if not mine.filter(try_at__lte=at).update(try_at=at + _CLAIM):
        return 0
    licence = facts[0].line.licence
    assert licence is not None  # none is written without
    sales = [fact for fact in facts if fact.kind == SaleFact.Kind.SALE]
    told = _hand_over(licence, sales, at)
    ready, early = _with_their_sale([fact for fact in facts if fact.kind == SaleFact.Kind.RETURN])
    _wait(early, dict.fromkeys((fact.pk for fact in early), _BEFORE_ITS_SALE), at)
    return told + _hand_over(licence, ready, at)


def _hand_over(licence: Licence, facts: Sequence[SaleFact], at: datetime) -> int:
    """Record what the ledger has not got yet, and write down what it said."""
    if not facts:
        return 0
    standing = _standing(licence, facts)
    new = [fact for fact in facts if external_id(fact) not in standing]
    problems: dict[int, str] = {}
    try:
        rows = list(_rows(licence, new)) if new else []
        for fact, result in zip(new, record_sales(licence, rows, source="order", by=None, at=at), strict=True):
            if result.refusal is not None:
                problems[fact.pk] = result.refusal.sentence
    except Refused as refusal:
        # What earlier batches recorded stands, and is found so the next time.
        problems |= {fact.pk: refusal.sentence for fact in new}
    done = [fact.pk for fact in facts if fact.pk not in problems]
    told = SaleFact.objects.filter(pk__in=done, told_at=None).update(told_at=at, try_at=None, problem="")
    _wait([fact for fact in facts if fact.pk in problems], problems, at)
    return told


def _standing(licence: Licence, facts: Sequence[SaleFact]) -> set[str]:
    """Those that the ledger has already: a worker was killed before it could write down that they were told. What was said then
    stands, even where the agreement or the product would have it said otherwise today."""
    rows = SaleLine.objects.filter(
        AmongTexts("external_id", {external_id(fact) for fact in facts}), licence=licence, kind=facts[0].kind,
        source=SaleLine.Source.ORDER,
    )  # fmt: skip
    return set(rows.values_list("external_id", flat=True))


def _with_their_sale(returns: Sequence[SaleFact]) -> tuple[list[SaleFact], list[SaleFact]]:
    """Those whose sale the ledger has, and those for which it is too early."""
    lines = {fact.line_id for fact in returns}
    sold = SaleFact.objects.filter(line__in=lines, kind=SaleFact.Kind.SALE, told_at__isnull=False)
    known = set(sold.values_list("line", flat=True)) if lines else set()
    return (
        [fact for fact in returns if fact.line_id in known],
        [fact for fact in returns if fact.line_id not in known],
    )


def _wait(facts: Iterable[SaleFact], problems: dict[int, str], at: datetime) -> None:
    least, most = _WAITS
    for fact in facts:
        wait = min(max(at - fact.happened_at, least), most)
        SaleFact.objects.filter(pk=fact.pk, told_at=None).update(try_at=at + wait, problem=problems[fact.pk][:200])


# -- as the ledger reads it --------------------------------------------------------------------------


def _rows(licence: Licence, facts: Sequence[SaleFact]) -> Iterator[dict[str, Any]]:
    """The facts with the fields of docs/royalties.md. Refuses `royalty_terms_missing`."""
    listed = agreement_of(account_of(licence)).articles
    sold_off_from = term_of(licence).ends_at
    for fact in facts:
        if fact.kind == SaleFact.Kind.RETURN:
            yield {
                "kind": "return", "id": external_id(fact), "of": fact.line.public_id, "at": fact.happened_at.isoformat(),
                "quantity": fact.quantity,
            }  # fmt: skip
        else:
            yield _sale_row(fact, is_listed=fact.line.sku in listed, is_sell_off=fact.happened_at >= sold_off_from)


def _sale_row(fact: SaleFact, *, is_listed: bool, is_sell_off: bool) -> dict[str, Any]:
    """An article that the agreement lists has its properties and shares from there; any other is its film's."""
    line, order = fact.line, fact.line.order
    row: dict[str, Any] = {
        "kind": "sale", "id": external_id(fact), "at": fact.happened_at.isoformat(), "article": line.sku,
        "territory": order.country, "channel": DistributionChannel.OWN_SHOP.value, "basis": "DTC",
        "quantity": fact.quantity, "currency": order.currency, **_price(fact),
    }  # fmt: skip
    if not is_listed and line.film is not None:
        row["property"] = line.film.slug
    if not is_listed and line.product is not None:
        row["category"] = line.product.category.code
    if is_sell_off:
        row["sell_off"] = True
    return row


def _price(fact: SaleFact) -> dict[str, Any]:
    """The amount as it was asked: with the tax inside, or without it and the rate beside. Both add up to what was paid."""
    line, order = fact.line, fact.line.order
    rate = _plain(line.tax_rate)
    if rate is None:
        return {"amount": str(Money(fact.amount, order.currency))}
    if order.prices_include_tax:
        return {"amount_with_tax": str(Money(fact.amount, order.currency)), "vat": rate}
    return {"amount": str(Money(line.amount, order.currency)), "vat": rate, "includes_tax": False}


def _plain(rate: Decimal | None) -> str | None:
    return None if not rate else f"{rate.normalize():f}"
