"""A product as a market will see it at an instant, before it does."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from catalog.models import Market
from catalog.queries.preview import Preview, preview_of
from catalog.queries.variants import Availability
from core.clock import plausible
from core.errors import Refused
from core.media import address_of
from merchstore.panel.goods import KIND_TONES, KIND_WORDS, markets_of
from merchstore.panel.product import product_of
from merchstore.panel.visit import PanelVisit, page, show

_AVAILABLE = {
    Availability.IN_STOCK: (gettext_lazy("In stock"), "ok"),
    Availability.LOW: (gettext_lazy("Few left"), "warn"),
    Availability.SOLD_OUT: (gettext_lazy("Sold out"), ""),
    Availability.PRE_ORDER: (gettext_lazy("Pre-order"), "info"),
    Availability.COMING_SOON: (gettext_lazy("Coming soon"), "info"),
}
_PATTERNS = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M")


@require_safe
@page
def preview(request: HttpRequest, visit: PanelVisit, product: str) -> HttpResponse:
    found = product_of(visit, product)
    markets = markets_of(visit)
    market = next((row for row in markets if row.code == request.GET.get("market")), markets[0])
    written = request.GET.get("at", "")[:40]
    at, error = _instant(written, market)
    told = preview_of(found, market, visit.language, at=at)
    context = {
        "title": _("Preview: %(product)s") % {"product": found.title_in(visit.language)},
        "name": found.title_in(visit.language),
        "section": "products",
        "product": found,
        "film": found.film.title_in(visit.language),
        "maker": visit.merchant.name_in(visit.language),
        "description": found.description_in(visit.language),
        "markets": [(row.code, f"{row.name_in(visit.language)}, {row.currency}") for row in markets],
        "market": market,
        "market_name": market.name_in(visit.language),
        "at": at,
        "zone": market.time_zone,
        "written": written if error else f"{at.astimezone(ZoneInfo(market.time_zone)):%Y-%m-%dT%H:%M}",
        "error": error,
        "addresses": {"self": visit.address("product_preview", product), "product": visit.address("product", product)},
        **_shown(visit, told, market, visit.address("product_preview", product)),
    }
    template = "_preview" if request.headers.get("HX-Target") == "preview" else "preview"
    context["is_fragment"] = template == "_preview"
    return show(request, visit, template, context, status=422 if error else 200)


def _instant(written: str, market: Market) -> tuple[datetime, str]:
    """What was asked for in the market's time; now where nothing was, or nothing that can be read."""
    now = timezone.now()
    if not written:
        return now, ""
    for pattern in _PATTERNS:
        try:
            naive = datetime.strptime(written, pattern)  # noqa: DTZ007 the market's zone follows
        except ValueError:
            continue
        try:
            return plausible(naive.replace(tzinfo=ZoneInfo(market.time_zone))), ""
        except Refused as refusal:
            return now, refusal.sentence
    return now, _("Enter a valid date/time.")


def _shown(visit: PanelVisit, told: Preview, market: Market, address: str) -> dict[str, Any]:
    card, language = told.card, visit.language
    zone = ZoneInfo(market.time_zone)
    shown: dict[str, Any] = {
        "card": card,
        "kind": KIND_WORDS[card.kind] if card else _("Not listed"),
        "tone": KIND_TONES[card.kind] if card else "warn",
        "reasons": [reason.sentence for reason in told.reasons],
        "images": [{"url": address_of(row.file.name), "alt": row.alt_in(language)} for row in told.images if row.file],
        "variants": [
            {
                "label": row.label,
                "price": row.price.in_locale(language),
                "was": row.was.in_locale(language) if row.was else "",
                "low": row.low.in_locale(language) if row.low else "",
                "available": row.available,
                "words": _AVAILABLE[row.availability][0],
                "tone": _AVAILABLE[row.availability][1],
            }
            for row in told.variants
        ],
        "turns": [
            {
                "at": turn.at,
                "kind": KIND_WORDS[turn.kind] if turn.kind else _("Not listed"),
                "tone": KIND_TONES[turn.kind] if turn.kind else "warn",
                "price": turn.price.in_locale(language) if turn.price else "",
                "was": turn.was.in_locale(language) if turn.was else "",
                "address": f"{address}?{urlencode({'market': market.code, 'at': f'{turn.at.astimezone(zone):%Y-%m-%dT%H:%M:%S}'})}",
            }
            for turn in told.turns
        ],
    }  # fmt: skip
    if card is not None:
        price = card.price.in_locale(language)
        shown |= {
            "price": _("from %(price)s") % {"price": price} if card.is_range else price,
            "was": card.was.in_locale(language) if card.was else "",
            "low": card.low.in_locale(language) if card.low else "",
        }
    return shown
