"""Markets for the menu of every page. They change when a market opens, so each process reads them once a minute."""

import time

from django.db.models import Exists, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from catalog.models import Market
from merchants.models import Merchant

_KEEP_SECONDS = 60.0
_kept: dict[str, tuple[float, list[tuple[str, str]]]] = {}


def market_places(language: str) -> list[tuple[str, str]]:
    """(code, "United States, USD") of every public market, in order. No query most of the time."""
    now = time.monotonic()
    kept = _kept.get(language)
    if kept is None or now - kept[0] > _KEEP_SECONDS:
        markets = Market.objects.filter(is_public=True).order_by("position", "pk")
        places = [(market.code, _place(market, language)) for market in markets]
        kept = _kept[language] = (now, places)
    return kept[1]


def markets_of(merchant_id: int) -> QuerySet[Market]:
    """Those in which a merchant sells, in their order: a sandbox in its own, everybody else in those of the world. One query."""
    is_sandbox = Exists(Merchant.objects.filter(pk=merchant_id, is_sandbox=True))
    return Market.objects.exclude(is_public=is_sandbox).order_by("position", "pk")


def _place(market: Market, language: str) -> str:
    with translation.override(language):
        return _("%(place)s, %(currency)s") % {"place": market.name_in(language), "currency": market.currency}
