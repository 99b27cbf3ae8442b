"""The demo's products with variants, prices and stock, from products.csv to rows."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.text import slugify

from catalog.models import Market, Price, Product, Stock, Variant
from core.money import Money
from demo.files import choices, day, instant, price_for, read_goods
from demo.rows import Tally, revise
from films.models import Film
from licensing.models import Category, Licence
from merchants.models import Merchant

# Old enough that a reduction today has its thirty days of earlier prices.
PRICED_SINCE = timedelta(days=90)

_TEXTS = ("title_en", "title_zh", "description_en", "description_zh", "reveals", "listing")

Goods = dict[str, str]


def load_products(now: datetime) -> Tally:
    """Products by SKU. What a later load finds it brings up to the texts of the file; dates, prices and stock stay."""
    tally = Tally()
    rows = read_goods()
    related = _Related()
    known = {product.sku: product for product in Product.objects.filter(sku__in=[row["sku"] for row in rows])}
    fresh: list[tuple[Goods, Product]] = []
    for row in rows:
        values = related.values(row) | {name: row[name] for name in _TEXTS}
        product = known.get(row["sku"])
        if product is None:
            fresh.append((row, Product(**values, **_first_values(row, now))))
        elif revise(product, values):
            tally.changed += 1
        else:
            tally.unchanged += 1
    Product.objects.bulk_create([product for _row, product in fresh])
    _create_variants(fresh, now)
    tally.created += len(fresh)
    return tally


class _Related:
    """The rows that products point to, read once."""

    def __init__(self) -> None:
        self.films = {film.slug: film for film in Film.objects.all()}
        self.merchants = {merchant.slug: merchant for merchant in Merchant.objects.all()}
        self.categories = {category.code: category for category in Category.objects.all()}
        self.licences = {licence.number: licence for licence in Licence.objects.all()}

    def values(self, row: Goods) -> dict[str, object]:
        return {
            "film_id": self.films[row["film"]].pk,
            "merchant_id": self.merchants[row["merchant"]].pk,
            "category_id": self.categories[row["category"]].pk,
            "licence_id": self.licences[row["licence"]].pk,
        }


def _first_values(row: Goods, now: datetime) -> dict[str, object]:
    return {
        "sku": row["sku"],
        "slug": f"{row['film']}-{slugify(row['title_en'])}",
        "state": Product.State.ACTIVE,
        "on_sale_at": instant(row["on_sale_at"], now),
        "street_on": day(row["street_on"], now.date()),
        "per_person": int(row["per_person"]) if row["per_person"] else None,
    }


def _create_variants(fresh: Iterable[tuple[Goods, Product]], now: datetime) -> None:
    made: list[tuple[Goods, Variant]] = []
    for row, product in fresh:
        for position, options in enumerate(choices(row["options"]), start=1):
            code = f"{row['sku']}-{position:02d}" if options else row["sku"]
            made.append((row, Variant(product=product, sku=code, options=options, position=position)))
    Variant.objects.bulk_create([variant for _row, variant in made])
    Stock.objects.bulk_create([Stock(variant=variant, **_stock(row)) for row, variant in made])
    markets = list(Market.objects.filter(code__in=("cn", "hk", "us", "eu")))
    Price.objects.bulk_create(
        [price for row, variant in made for price in _prices(row, variant, markets, now - PRICED_SINCE)], batch_size=500
    )


def _stock(row: Goods) -> dict[str, int]:
    """What is there; of goods that come later how many may be promised; and at how few the merchant is told."""
    cap = int(row["pre_order_cap"] or 0)
    return {"on_hand": int(row["stock"]), "pre_order_cap": cap, "low_at": int(row["low_at"])}


def _prices(row: Goods, variant: Variant, markets: list[Market], since: datetime) -> Iterable[Price]:
    """One price per market whose cell is filled; a blank cell means it is not sold there."""
    for market in markets:
        cell = row[f"price_{market.currency.lower()}"]
        if cell:
            amount = Money.parse(price_for(cell, row["options"], variant.options), market.currency).amount
            yield Price(variant=variant, market=market, amount=amount, starts_at=since)
