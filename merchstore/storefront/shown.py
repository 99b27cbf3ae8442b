"""Goods and films as a list shows them: words, with no decision left. A page holds dozens of them, and deciding in the
template costs more than reading them; so it is decided here, once for each, and the template prints."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from catalog.models import ShelfSpan
from catalog.queries.cards import Card
from catalog.queries.variants import VariantChoice
from core.clock import FOREVER
from core.media import address_of
from core.money import Money
from films.models import Artwork, Film
from merchstore.storefront.pictures import tile_picture
from merchstore.storefront.templatetags.storefront import day, short_day
from merchstore.storefront.visit import Visit

#: A dictionary, because templates look there first.
Shown = dict[str, Any]


class Tile(NamedTuple):
    """A product as a list shows it. A tuple, because the template takes it apart at once: looking up eight names in
    each of two dozen tiles costs it more than printing them."""

    #: The film whose ground the tile stands on; "" for an ordinary one.
    lead: str
    picture: SafeString
    flag: str
    is_cut: bool
    address: str
    title: str
    under: str
    price: Shown


def shown_cards(cards: Iterable[Card], visit: Visit, *, by_maker: bool = False, has_lead: bool = False) -> list[Tile]:
    """Tiles; `by_maker` names the maker under the title instead of the film, `has_lead` makes the first one large."""
    goods = f"{visit.base}goods/p/"
    return [
        Tile(
            card.film_slug if has_lead and not place else "",
            tile_picture(card.image, has_lead and not place),
            _flag(card, visit),
            card.percent_off > 0,
            f"{goods}{card.slug}/",
            card.title,
            card.maker if by_maker else card.film_title,
            shown_price(card, visit),
        )
        for place, card in enumerate(cards)
    ]


def _flag(card: Card, visit: Visit) -> str:
    """The one flag that a tile may carry, the most telling first."""
    if card.percent_off:
        return _("%(percent)s%% off") % {"percent": card.percent_off}
    if card.kind == ShelfSpan.Kind.PRE_ORDER and card.street_on:
        return _("Pre-order, sent from %(day)s") % {"day": short_day(card.street_on, visit.language)}
    if card.kind == ShelfSpan.Kind.COMING_SOON and card.on_sale_at:
        return _("On sale %(day)s") % {"day": short_day(_local(card.on_sale_at, visit), visit.language)}
    return _("Launch price") if card.was and not card.low else ""


def _local(at: datetime, visit: Visit) -> datetime:
    return at.astimezone(ZoneInfo(visit.market.time_zone))


def shown_price(card: Card, visit: Visit) -> Shown:
    """What is asked now and, where an offer lowers it, what it is compared with."""
    now = card.price.in_locale(visit.language)
    return _price(
        _("From %(price)s") % {"price": now} if card.is_range else now, card.was, card.low, ends_on(card, visit), visit
    )


def shown_variant_price(variant: VariantChoice, card: Card, visit: Visit, *, is_range: bool = False) -> Shown:
    """The same for one variant with its own history, or for the cheapest of some."""
    now = variant.price.in_locale(visit.language)
    return _price(
        _("From %(price)s") % {"price": now} if is_range else now, variant.was, variant.low, ends_on(card, visit), visit
    )


def _price(now: str, was: Money | None, low: Money | None, until: date | None, visit: Visit) -> Shown:
    if was is None:
        return {"now": now, "was": "", "note": ""}
    regular = was.in_locale(visit.language)
    if low:
        lowest = _("Lowest in the 30 days before: %(price)s") % {"price": low.in_locale(visit.language)}
        return {"now": now, "was": regular, "earlier": _("Earlier price"), "note": lowest}
    if until is None:
        return {"now": now, "was": "", "note": ""}
    # It was not to be had before: nothing is struck through, and what it will cost is said.
    later = _("%(price)s from %(day)s") % {"price": regular, "day": day(until, visit.language)}
    return {"now": now, "was": "", "note": later}


def ends_on(card: Card, visit: Visit) -> date | None:
    """The day on which the offer that makes the price ends, in the market's zone; None without one, or without an end."""
    if card.was is None or card.offer_ends_at is None or card.offer_ends_at >= FOREVER:
        return None
    return _local(card.offer_ends_at, visit).date()


def shown_soon(cards: Sequence[Card], visit: Visit) -> list[Shown]:
    """Rows of what is coming: when, what, of which film."""
    return [
        {"when": _when(card, visit), **tile._asdict()}
        for tile, card in zip(shown_cards(cards, visit), cards, strict=True)
    ]


def _when(card: Card, visit: Visit) -> str:
    """From when it is sold, or from when what is ordered now is sent."""
    if card.kind == ShelfSpan.Kind.COMING_SOON and card.on_sale_at:
        return _("From %(day)s") % {"day": day(_local(card.on_sale_at, visit), visit.language)}
    if card.kind == ShelfSpan.Kind.PRE_ORDER and card.street_on:
        return _("Pre-order, sent from %(day)s on") % {"day": day(card.street_on, visit.language)}
    return ""


def shown_films(films: Iterable[Film], artworks: dict[int, dict[str, Artwork]], visit: Visit) -> list[Shown]:
    """Posters with their titles."""
    shown = []
    for film in films:
        poster = artworks.get(film.pk, {}).get(Artwork.Kind.POSTER)
        shown.append(
            {
                "address": f"{visit.base}films/{film.slug}/",
                "title": film.title_in(visit.language),
                "slug": film.slug,
                "year": film.year or "",
                "poster": address_of(poster.file.name) if poster else "",
            }
        )
    return shown
