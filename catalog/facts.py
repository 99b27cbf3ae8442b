"""The facts the shelf is compiled from, loaded for a page of products in a constant number of queries."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from functools import lru_cache

from catalog.floors import Floors, highest, read_floors
from catalog.models import Image, Market, Offer, Price, Product, Promotion, PromotionRun
from catalog.shelf import OfferTerms, PastOffer, PriceSteps, RightsSteps, Span, compile_rights, compile_spans
from core.bulk import Among, read_rows
from licensing.assets import page_of
from licensing.facts import RightsFacts
from licensing.gate import Article

#: What the compiler reads of a product, in this order.
_PRODUCT_COLUMNS = (
    "pk", "film_id", "merchant_id", "category_id", "licence_id", "sku", "reveals", "on_sale_at", "street_on",
    "state", "listing", "updated_at",
)  # fmt: skip
_TEXTS = ("title_en", "title_zh", "description_en", "description_zh")

#: A reader keeps at most so many compiled shelves, about 20 MB of them, and as many articles.
MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class ProductFacts:
    product_id: int
    updated_at: datetime
    film_id: int
    category_id: int
    is_active: bool
    needs_campaign: bool
    article: Article
    article_key: tuple[object, ...]
    #: By market id.
    prices: dict[int, list[PriceSteps]]
    offers: dict[int, list[OfferTerms]]
    past: dict[int, list[PastOffer]]


@dataclass
class FactsReader:
    """Reads product facts page by page and keeps what pages share: licences, merchants, embargoes, and the rights
    compiled from them. Most products are like others of their licence; each article with facts of its own (an approval,
    a recall) is one more to be kept. One reader serves one transaction; a new one sees what has changed since."""

    markets: Sequence[Market]
    _rights: RightsFacts = field(default_factory=RightsFacts)
    _articles: dict[tuple[object, ...], Article] = field(default_factory=dict)
    #: By article key, then by market id.
    _steps: dict[tuple[object, ...], dict[int, RightsSteps]] = field(default_factory=dict)
    #: Equal steps are one object, so that a key may hold its identity.
    _interned: dict[tuple[object, ...], RightsSteps] = field(default_factory=dict)
    _spans: dict[tuple[object, ...], list[Span]] = field(default_factory=dict)
    _digests: dict[tuple[object, ...], bytes] = field(default_factory=dict)
    _floors: Floors | None = None

    def read(self, product_ids: Collection[int], *, lock: bool) -> list[ProductFacts]:
        """The facts of these products, by id. With `lock` their rows stay locked until the transaction ends,
        so that two compilations of one product follow each other and the second sees what the first's cause was."""
        products = Product.objects.filter(Among("pk", product_ids)).order_by("pk")
        if lock:
            products = products.select_for_update(no_key=True)
        rows = list(read_rows(products.values_list(*_PRODUCT_COLUMNS)))
        ids = [row[0] for row in rows]
        prices = self._read_prices(ids)
        offers = self._read_offers(ids)
        past = self._read_past(ids)
        self._learn_rights(rows)
        contents = self._read_pages(rows)
        return [self._product_facts(row, prices, offers, past, contents) for row in rows]

    def rights_steps(self, facts: ProductFacts, market_id: int) -> RightsSteps:
        """How far the product is in one of the reader's markets over time, compiled once per article."""
        of_article = self._steps.get(facts.article_key)
        if of_article is None:
            of_article = {}
            for market in self.markets:
                steps = _compiled(facts.article, tuple(market.countries))
                of_article[market.pk] = self._interned.setdefault(tuple(steps), steps)
            self._steps[facts.article_key] = of_article
        return of_article[market_id]

    def spans(self, facts: ProductFacts, market_id: int) -> list[Span]:
        """The shelf of the product in one of the reader's markets. Goods of one price, term and offer are compiled once."""
        rights, prices = self.rights_steps(facts, market_id), facts.prices[market_id]
        offers, past = facts.offers.get(market_id, ()), facts.past.get(market_id, ())
        key = (id(rights), tuple([tuple(steps) for steps in prices]), tuple(offers), facts.needs_campaign, tuple(past))
        spans = self._spans.get(key)
        if spans is None:
            if len(self._spans) >= MOST_KEPT:
                self._spans.clear()
            spans = compile_spans(rights, prices, offers, needs_campaign=facts.needs_campaign, past=past)
            self._spans[key] = spans
        return spans

    def floor(self, facts: ProductFacts, market: Market) -> int | None:
        """The least that the product may be offered for in the market, in minor units. All floors are read when the first
        is asked for."""
        if self._floors is None:
            self._floors = read_floors()
        return highest(self._floors, [terms.licence_id for terms in facts.article.licences], market.currency)

    def article_digest(self, facts: ProductFacts) -> bytes:
        """Sixteen bytes that change when anything about the product's rights does."""
        digest = self._digests.get(facts.article_key)
        if digest is None:
            digest = hashlib.blake2b(repr(_in_order(facts.article)).encode(), digest_size=16).digest()
            self._digests[facts.article_key] = digest
        return digest

    def _read_prices(self, ids: list[int]) -> dict[int, dict[int, list[PriceSteps]]]:
        found: dict[int, dict[int, list[PriceSteps]]] = {}
        last: tuple[int, int] | None = None
        steps: list[tuple[datetime, int | None]] = []
        rows = (
            Price.objects.filter(Among("variant__product_id", ids), market__in=[market.pk for market in self.markets])
            .order_by("variant__product_id", "market_id", "variant_id", "starts_at")
            .values_list("variant__product_id", "market_id", "variant_id", "starts_at", "amount")
        )
        for product_id, market_id, variant_id, starts_at, amount in read_rows(rows):
            if last != (variant_id, market_id):
                last = (variant_id, market_id)
                steps = []
                found.setdefault(product_id, {}).setdefault(market_id, []).append(steps)
            steps.append((starts_at, amount))
        return found

    def _read_offers(self, ids: list[int]) -> dict[int, dict[int, list[OfferTerms]]]:
        found: defaultdict[int, dict[int, list[OfferTerms]]] = defaultdict(dict)
        rows = Offer.objects.filter(Among("product_id", ids), promotion__is_published=True).values_list(
            "product_id", "market_id", "promotion_id", "kind", "value"
        )
        promotions: dict[int, tuple[int, datetime, datetime, datetime]] = {}
        # Most products of a promotion have the same terms.
        shared: dict[tuple[int, str, int], OfferTerms] = {}
        held: set[tuple[int, int]] = set()
        for product_id, market_id, promotion_id, kind, value in read_rows(rows):
            if promotion_id not in promotions:
                promotions |= _promotion_terms()
                held = set(Promotion.held_markets.through.objects.values_list("promotion_id", "market_id"))
            if (promotion_id, market_id) not in held:
                terms = shared.get((promotion_id, kind, value))
                if terms is None:
                    terms = OfferTerms(promotion_id, *promotions[promotion_id], kind, value)
                    shared[promotion_id, kind, value] = terms
                found[product_id].setdefault(market_id, []).append(terms)
        return found

    def _read_past(self, ids: list[int]) -> dict[int, dict[int, list[PastOffer]]]:
        """Offers of promotions that were taken away. There are none most of the time, which is one small query."""
        runs: dict[tuple[int, int], list[tuple[datetime, datetime]]] = {}
        for promotion_id, market_id, starts_at, ends_at in PromotionRun.objects.order_by("pk").values_list(
            "promotion_id", "market_id", "starts_at", "ends_at"
        ):
            runs.setdefault((promotion_id, market_id), []).append((starts_at, ends_at))
        found: dict[int, dict[int, list[PastOffer]]] = {}
        if not runs:
            return found
        promotions = {promotion_id for promotion_id, _market_id in runs}
        rows = Offer.objects.filter(Among("product_id", ids), Among("promotion_id", promotions)).order_by("pk")
        for product_id, market_id, promotion_id, kind, value in read_rows(
            rows.values_list("product_id", "market_id", "promotion_id", "kind", "value")
        ):
            for starts_at, ends_at in runs.get((promotion_id, market_id), ()):
                past = found.setdefault(product_id, {}).setdefault(market_id, [])
                past.append(PastOffer(starts_at, ends_at, kind, value))
        return found

    def _learn_rights(self, rows: list[tuple]) -> None:
        if len(self._articles) >= MOST_KEPT:
            self._forget()
        self._rights.learn(
            film_ids={row[1] for row in rows},
            merchant_ids={row[2] for row in rows},
            licence_ids={row[4] for row in rows if row[4]},
            articles=[(row[2], row[5]) for row in rows],
        )

    def _forget(self) -> None:
        """Begin anew. All of it together, since keys of one hold identities of another."""
        self._rights = RightsFacts()
        for kept in (self._articles, self._steps, self._interned, self._spans, self._digests):
            kept.clear()

    def _read_pages(self, rows: list[tuple]) -> dict[int, frozenset[str]]:
        """What stands on the pages of products whose licence wants it approved. Two queries, none where no licence does."""
        needs = self._rights.needs_page
        ids = [
            pk for pk, _film, merchant_id, _category, licence_id, sku, *_ in rows if needs(merchant_id, licence_id, sku)
        ]
        if not ids:
            return {}
        pictures: defaultdict[int, list[str]] = defaultdict(list)
        shown = Image.objects.ready().filter(Among("product_id", ids))
        for product_id, digest in shown.values_list("product_id", "digest"):
            pictures[product_id].append(digest)
        texts = Product.objects.filter(Among("pk", ids)).values_list("pk", *_TEXTS)
        return {pk: page_of(words, pictures[pk]) for pk, *words in texts}

    def _product_facts(self, row: tuple, prices: dict, offers: dict, past: dict, pages: dict) -> ProductFacts:
        (
            pk,
            film_id,
            merchant_id,
            category_id,
            licence_id,
            sku,
            reveals,
            on_sale_at,
            street_on,
            state,
            listing,
            updated_at,
        ) = row
        key = (
            film_id,
            merchant_id,
            category_id,
            licence_id,
            reveals,
            on_sale_at,
            street_on,
            self._rights.particulars(merchant_id, licence_id, sku),
            pages.get(pk) if pages else None,
        )
        article = self._articles.get(key)
        if article is None:
            article = self._articles[key] = self._rights.article(
                film_id=film_id, merchant_id=merchant_id, category_id=category_id, licence_id=licence_id, sku=sku,
                reveals=reveals, on_sale_at=on_sale_at, street_on=street_on, page=key[-1],
            )  # fmt: skip
        return ProductFacts(
            product_id=pk,
            updated_at=updated_at,
            film_id=film_id,
            category_id=category_id,
            is_active=state == Product.State.ACTIVE,
            needs_campaign=listing == Product.Listing.CAMPAIGN,
            article=article,
            article_key=key,
            prices=prices.get(pk, {}),
            offers=offers.get(pk, {}),
            past=past.get(pk, {}),
        )


def approved_pages(product_ids: Collection[int]) -> list[int]:
    """Those of the products of which a licence wants the pictures and texts approved. Two queries."""
    products = Product.objects.filter(Among("pk", product_ids))
    rows = list(products.values_list("pk", "merchant_id", "licence_id", "sku"))
    rights = RightsFacts()
    rights.learn(
        merchant_ids={row[1] for row in rows},
        licence_ids={row[2] for row in rows if row[2]},
        articles=[(row[1], row[3]) for row in rows],
    )
    return [pk for pk, merchant_id, licence_id, sku in rows if rights.needs_page(merchant_id, licence_id, sku)]


@lru_cache(maxsize=MOST_KEPT // 10)
def _compiled(article: Article, countries: tuple[str, ...]) -> RightsSteps:
    """Kept from one transaction to the next: it follows from what it is asked for alone. Nobody changes the list."""
    return compile_rights(article, countries)


def _promotion_terms() -> dict[int, tuple[int, datetime, datetime, datetime]]:
    """Priority, age, start and end of each published promotion: a few rows, read once a page."""
    rows = Promotion.objects.filter(is_published=True).values_list("pk", "priority", "since", "starts_at", "ends_at")
    return {pk: (priority, since, starts_at, ends_at) for pk, priority, since, starts_at, ends_at in rows}


def _in_order(value: object) -> object:
    """`value` with its sets sorted and its dataclasses as tuples: equal values print alike in every process."""
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_in_order(item) for item in value]
    if is_dataclass(value):
        return [_in_order(getattr(value, item.name)) for item in fields(value)]
    return value
