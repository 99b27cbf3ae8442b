"""A product's page: everything it shows, from the shelf of one market at one instant."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import Exists, Model, OuterRef, Q, Subquery

from catalog.models import Image, Market, Product, TaxRate
from catalog.queries.cards import CARD_COLUMNS, Card, card_of, first_cards, on_shelf
from catalog.queries.variants import VariantChoice, variants_of
from core.prepared import Prepared, columns_of, instances
from core.territories import country_name
from licensing.facts import rights_of
from licensing.gate import Action, Decision, Flag, decide
from licensing.models import Category, DistributionChannel, Licence, LicenceDocument, LicensedArticle, Takedown
from merchants.models import Merchant


@dataclass(frozen=True, slots=True)
class Destination:
    """A country of the market: may the product be delivered there, and if not, why."""

    code: str
    name: str
    decision: Decision

    @property
    def is_offered(self) -> bool:
        """Where it may be sold and advertised. Orders that come unasked from elsewhere in the EEA are accepted besides."""
        return self.decision.allowed and Flag.EEA_PASSIVE_SALE not in self.decision.flags


@dataclass(frozen=True, slots=True)
class ProductPage:
    product: Product
    card: Card
    images: list[Image]
    variants: list[VariantChoice]
    destinations: list[Destination]
    tax_rates: list[TaxRate]
    related: list[Card] = field(default_factory=list)


def product_page(slug: str, market: Market, language: str, *, at: datetime) -> ProductPage | None:
    """Everything a product page shows, or None when it is not on the shelf. A constant number of queries."""
    rows = _PRODUCT(market=market.pk, at=at, slug=slug)
    if not rows:
        return None
    product, marks, span = _product_of(rows[0])
    related = _RELATED(market=market.pk, at=at, film=product.film_id, product=product.pk)
    images = instances(Image, _IMAGE, _IMAGES(product=product.pk))
    card = card_of((*span[:-1], images[0].file.name if images else None), market, language)
    return ProductPage(
        product=product,
        card=card,
        images=images,
        variants=variants_of(product, market, kind=card.kind, promotion_id=span[-1], at=at),
        destinations=_destinations(product, marks, market, language, at),
        tax_rates=_tax_rates(product, market),
        related=[card_of(row, market, language) for row in related],
    )


#: The models that a product's page is made of, with the columns that it reads of each.
_PARTS: tuple[tuple[type[Model], str, list[str]], ...] = (
    (Product, "product", columns_of(Product, "extra", "created_at", "updated_at")),
    (Merchant, "product__merchant", columns_of(Merchant)),
    (Licence, "product__licence", columns_of(Licence)),
    (Category, "product__category", columns_of(Category)),
)
_PART_COLUMNS = tuple(f"{path}__{column}" for _model, path, columns in _PARTS for column in columns)


class _Marks(NamedTuple):
    """What decides whether the gate needs more facts than most goods have."""

    papers_end_on: date | None
    has_facts: bool
    is_disputed: bool


def _product_of(row: tuple[Any, ...]) -> tuple[Product, _Marks, tuple[Any, ...]]:
    """The product with its merchant, licence and category, its marks, and what else the row says of its span."""
    parts: list[Any] = []
    for model, _path, columns in _PARTS:
        cells, row = row[: len(columns)], row[len(columns) :]
        parts.append(instances(model, columns, [cells])[0] if cells[0] is not None else None)
    product, product.merchant, product.licence, product.category = parts
    marks, row = _Marks(*row[: len(_Marks._fields)]), row[len(_Marks._fields) :]
    return product, marks, row


_IMAGE = columns_of(Image)
_IMAGES = Prepared(
    lambda *, product: Image.objects.ready().filter(product=product).order_by("position", "pk").values_list(*_IMAGE)
)
_ARTICLES = LicensedArticle.objects.filter(merchant=OuterRef("product__merchant"), sku=OuterRef("product__sku"))
_PAPERS = LicenceDocument.objects.filter(
    licence=OuterRef("product__licence"), is_required=True, expires_on__isnull=False
)
_DISPUTES = Takedown.objects.filter(
    Q(film=OuterRef("film")) | Q(merchant=OuterRef("product__merchant")) | Q(licence=OuterRef("product__licence")),
    released_at__isnull=True,
)
_PRODUCT = Prepared(
    lambda *, market, at, slug: (
        on_shelf(market, at)
        .filter(product__slug=slug)
        .annotate(
            papers_end_on=Subquery(_PAPERS.order_by("expires_on").values("expires_on")[:1]),
            has_facts=Exists(_ARTICLES),
            is_disputed=Exists(_DISPUTES),
        )
        .values_list(*_PART_COLUMNS, *_Marks._fields, *CARD_COLUMNS, "promotion_id")
    )
)
_RELATED = Prepared(
    lambda *, market, at, film, product: first_cards(
        on_shelf(market, at).filter(film=film).exclude(product=product).sorted_by("newest"), "newest", 4
    )
)


_RATE = columns_of(TaxRate)
_RATES = Prepared(
    lambda *, market, tax_class: TaxRate.objects.filter(market=market, tax_class=tax_class).values_list(*_RATE)
)


def _tax_rates(product: Product, market: Market) -> list[TaxRate]:
    """What is known of the product's tax in the market's countries. No query where prices come without tax."""
    if not market.prices_include_tax:
        return []
    return instances(TaxRate, _RATE, _RATES(market=market.pk, tax_class=product.tax_class))


def _destinations(product: Product, marks: _Marks, market: Market, language: str, at: datetime) -> list[Destination]:
    """May it be sold to a buyer in each country of the market? The gate decides. Two queries, three for goods with facts
    of their own."""
    facts = rights_of(
        film_id=product.film_id, merchant=product.merchant, licence=product.licence, sku=product.sku, at=at,
        **marks._asdict(),
    )  # fmt: skip
    article = facts.article(
        film_id=product.film_id, merchant_id=product.merchant_id, category_id=product.category_id,
        licence_id=product.licence_id, sku=product.sku, reveals=product.reveals, on_sale_at=product.on_sale_at,
        street_on=product.street_on,
    )  # fmt: skip
    return [
        Destination(
            code,
            country_name(code, language),
            decide(article, Action.SELL, country=code, channel=DistributionChannel.OWN_SHOP, at=at),
        )
        for code in market.countries
    ]
