"""Placing an order: one transaction in which everything is decided again, held, and written down."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.services import record
from catalog.models import Market
from core.errors import Refused
from core.prepared import Prepared
from orders.closing import expire_orders, free_expired
from orders.holding import hold
from orders.models import Basket, BasketLine, Order, OrderLine, Parcel, Payment
from orders.quoting import Quote, QuoteLine, QuoteParcel, Wanted, quote

#: Letters of an order's number: those that nobody takes for others when they are read out.
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys and where it goes. `address` as orders/addresses.py normalises it."""

    email: str
    language: str
    address: Mapping[str, Any]
    phone: str = ""
    user: User | None = None
    gift_message: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the buyer saw and agreed to. `chosen`: merchant id → public id of a shipping rate. `expected_total`: what the form
    said it costs. `checkout_key`: the form's own; sent twice, it makes one order."""

    country: str
    expected_total: int
    checkout_key: str
    provider: str
    method: str = ""
    region: str = ""
    chosen: Mapping[int, str] = field(default_factory=dict)
    consents: Mapping[str, str] = field(default_factory=dict)


def place_order(basket: Basket, buyer: Buyer, terms: Terms, *, at: datetime) -> Order:
    """Make an order of the basket, which is empty afterwards, with an open payment. Everything it holds is taken, or nothing.

    The same checkout key again returns the order that it made. Refuses `basket_empty`; `total_changed` when it does not cost
    what the buyer saw; and by name what cannot be had: `not_for_sale`, `not_to_this_country`, `out_of_stock`, `no_delivery`,
    `per_person_reached`, `unit_cap_reached`, `sell_off_quantity_exhausted`. Pieces that others did not pay in time are
    taken over.
    """

    def place() -> Order:
        with transaction.atomic(durable=True):
            # A double click waits here for the first; another tab finds the basket empty.
            locked = Basket.objects.select_for_update(no_key=True).get(pk=basket.pk)
            known = _known(terms)
            if known is not None:
                return known
            lines = _BASKET_LINES(basket=locked.pk)
            if not lines:
                raise Refused("basket_empty")
            wanted = [Wanted(variant_id, quantity) for variant_id, quantity in lines]
            # Before anything is held: what comes after the stock's row is locked, others wait for.
            locked.lines.all().delete()
            return _place(wanted, basket.market, buyer, terms, at)

    return _taking_over(place, at)


def place_lines(wanted: Sequence[Wanted], market: Market, buyer: Buyer, terms: Terms, *, at: datetime) -> Order:
    """As `place_order`, for lines that stand in no basket; one variant may stand in several."""

    def place() -> Order:
        known = _known(terms)
        if known is not None:
            return known
        if not wanted:
            raise Refused("basket_empty")
        try:
            with transaction.atomic(durable=True):
                return _place(wanted, market, buyer, terms, at)
        except IntegrityError:
            # Another request with the same key was faster by a moment.
            known = _known(terms)
            if known is None:
                raise
            return known

    return _taking_over(place, at)


def _taking_over(place: Callable[[], Order], at: datetime) -> Order:
    """Once more, when what was missing is held by orders that nobody paid in time. They are ended in transactions of their
    own, so that this one never waits for another order's rows while it holds stock. Several variants may be missing, one
    after the other; the same one missing again has gone to others."""
    missing = []
    while True:
        try:
            return place()
        except Refused as refusal:
            if refusal.facts in missing or not _was_freed(refusal, at):
                raise
            missing.append(refusal.facts)


#: What an order that nobody paid may hold besides stock.
_COUNTED = ("unit_cap_reached", "sell_off_quantity_exhausted", "per_person_reached")


def _was_freed(refusal: Refused, at: datetime) -> bool:
    """Whether there may be more now of what was refused, because orders that are over have been ended."""
    if refusal.code == "out_of_stock":
        return free_expired(**refusal.facts, at=at)
    return refusal.code in _COUNTED and expire_orders(at=at) > 0


def _known(terms: Terms) -> Order | None:
    found = _KNOWN(key=terms.checkout_key)
    return Order.objects.get(pk=found[0][0]) if found else None


def _place(wanted: Sequence[Wanted], market: Market, buyer: Buyer, terms: Terms, at: datetime) -> Order:
    found = quote(wanted, market, country=terms.country, region=terms.region, chosen=terms.chosen, at=at)
    for problem in found.problems:
        raise problem
    if found.total_amount != terms.expected_total:
        raise Refused("total_changed", total=found.total_amount, expected=terms.expected_total)
    order = Order.objects.create(
        number=new_number(),
        market=market,
        currency=market.currency,
        country=terms.country,
        language=buyer.language,
        user=buyer.user,
        email=buyer.email,
        phone=buyer.phone,
        address=dict(buyer.address),
        gift_message=buyer.gift_message,
        consents=dict(terms.consents),
        checkout_key=terms.checkout_key,
        placed_at=at,
        expires_at=at + timedelta(minutes=settings.PAY_MINUTES),
        prices_include_tax=market.prices_include_tax,
        goods_amount=found.goods_amount,
        delivery_amount=found.delivery_amount,
        tax_amount=found.tax_amount,
        total_amount=found.total_amount,
    )
    parcels = Parcel.objects.bulk_create([_parcel(order, parcel) for parcel in found.parcels])
    lines = _lines(order, found, parcels, at)
    OrderLine.objects.bulk_create(lines)
    open_new_payment(order, provider=terms.provider, method=terms.method, at=at)
    record("order.placed", order, by=buyer.user, who="buyer", total=found.total_amount)
    # Last, because from here on others wait for the rows of what many want.
    hold(order, lines, at=at)
    return order


def open_new_payment(order: Order, *, provider: str, method: str = "", at: datetime) -> Payment:
    """Another attempt to pay the order. Call where the order is new or locked."""
    return Payment.objects.create(
        order=order, provider=provider, method=method, currency=order.currency, amount=order.total_amount,
        created_at=at, ask_at=at + timedelta(seconds=30),
    )  # fmt: skip


@transaction.atomic(durable=True)
def pay_otherwise(order: Order, *, provider: str, method: str = "", at: datetime) -> Payment:
    """The open payment of a pending order by this way, made where there is none: after a refusal, or to pay otherwise.
    Refuses `not_payable` once it is paid, cancelled or over."""
    locked = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
    if locked.state != Order.State.PENDING or at >= locked.expires_at:
        raise Refused("not_payable")
    standing = locked.payments.filter(state=Payment.State.OPEN, provider=provider, method=method).last()
    return standing or open_new_payment(locked, provider=provider, method=method, at=at)


def new_number() -> str:
    """Nine letters in groups of three, of 35 million million: two alike are refused by the database."""
    letters = "".join(secrets.choice(_LETTERS) for _place in range(9))
    return f"{letters[:3]}-{letters[3:6]}-{letters[6:]}"


def _parcel(order: Order, of: QuoteParcel) -> Parcel:
    assert of.chosen is not None  # a parcel without a rate is a problem, and was refused
    rate = of.chosen.rate
    return Parcel(
        order=order,
        merchant=of.merchant,
        rate=rate,
        code=rate.code,
        arrives_from=of.chosen.arrives_from,
        arrives_to=of.chosen.arrives_to,
        amount=of.amount,
        tax_rate=of.tax_rate,
        tax_amount=of.tax_amount,
        total_amount=of.total_amount,
    )


def _lines(order: Order, found: Quote, parcels: Sequence[Parcel], at: datetime) -> list[OrderLine]:
    parcel_of = {parcel.merchant_id: parcel for parcel in parcels}
    return [_line(order, line, parcel_of, position, at) for position, line in enumerate(found.lines)]


def _line(
    order: Order, of: QuoteLine, parcel_of: Mapping[int, Parcel], position: int, at: datetime
) -> OrderLine:  # fmt: skip
    terms = of.terms
    assert terms is not None  # what has none is a problem, and was refused
    product = terms.product
    return OrderLine(
        order=order,
        parcel=parcel_of[product.merchant_id],
        merchant_id=product.merchant_id,
        position=position,
        variant_id=terms.variant.pk,
        product=product,
        film_id=product.film_id,
        licence=product.licence,
        licence_ids=list(terms.licence_ids),
        sku=product.sku,
        title_en=product.title_en,
        title_zh=product.title_zh,
        options=terms.variant.options,
        image=terms.image,
        quantity=of.wanted.quantity,
        regular_amount=of.regular_amount,
        unit_amount=of.unit_amount,
        amount=of.amount,
        tax_rate=of.tax_rate,
        tax_amount=of.tax_amount,
        total_amount=of.total_amount,
        promotion=terms.promotion,
        discount_amount=of.discount_amount,
        studio_discount=of.studio_discount,
        is_pre_order=terms.is_pre_order,
        street_on=terms.street_on,
        units_taken_at=at if terms.licence_ids else None,
    )


_KNOWN = Prepared(lambda *, key: Order.objects.filter(checkout_key=key).values_list("pk"))
_BASKET_LINES = Prepared(
    lambda *, basket: BasketLine.objects.filter(basket=basket).values_list("variant_id", "quantity")
)
