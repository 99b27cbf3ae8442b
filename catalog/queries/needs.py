"""What of a merchant's goods needs looking after: stock that runs low, fans who wait, files of which rows were refused."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Greatest

from catalog.models import ImportRun, Product, Stock, StockAlert
from catalog.stock import LOW_BY_DEFAULT
from merchants.models import Merchant

#: Files older than this were seen or are forgotten.
_RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Waited:
    """A variant of which none is left, and how many people asked to be told."""

    product: str
    title_en: str
    title_zh: str
    sku: str
    waiting: int

    def title_in(self, language: str) -> str:
        return (self.title_zh if language.startswith("zh") else "") or self.title_en


def watched_stock(merchant: Merchant) -> QuerySet[Stock]:
    """Stock of active products; `left` is what could be promised today."""
    rows = Stock.objects.filter(variant__product__merchant=merchant, variant__product__state=Product.State.ACTIVE)
    return rows.annotate(
        left=Greatest(F("on_hand") - F("reserved"), Value(0)), limit=Coalesce("low_at", Value(LOW_BY_DEFAULT))
    )


def stock_counts(merchant: Merchant) -> tuple[int, int]:
    """Variants of which little is left, and of which none is. One query."""
    row = watched_stock(merchant).aggregate(
        low=Count("pk", filter=Q(left__gt=0, left__lte=F("limit"))), out=Count("pk", filter=Q(left=0))
    )
    return row["low"], row["out"]


def people_waiting(merchant: Merchant, *, most: int) -> tuple[int, list[Waited]]:
    """How many "tell me" wait in all, and the variants most are waited for. Two queries."""
    alerts = StockAlert.objects.filter(variant__product__merchant=merchant, sent_at=None)
    rows = (
        alerts.values_list(
            "variant__product__public_id", "variant__product__title_en", "variant__product__title_zh", "variant__sku"
        )
        .annotate(waiting=Count("pk"))
        .order_by("-waiting", "variant__sku")
    )
    return alerts.count(), [Waited(*row) for row in rows[:most]]


def refused_imports(merchant: Merchant, *, at: datetime) -> int:
    """Files of the last days that were refused, stopped, or of which rows were refused. One query."""
    runs = merchant.import_runs.filter(created_at__gte=at - _RECENT, is_dry_run=False)
    bad = Q(state__in=[ImportRun.State.REFUSED, ImportRun.State.STOPPED])
    bad |= Q(state=ImportRun.State.DONE, counts__rows__refused__gt=0)
    return runs.filter(bad).count()
