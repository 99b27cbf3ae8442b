"""Keeping the shelf true when facts change elsewhere, and tidy.

Apps below the catalogue cannot call it. They move `updated_at` of the film, licence, merchant, licensed article or takedown
whose facts changed and hurry `catch_up_shelf` along; should that message be lost, beat calls it anyway.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import models, transaction

from catalog.models import Market, Product, ShelfMark
from catalog.promotions import prune_runs
from catalog.search import index_products
from catalog.shelf_store import recompile_products, turn_epoch
from core.bulk import AmongTexts
from core.clock import ALWAYS
from core.jobs import enqueue
from films.models import Embargo, Film
from licensing.models import Licence, LicensedArticle, Takedown
from merchants.models import Merchant

#: A change stamped before the mark may commit after it was read, if its transaction took long. So each reading
#: begins this much before the last one; what is compiled twice writes nothing the second time.
OVERLAP = timedelta(minutes=2)

#: Boundaries older than this are dropped: no cache holds a page that long.
KEEP_BOUNDARIES = timedelta(days=2)


class _Source(NamedTuple):
    """A kind of fact: its rows, the products that changed ones cover, and whether these are found by what such rows say."""

    model: type[models.Model]
    products_of: Callable[[Collection[int]], set[int]]
    is_searched: bool = False


def catch_up_shelf(*, at: datetime) -> int:
    """Compile again what depends on films, licences, merchants, articles and takedowns changed since the last reading;
    returns how many products that were. Harmless at any time and twice."""
    found = sum(_catch_up_source(name, at) for name in _SOURCES)
    if found:
        # Channels that were sent something have to be told.
        enqueue("campaigns.follow_shelf")
    return found


@transaction.atomic
def _catch_up_source(name: str, at: datetime) -> int:
    source = _SOURCES[name]
    ShelfMark.objects.get_or_create(source=name, defaults={"read_up_to": ALWAYS})
    mark = ShelfMark.objects.select_for_update().get(source=name)
    changed = source.model._default_manager.filter(updated_at__gt=mark.read_up_to - OVERLAP)
    ids = list(changed.values_list("pk", flat=True))
    products = sorted(source.products_of(ids)) if ids else []
    recompile_products(products, is_news=False)
    if changed.filter(updated_at__gt=mark.read_up_to).exists():
        if source.is_searched:
            index_products(products)
        # A film's own page appears when its embargo lifts, goods or not; and names are on every page.
        lifts = Embargo.objects.filter(film__in=ids).values_list("lifts_at", flat=True) if name == "films" else ()
        turn_epoch(Market.objects.order_by("pk"), at=lifts)
    mark.read_up_to = at
    mark.save(update_fields=["read_up_to"])
    return len(products)


def products_of_films(ids: Collection[int]) -> set[int]:
    """Of these films, as the film of the product or a further property of it."""
    return _among(film__in=ids) | _of_articles(LicensedArticle.objects.filter(properties__film__in=ids))


def products_of_licences(ids: Collection[int]) -> set[int]:
    """Under these licences, be it for a further property."""
    return _among(licence__in=ids) | _of_articles(LicensedArticle.objects.filter(properties__licence__in=ids))


def products_of_merchants(ids: Collection[int]) -> set[int]:
    return _among(merchant__in=ids)


def products_of_articles(ids: Collection[int]) -> set[int]:
    return _of_articles(LicensedArticle.objects.filter(pk__in=ids))


def products_of_takedowns(ids: Collection[int]) -> set[int]:
    """What these disputes touch."""
    rows = Takedown.objects.filter(pk__in=ids).values_list("film_id", "merchant_id", "licence_id", "article_id")
    films, merchants, licences, articles = ({pk for pk in column if pk} for column in zip(*rows, strict=True))
    return (
        products_of_films(films)
        | products_of_merchants(merchants)
        | products_of_licences(licences)
        | products_of_articles(articles)
    )


def _among(**chosen: Iterable[int]) -> set[int]:
    return set(Product.objects.filter(**chosen).values_list("pk", flat=True))


def _of_articles(articles: models.QuerySet[LicensedArticle]) -> set[int]:
    """The products that these articles are: they have the merchant and the code in common. Most of the time none."""
    keys = set(articles.values_list("merchant_id", "sku"))
    if not keys:
        return set()
    alike = Product.objects.filter(AmongTexts("sku", {sku for _merchant, sku in keys})).filter(
        merchant__in={merchant for merchant, _sku in keys}
    )
    return {pk for pk, *key in alike.values_list("pk", "merchant_id", "sku") if tuple(key) in keys}


_SOURCES = {
    "films": _Source(Film, products_of_films, is_searched=True),
    "licences": _Source(Licence, products_of_licences, is_searched=True),
    "merchants": _Source(Merchant, products_of_merchants, is_searched=True),
    "articles": _Source(LicensedArticle, products_of_articles),
    "takedowns": _Source(Takedown, products_of_takedowns),
}


def read_again_since(at: datetime) -> None:
    """Have the next `catch_up_shelf` read whatever changed since `at` again, though it was read before.

    Call outside the transaction that compiled: a reading may be waiting for that one's locks.
    """
    ShelfMark.objects.filter(read_up_to__gt=at).update(read_up_to=at)
    enqueue("catalog.catch_up_shelf")


def prune_shelf(*, at: datetime) -> int:
    """Drop boundaries that no longer matter, keeping each market's last one passed, and promotions long past."""
    dropped = 0
    for market in Market.objects.all():
        last = market.boundaries.filter(at__lte=at).order_by("-at").first()
        limit = min(at - KEEP_BOUNDARIES, last.at) if last else at - KEEP_BOUNDARIES
        dropped += market.boundaries.filter(at__lt=limit).delete()[0]
    return dropped + prune_runs(at=at)
