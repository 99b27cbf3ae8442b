"""What an export says of each product, read a page at a time: memory and queries do not grow with the catalogue."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from catalog.models import Image, Market, Price, Product, Stock, Variant
from core.money import Money
from merchants.models import Merchant

#: Products that are held at once.
PAGE = 500


@dataclass(slots=True)
class Goods:
    """A product with its variants in order, its pictures that have an address, and what is counted and asked now."""

    product: Product
    variants: list[Variant] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    #: (variant id, market id) → the amount in force.
    prices: dict[tuple[int, int], int] = field(default_factory=dict)
    #: Variant id → pieces on hand.
    stocks: dict[int, int] = field(default_factory=dict)

    def price(self, variant: Variant, market: Market) -> str:
        """As files write it: "1299.00". Nothing where it is not sold."""
        amount = self.prices.get((variant.pk, market.pk))
        return "" if amount is None else str(Money(amount, market.currency))

    def stock(self, variant: Variant) -> str:
        return str(self.stocks[variant.pk]) if variant.pk in self.stocks else ""


def goods_of(merchant: Merchant, *, at: datetime) -> Iterator[Goods]:
    """Every product of the merchant, in the order in which they came. Five queries for each page."""
    last = 0
    page = _page(merchant, last, at)
    while page:
        yield from page
        last = page[-1].product.pk
        page = _page(merchant, last, at) if len(page) == PAGE else []


def _page(merchant: Merchant, after: int, at: datetime) -> list[Goods]:
    products = Product.objects.filter(merchant=merchant, pk__gt=after).select_related("film", "category")
    page = {product.pk: Goods(product) for product in products.order_by("pk")[:PAGE]}
    for variant in Variant.objects.filter(product__in=page).order_by("position", "pk"):
        page[variant.product_id].variants.append(variant)
    for image in Image.objects.filter(product__in=page).exclude(source="").order_by("position", "pk"):
        page[image.product_id].images.append(image)
    begun = Price.objects.filter(variant__product__in=page, starts_at__lte=at).order_by("starts_at", "pk")
    in_force = {
        (product, variant, market): amount
        for product, variant, market, amount in begun.values_list(
            "variant__product_id", "variant_id", "market_id", "amount"
        )
    }
    for (product, variant_id, market_id), amount in in_force.items():
        if amount is not None:
            page[product].prices[variant_id, market_id] = amount
    stocks = Stock.objects.filter(variant__product__in=page)
    for product, variant_id, on_hand in stocks.values_list("variant__product_id", "variant_id", "on_hand"):
        page[product].stocks[variant_id] = on_hand
    return list(page.values())


def option_order(goods: Goods, spelled: list[str]) -> list[str]:
    """The options of a product's variants: first as the merchant wrote them, then by name."""
    used = {name for variant in goods.variants for name in variant.options}
    told = [name for name in spelled if name in used]
    return told + sorted(used - set(told))


def places(images: list[Image]) -> dict[str, int]:
    """Where each picture stands, by its address: as the merchant numbered them, or counted where they were not."""
    told = [image.position for image in images]
    are_told = all(before < after for before, after in zip([0, *told], told, strict=False))
    return {image.source: image.position if are_told else number for number, image in enumerate(images, 1)}
