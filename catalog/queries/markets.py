"""Markets for the menu of every page. They change when a market opens, so each process reads them once a minute."""

import time

from django.utils import translation
from django.utils.translation import gettext as _

from catalog.models import Market

_KEEP_SECONDS = 60.0
_kept: dict[str, tuple[float, list[tuple[str, str]]]] = {}


def market_places(language: str) -> list[tuple[str, str]]:
    """(code, "United States, USD") of every market, in order. No query most of the time."""
    now = time.monotonic()
    kept = _kept.get(language)
    if kept is None or now - kept[0] > _KEEP_SECONDS:
        places = [(market.code, _place(market, language)) for market in Market.objects.order_by("position", "pk")]
        kept = _kept[language] = (now, places)
    return kept[1]


def _place(market: Market, language: str) -> str:
    with translation.override(language):
        return _("%(place)s, %(currency)s") % {"place": market.name_in(language), "currency": market.currency}
