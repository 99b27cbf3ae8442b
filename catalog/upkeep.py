"""Keeping the shelf true when facts change elsewhere, and tidy.

Apps below the catalogue cannot call it. They move `updated_at` of the film, licence or merchant whose facts changed
and hurry `catch_up_shelf` along; should that message be lost, beat calls it anyway.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import models, transaction

from catalog.models import Market, Product, ShelfMark
from catalog.promotions import prune_runs
from catalog.search import index_products
from catalog.shelf_store import recompile_products, turn_epoch
from core.clock import ALWAYS
from core.jobs import enqueue
from films.models import Embargo, Film
from licensing.models import Licence
from merchants.models import Merchant

#: A change stamped before the mark may commit after it was read, if its transaction took long. So each reading
#: begins this much before the last one; what is compiled twice writes nothing the second time.
OVERLAP = timedelta(minutes=2)

#: Boundaries older than this are dropped: no cache holds a page that long.
KEEP_BOUNDARIES = timedelta(days=2)

_SOURCES: dict[str, tuple[type[models.Model], Callable[[list[int]], models.Q]]] = {
    "films": (Film, lambda ids: models.Q(film__in=ids)),
    "licences": (Licence, lambda ids: models.Q(licence__in=ids)),
    "merchants": (Merchant, lambda ids: models.Q(merchant__in=ids)),
}


def catch_up_shelf(*, at: datetime) -> int:
    """Compile again what depends on films, licences and merchants changed since the last reading; returns how many
    products that were. Harmless at any time and twice."""
    return sum(_catch_up_source(source, at) for source in _SOURCES)


@transaction.atomic
def _catch_up_source(source: str, at: datetime) -> int:
    model, products_of = _SOURCES[source]
    ShelfMark.objects.get_or_create(source=source, defaults={"read_up_to": ALWAYS})
    mark = ShelfMark.objects.select_for_update().get(source=source)
    changed = model._default_manager.filter(updated_at__gt=mark.read_up_to - OVERLAP)
    ids = list(changed.values_list("pk", flat=True))
    products = list(Product.objects.filter(products_of(ids)).order_by("pk").values_list("pk", flat=True)) if ids else []
    recompile_products(products, is_news=False)
    if changed.filter(updated_at__gt=mark.read_up_to).exists():
        # What a product is found by holds their names.
        index_products(products)
        # A film's own page appears when its embargo lifts, goods or not; and names are on every page.
        lifts = Embargo.objects.filter(film__in=ids).values_list("lifts_at", flat=True) if model is Film else ()
        turn_epoch(Market.objects.order_by("pk"), at=lifts)
    mark.read_up_to = at
    mark.save(update_fields=["read_up_to"])
    return len(products)


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
