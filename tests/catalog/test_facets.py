"""Counts beside a list: of what is on the shelf, excluding their own filter, and as many as the list then shows."""

import random
from collections import Counter
from datetime import timedelta
from itertools import product

import pytest

from catalog.epoch import Epoch, read_epoch
from catalog.models import Product, ShelfSpan
from catalog.queries import facets
from catalog.queries.facets import FACETS, Filters, market_counts, narrowed, narrowed_page, price_bands
from catalog.search import Holds, index_products, matching_products
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch, settings):
    monkeypatch.setattr(facets, "_near", type(facets._near)())
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


@pytest.fixture
def shelf() -> list[Product]:
    """Goods of three films, three makers and two kinds, at prices in every band, some of them coming."""
    films = [factories.make_film(f"film-{i}") for i in range(3)]
    merchants = [factories.make_merchant(f"maker-{i}") for i in range(3)]
    kinds = [factories.make_category(code) for code in ("mugs", "pins")]
    licences = {(f, m): factories.make_licence(films[f], merchants[m]) for f in range(3) for m in range(3)}
    rng = random.Random(7)
    goods = []
    for i in range(36):
        coming = {"on_sale_at": NOW + timedelta(days=3)} if i % 9 == 0 else {}
        goods.append(
            factories.make_product(
                licence=licences[rng.randrange(3), rng.randrange(3)],
                category=rng.choice(kinds),
                title_en=rng.choice(["Lantern", "Kite"]) + f" number {i}",
                prices={"us": rng.choice([500, 1499, 1500, 2999, 3000, 5999, 6000, 11999, 12000, 50000])},
                **coming,
            )
        )
    index_products([one.pk for one in goods])
    return goods


def epoch() -> Epoch:
    found = read_epoch("us", NOW)
    assert found is not None
    return found


def of_spans(filters: Filters, *, leave_out: str = "") -> list[tuple]:
    """What the shelf has of `filters`, without the facet `leave_out`, said the long way."""
    bands = price_bands("USD")
    rows = ShelfSpan.objects.at(NOW).in_market(epoch().market).values_list(
        "film__slug", "category__code", "product__merchant__slug", "amount", "kind", "product_id"
    )  # fmt: skip
    found = []
    for film, category, maker, amount, kind, pk in rows:
        [price] = [code for code, start, end in bands if amount >= start and (end is None or amount < end)]
        values = dict(zip(FACETS, (film, category, maker, price, kind), strict=True))
        if all(
            values[name] in getattr(filters, name) for name in FACETS if getattr(filters, name) and name != leave_out
        ):
            found.append((values, pk))
    return found


CASES = [
    Filters(),
    Filters(film=("film-0",)),
    Filters(film=("film-0", "film-2"), price=("15-30",)),
    Filters(category=("mugs",), maker=("maker-1", "maker-2"), available=("on_sale",)),
    Filters(price=("0-15", "120-"), available=("coming_soon",)),
    Filters(film=("film-1",), category=("pins",), maker=("maker-0",), price=("30-60",), available=("on_sale",)),
    Filters(film=("no-such-film",)),
    Filters(film=("no-such-film", "film-1")),
]


def test_each_count_leaves_out_its_own_facet_alone(shelf):
    counts, market = market_counts(epoch()), epoch().market
    said = {"film": counts.films, "category": counts.categories, "maker": counts.merchants}
    bands = [code for code, *_ends in price_bands("USD")]
    for filters in CASES:
        found = narrowed(counts, filters, market)

        assert found.total == len(of_spans(filters)), filters
        for name in FACETS:
            expected = Counter(values[name] for values, _pk in of_spans(filters, leave_out=name))
            named = {
                (said[name][key][0] if name in said else bands[key] if name == "price" else key): pieces
                for key, pieces in found.by_facet[name].items()
            }
            assert named == expected, (filters, name)


def test_the_list_shows_as_many_as_were_counted(shelf, monkeypatch):
    monkeypatch.setattr("catalog.queries.cards.PAGE", 5)
    counts, market = market_counts(epoch()), epoch().market
    for filters, sort in product(CASES, ["newest", "price", "-price"]):
        seen, after = [], None
        for _page in range(20):
            page = narrowed_page(counts, filters, market, "en", at=NOW, sort=sort, after=after)
            seen += page.cards
            if (after := page.next) is None:
                break

        assert sorted(card.product_id for card in seen) == sorted(pk for _values, pk in of_spans(filters)), filters
        amounts = [card.price.amount for card in seen]
        if sort != "newest":
            assert amounts == sorted(amounts, reverse=sort == "-price"), filters


def test_what_a_search_finds_is_counted_of_itself(shelf):
    counts, market = market_counts(epoch()), epoch().market
    ids = matching_products("lantern")
    filters = Filters(film=("film-1",))

    lanterns = ShelfSpan.objects.at(NOW).in_market(market).filter(Holds("product_id", "lantern"))
    assert narrowed(counts.of(ids), Filters(), market).total == lanterns.count()
    left = counts.among(ids, filters, market)
    assert set(left) == set(lanterns.filter(film__slug="film-1").values_list("product_id", flat=True))
    assert left == sorted(left, reverse=True)
    assert counts.among([0, 10**12, -5], Filters(), market) == []


def test_what_is_not_on_this_shelf_is_not_counted_nor_named(shelf):
    secret = factories.make_film("secret")
    factories.make_product(
        licence=factories.make_licence(secret, factories.make_merchant("hidden")), prices={"cn": 900}
    )
    factories.make_product(licence=factories.make_licence(secret, factories.make_merchant("drafts")), state="draft")

    counts = market_counts(epoch())

    assert sum(cell[-1] for cell in counts.cells) == len(shelf)
    assert {name[0] for name in counts.films.values()} == {"film-0", "film-1", "film-2"}
    assert {name[0] for name in counts.merchants.values()} == {"maker-0", "maker-1", "maker-2"}


def test_a_shelf_is_counted_once_an_epoch(shelf, django_assert_num_queries):
    now = epoch()
    with django_assert_num_queries(4):
        market_counts(now)
    with django_assert_num_queries(0):
        market_counts(now)
    factories.make_product(licence=shelf[0].licence, prices={"us": 100})
    with django_assert_num_queries(5):
        assert sum(cell[-1] for cell in market_counts(epoch()).cells) == len(shelf) + 1


def test_an_empty_shelf_counts_nothing():
    factories.make_market("us")
    counts = market_counts(epoch())

    assert narrowed(counts, Filters(film=("any",)), epoch().market).total == 0
    assert counts.of([1, 2, 3]).cells == []


@pytest.mark.parametrize("currency", ["USD", "CNY", "HKD", "EUR", "JPY", "KWD"])
def test_price_bands_cover_every_amount_once(currency):
    bands = price_bands(currency)

    assert (bands[0][1], bands[-1][2]) == (0, None)
    assert [end for _code, _start, end in bands[:-1]] == [start for _code, start, _end in bands[1:]]
