"""Stock: the one place where pieces move. Each movement is one conditional update, so that two buyers can never be promised
the same piece; what the condition refuses is refused by name.

    reserve  an order is placed        reserved + n       release   the order is given up     reserved − n
    hand_over  it is sent              on hand − n, reserved − n, sold + n
    take_back  it came back            on hand + n, sold − n

A pre-order is promised from `pre_order_cap`, pieces that have not arrived; after the street date only what is on hand counts.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.expressions import Combinable

from accounts.models import User
from accounts.services import record
from catalog.models import Stock, StockAlert, StockChange, Variant
from core.errors import Refused
from core.jobs import enqueue

#: Where nobody has said what is little: so many pieces left are worth saying.
LOW_BY_DEFAULT = 5


def reserve(variant_id: int, pieces: int, *, is_pre_order: bool = False, at: datetime) -> None:
    """Promise `pieces` to an order. Refuses `out_of_stock`, naming how many are left. One update."""
    _check(pieces)
    there = F("on_hand") + F("pre_order_cap") if is_pre_order else F("on_hand")
    free = Stock.objects.filter(variant=variant_id, reserved__lte=there - pieces)
    if not _move(free, at, reserved=F("reserved") + pieces):
        raise Refused("out_of_stock", variant=_public_id(variant_id), left=pieces_left(variant_id, is_pre_order))


def reserve_all(pieces_of: Mapping[int, int], *, pre_orders: Collection[int] = (), at: datetime) -> None:
    """Promise several variants at once, all or nothing, in the order of their keys, so that no two orders wait for each
    other. Refuses as `reserve` does, for the first variant that is short. `pre_orders` are those not yet on sale."""
    with transaction.atomic():
        for variant_id in sorted(pieces_of):
            reserve(variant_id, pieces_of[variant_id], is_pre_order=variant_id in pre_orders, at=at)


def release(variant_id: int, pieces: int, *, at: datetime) -> None:
    """An order gives `pieces` up that it was promised. Refuses `not_reserved` for more than are promised."""
    _check(pieces)
    promised = Stock.objects.filter(variant=variant_id, reserved__gte=pieces)
    if not _move(promised, at, reserved=F("reserved") - pieces):
        raise Refused("not_reserved", variant=_public_id(variant_id))
    _more_of(variant_id)


def hand_over(variant_id: int, pieces: int, *, at: datetime) -> None:
    """Promised `pieces` leave for their buyer. Refuses `not_reserved` when they are not promised, or not here."""
    _check(pieces)
    here = Stock.objects.filter(variant=variant_id, reserved__gte=pieces, on_hand__gte=pieces)
    moved = {"on_hand": F("on_hand") - pieces, "reserved": F("reserved") - pieces, "sold": F("sold") + pieces}
    if not _move(here, at, **moved):
        raise Refused("not_reserved", variant=_public_id(variant_id))


def take_back(variant_id: int, pieces: int, *, at: datetime) -> None:
    """Sold `pieces` come back fit to be sold again. Refuses `not_sold` for more than were sold."""
    _check(pieces)
    sold = Stock.objects.filter(variant=variant_id, sold__gte=pieces)
    if not _move(sold, at, on_hand=F("on_hand") + pieces, sold=F("sold") - pieces):
        raise Refused("not_sold", variant=_public_id(variant_id))
    _more_of(variant_id)


@transaction.atomic(durable=True)
def correct_stock(
    variant: Variant, *, expected: int, to: int, reason: str, by: User | None, at: datetime, note: str = ""
) -> StockChange:
    """There are `to` pieces, not `expected`, and why. Refuses `stock_changed` when there are not `expected` any more,
    naming how many there are, and `stock_promised` for fewer than are promised to orders."""
    if to < 0:
        raise Refused("stock_negative")
    Stock.objects.get_or_create(variant=variant)
    as_expected = Stock.objects.filter(variant=variant, on_hand=expected, reserved__lte=F("pre_order_cap") + to)
    if not _move(as_expected, at, on_hand=to):
        stock = Stock.objects.get(variant=variant)
        if stock.on_hand != expected:
            raise Refused("stock_changed", expected=expected, found=stock.on_hand)
        raise Refused("stock_promised", reserved=stock.reserved)
    change = StockChange.objects.create(
        variant=variant, before=expected, after=to, reason=reason, note=note, by=by, at=at
    )
    facts = {"variant": variant.public_id, "reason": reason} | ({"note": note} if note else {})
    record("product.stock_corrected", variant.product, by=by, on_hand=[expected, to], **facts)
    if to > expected:
        _more_of(variant.pk)
    return change


@transaction.atomic(durable=True)
def set_stock_terms(
    variant: Variant, *, pre_order_cap: int, low_at: int | None, by: User | None, at: datetime
) -> Stock:
    """How many pieces may be promised before they arrive, and from how few the merchant is told. Refuses a cap below what
    is promised already (`stock_promised`)."""
    Stock.objects.get_or_create(variant=variant)
    old = Stock.objects.select_for_update().get(variant=variant)
    fitting = Stock.objects.filter(variant=variant, reserved__lte=F("on_hand") + pre_order_cap)
    # Told again under another limit.
    if not _move(fitting, at, pre_order_cap=pre_order_cap, low_at=low_at, told_low_at=None):
        raise Refused("stock_promised", reserved=old.reserved)
    moved = {"pre_order_cap": [old.pre_order_cap, pre_order_cap], "low_at": [old.low_at, low_at]}
    record("product.stock_terms_set", variant.product, by=by, variant=variant.public_id, **moved)
    if pre_order_cap > old.pre_order_cap:
        _more_of(variant.pk)
    return Stock.objects.get(variant=variant)


def put_on_hand(variant: Variant, on_hand: int, *, at: datetime) -> None:
    """What a form or a file says is there of a variant, new or not. For verbs that own the transaction and record it.
    Refuses `stock_promised`."""
    stock, is_new = Stock.objects.get_or_create(variant=variant, defaults={"on_hand": on_hand})
    if is_new or stock.on_hand == on_hand:
        return
    fitting = Stock.objects.filter(variant=variant, reserved__lte=F("pre_order_cap") + on_hand)
    if not _move(fitting, at, on_hand=on_hand):
        raise Refused("stock_promised", reserved=stock.reserved)
    StockChange.objects.create(
        variant=variant, before=stock.on_hand, after=on_hand, reason=StockChange.Reason.IMPORT, at=at
    )
    if on_hand > stock.on_hand:
        _more_of(variant.pk)


def pieces_left(variant_id: int, is_pre_order: bool) -> int:
    """How many could still be promised; 0 for a variant without stock. One query."""
    row = Stock.objects.filter(variant=variant_id).values_list("on_hand", "pre_order_cap", "reserved").first()
    return max(0, row[0] + (row[1] if is_pre_order else 0) - row[2]) if row else 0


def _move(stock: QuerySet[Stock], at: datetime, **moved: Combinable | int | None) -> bool:
    """One statement: the condition and the change together. The database looks again at a row it had to wait for."""
    return stock.update(updated_at=at, **moved) == 1


def _more_of(variant_id: int) -> None:
    """There is more again: the merchant is told anew when it runs low, and fans who wait are written to."""
    Stock.objects.filter(variant=variant_id, told_low_at__isnull=False, low_at__lt=F("on_hand") - F("reserved")).update(
        told_low_at=None
    )
    if StockAlert.objects.filter(variant=variant_id, sent_at=None).exists():
        enqueue("catalog.send_alerts")


def _check(pieces: int) -> None:
    if pieces < 1:
        raise ValueError(f"pieces are counted from 1, not {pieces}")


def _public_id(variant_id: int) -> str:
    return Variant.objects.filter(pk=variant_id).values_list("public_id", flat=True).first() or str(variant_id)
