"""The terms on which variants are sold right now: price, stock and rights, from the facts and not from the shelf.

The checkout asks here, inside its transaction: what the shelf says was true when it was compiled, this is true now.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet, Subquery

from catalog.models import Image, Market, Offer, Price, Product, Promotion, Variant
from catalog.shelf import KIND_OF_STAGE, OfferTerms, best_offer, offered_amount
from core.prepared import Prepared, columns_of, instances
from licensing.facts import RightsFacts, load_rights_facts, rights_of
from licensing.gate import Action, Article, Decision, decide
from licensing.models import DistributionChannel, Licence, LicenceDocument, LicensedArticle, Takedown
from merchants.models import Merchant


@dataclass(frozen=True, slots=True)
class SaleTerms:
    """Of one variant in one market, for a buyer in one country. Amounts in minor units of one piece.

    `amount` is None where the market has no price for it now. `decision` is the gate's for SELL; `kind` says how far the
    article is there (ShelfSpan.Kind). `left` is how many pieces could be promised, pre-orders from their cap.
    """

    variant: Variant
    product: Product
    decision: Decision
    kind: str
    regular: int | None
    amount: int | None
    promotion: str
    studio_share: int
    left: int
    image: str
    #: Every licence that counts its units: of an article of several properties, several.
    licence_ids: tuple[int, ...] = ()

    @property
    def is_pre_order(self) -> bool:
        return self.kind == "pre_order"

    @property
    def street_on(self) -> date | None:
        return self.product.street_on if self.is_pre_order else None


def sale_terms(
    variant_ids: Sequence[int],
    market: Market,
    *,
    country: str,
    at: datetime,
) -> dict[int, SaleTerms]:
    """The terms of these variants by primary key; what does not exist is left out.

    Four queries for variants of one product, a constant number for those of many.
    """
    rows = _VARIANTS(variants=sorted(set(variant_ids)), market=market.pk, at=at) if variant_ids else []
    read = [_Row(row) for row in rows]
    products = {row.product.pk: row for row in read}
    offers = _offers(sorted(products), market, at)
    articles = _articles(list(products.values()), at)
    found: dict[int, SaleTerms] = {}
    decisions: dict[int, Decision] = {}
    for row in read:
        pk = row.product.pk
        if pk not in decisions:
            decisions[pk] = decide(
                articles[pk], Action.SELL, country=country, channel=DistributionChannel.OWN_SHOP, at=at
            )
        found[row.variant.pk] = _terms(row, articles[pk], decisions[pk], offers.get(pk))
    return found


@dataclass(frozen=True, slots=True)
class _Running:
    """The offer that counts, with what an order remembers of its promotion."""

    terms: OfferTerms
    promotion: str
    studio_share: int


class _Row:
    """A variant with its product, merchant and licence, and what else one row says."""

    def __init__(self, row: tuple[Any, ...]) -> None:
        parts: list[Any] = []
        for model, _path, columns in _PARTS:
            cells, row = row[: len(columns)], row[len(columns) :]
            parts.append(instances(model, columns, [cells])[0] if cells[0] is not None else None)
        self.variant, self.product, self.product.merchant, self.product.licence = parts
        self.variant.product = self.product
        (
            self.regular, on_hand, reserved, cap, self.papers_end_on, self.has_facts, self.is_disputed, image,
        ) = row  # fmt: skip
        self.on_hand, self.reserved, self.cap, self.image = on_hand or 0, reserved or 0, cap or 0, image or ""


def _terms(row: _Row, article: Article, decision: Decision, running: _Running | None) -> SaleTerms:
    product = row.product
    regular = row.regular if product.state == Product.State.ACTIVE else None
    if running is None and product.listing == Product.Listing.CAMPAIGN:
        regular = None
    amount = regular
    if running is not None and regular is not None:
        amount = offered_amount(regular, running.terms.kind, running.terms.value)
    kind = KIND_OF_STAGE[decision.stage]
    is_reduced = running is not None and amount != regular
    return SaleTerms(
        variant=row.variant,
        product=product,
        decision=decision,
        kind=kind,
        regular=regular,
        amount=amount,
        promotion=running.promotion if running is not None and is_reduced else "",
        studio_share=running.studio_share if running is not None and is_reduced else 0,
        left=max(0, row.on_hand + (row.cap if kind == "pre_order" else 0) - row.reserved),
        image=row.image,
        licence_ids=tuple(sorted({terms.licence_id for terms in article.licences if terms.licence_id})),
    )


def _offers(product_ids: list[int], market: Market, at: datetime) -> dict[int, _Running]:
    """For each product the offer that counts. One query, and one more where several campaigns cover a product."""
    rows = _OFFERS(products=product_ids, market=market.pk, at=at) if product_ids else []
    by_product: defaultdict[int, list[_Running]] = defaultdict(list)
    for product_id, promotion, studio_share, *terms in rows:
        by_product[product_id].append(_Running(OfferTerms(*terms), promotion, studio_share))
    several = [pk for pk, running in by_product.items() if len(running) > 1]
    regular: defaultdict[int, list[int]] = defaultdict(list)
    for pk, amount in _REGULAR(products=several, market=market.pk, at=at) if several else ():
        if amount is not None:
            regular[pk].append(amount)
    found = {}
    for pk, candidates in by_product.items():
        best = best_offer([one.terms for one in candidates], regular[pk], at) if regular[pk] else candidates[0].terms
        found[pk] = next(one for one in candidates if one.terms is best)
    return found


def _articles(rows: list[_Row], at: datetime) -> dict[int, Article]:
    """What the gate is asked about, by product."""
    if len(rows) == 1:
        [row] = rows
        facts = rights_of(
            film_id=row.product.film_id, merchant=row.product.merchant, licence=row.product.licence,
            sku=row.product.sku, at=at, papers_end_on=row.papers_end_on, has_facts=row.has_facts,
            is_disputed=row.is_disputed,
        )  # fmt: skip
    else:
        facts = load_rights_facts(
            film_ids={row.product.film_id for row in rows},
            merchant_ids={row.product.merchant_id for row in rows},
            licence_ids={row.product.licence_id for row in rows if row.product.licence_id},
            articles=[(row.product.merchant_id, row.product.sku) for row in rows],
        )
    return {row.product.pk: _article(row.product, facts) for row in rows}


def _article(product: Product, facts: RightsFacts) -> Article:
    return facts.article(
        film_id=product.film_id, merchant_id=product.merchant_id, category_id=product.category_id,
        licence_id=product.licence_id, sku=product.sku, reveals=product.reveals, on_sale_at=product.on_sale_at,
        street_on=product.street_on,
    )  # fmt: skip


#: The models that a row is made of, with the columns that are read of each.
_PARTS: tuple[tuple[type[Model], str, list[str]], ...] = (
    (Variant, "", columns_of(Variant)),
    (
        Product,
        "product__",
        columns_of(Product, "extra", "description_en", "description_zh", "created_at", "updated_at"),
    ),
    (Merchant, "product__merchant__", columns_of(Merchant)),
    (Licence, "product__licence__", columns_of(Licence)),
)
_COLUMNS = [f"{path}{column}" for _model, path, columns in _PARTS for column in columns]
_PAPERS = LicenceDocument.objects.filter(
    licence=OuterRef("product__licence"), is_required=True, expires_on__isnull=False
)
_ARTICLES = LicensedArticle.objects.filter(merchant=OuterRef("product__merchant"), sku=OuterRef("product__sku"))
_DISPUTES = Takedown.objects.filter(
    Q(film=OuterRef("product__film"))
    | Q(merchant=OuterRef("product__merchant"))
    | Q(licence=OuterRef("product__licence")),
    released_at__isnull=True,
)
_HELD = Promotion.held_markets.through._default_manager.all()
_PICTURES = Image.objects.ready().filter(product=OuterRef("product")).order_by("position", "pk")


def _price(market: int, at: datetime) -> Subquery:
    latest = Price.objects.filter(variant=OuterRef("pk"), market=market, starts_at__lte=at).order_by("-starts_at")
    return Subquery(latest.values("amount")[:1])


def _variants(*, variants: list[int], market: int, at: datetime) -> QuerySet[Any, Any]:
    return (
        Variant.objects.filter(pk__in=variants)
        .order_by("pk")
        .values_list(
            *_COLUMNS,
            _price(market, at),
            *(F(f"stock__{name}") for name in ("on_hand", "reserved", "pre_order_cap")),
            Subquery(_PAPERS.order_by("expires_on").values("expires_on")[:1]),
            Exists(_ARTICLES),
            Exists(_DISPUTES),
            Subquery(_PICTURES.values("file")[:1]),
        )
    )


def _running(*, products: list[int], market: int, at: datetime) -> QuerySet[Any, Any]:
    offers = Offer.objects.filter(
        product__in=products, market=market, promotion__is_published=True, promotion__starts_at__lte=at,
        promotion__ends_at__gt=at,
    ).exclude(promotion__in=_HELD.filter(market=market).values("promotion"))  # fmt: skip
    return offers.order_by("promotion").values_list(
        "product_id", "promotion__public_id", "promotion__studio_share", "promotion_id", "promotion__priority",
        "promotion__since", "promotion__starts_at", "promotion__ends_at", "kind", "value",
    )  # fmt: skip


def _regular(*, products: list[int], market: int, at: datetime) -> QuerySet[Any, Any]:
    return Variant.objects.filter(product__in=products).values_list("product_id", _price(market, at))


_VARIANTS = Prepared(_variants)
_OFFERS = Prepared(_running)
_REGULAR = Prepared(_regular)
