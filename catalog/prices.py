"""Regular prices: what a variant costs in a market from an instant on.

What has begun is history and is never rewritten; what is planned can be changed or withdrawn until it begins. Each verb is
one transaction, leaves an audit entry, and ends with the shelf compiled again.
"""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import record
from catalog.floors import check_price
from catalog.models import Market, Price, Product, Variant
from catalog.shelf_store import recompile_products
from core.clock import plausible
from core.errors import Refused
from core.money import Money
from merchants.events import emit


@transaction.atomic(durable=True)
def set_price(
    variant: Variant, market: Market, money: Money | None, *, starts_at: datetime, by: User | None, at: datetime
) -> Price:
    """From `starts_at` on the variant costs `money` in `market`; None: it is not sold there.

    Earlier prices stay as history, a later one that is already planned still follows. Refuses a currency that is not the
    market's (`wrong_currency`), amounts of 0 and below (`price_not_positive`), below a licence's floor (`price_below_floor`),
    and a start before `at` for what has a price there already (`price_in_past`).
    """
    plausible(starts_at)
    amount = None if money is None else amount_in(market, money)
    product = _lock(variant)
    old = price_at(variant, market, starts_at)
    if starts_at < at and Price.objects.filter(variant=variant, market=market).exists():
        raise Refused("price_in_past")
    price = put_price(variant, market, amount, starts_at)
    facts = {"variant": variant.public_id, "market": market.code, "starts_at": starts_at.isoformat()}
    record("product.price_set", product, by=by, amount=[old.amount if old else None, amount], **facts)
    emit(product.merchant_id, "product.changed", product, at=at, sku=product.sku, state=product.state)
    recompile_products([product.pk])
    return price


@transaction.atomic(durable=True)
def withdraw_price(price: Price, *, by: User | None, at: datetime) -> None:
    """Take a planned price back; the one before it goes on. Refuses one that has begun (`price_begun`)."""
    product = _lock(price.variant)
    standing = Price.objects.select_related("market").filter(pk=price.pk).first()
    if standing is None:
        raise Refused("already_done")
    if standing.starts_at <= at:
        raise Refused("price_begun")
    facts = {"variant": price.variant.public_id, "market": standing.market.code}
    record(
        "product.price_withdrawn", product, by=by, amount=[standing.amount, None],
        starts_at=standing.starts_at.isoformat(), **facts,
    )  # fmt: skip
    emit(product.merchant_id, "product.changed", product, at=at, sku=product.sku, state=product.state)
    standing.delete()
    recompile_products([product.pk])


def amount_in(market: Market, money: Money) -> int:
    """`money` in minor units. Refuses a currency that is not the market's (`wrong_currency`)."""
    if money.currency != market.currency:
        raise Refused("wrong_currency", currency=money.currency, market=str(market), wanted=market.currency)
    return money.amount


def put_price(variant: Variant, market: Market, amount: int | None, starts_at: datetime) -> Price:
    """A row from `starts_at`, unless the price that holds then is the same already. For verbs that have locked the
    product and compile its shelf afterwards. Refuses amounts of 0 and below (`price_not_positive`), and those that lie or
    would be offered below a licence's floor (`price_below_floor`)."""
    if amount is not None and amount <= 0:
        raise Refused("price_not_positive")
    standing = price_at(variant, market, starts_at)
    if standing is not None and standing.amount == amount:
        return standing
    if amount is not None:
        check_price(variant.product, market, amount, starts_at=starts_at)
    price, _created = Price.objects.update_or_create(
        variant=variant, market=market, starts_at=starts_at, defaults={"amount": amount}
    )
    return price


def price_at(variant: Variant, market: Market, at: datetime) -> Price | None:
    """The regular price in force at `at`. One query."""
    return Price.objects.filter(variant=variant, market=market, starts_at__lte=at).order_by("-starts_at").first()


def _lock(variant: Variant) -> Product:
    return Product.objects.select_for_update(no_key=True).get(pk=variant.product_id)
