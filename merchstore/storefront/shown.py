"""Goods and films as a list shows them: words, with no decision left. A page holds dozens of them, and deciding in the
template costs more than reading them; so it is decided here, once for each, and the template prints."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from catalog.models import ShelfSpan
from catalog.queries.cards import Card
from core.media import address_of
from core.money import Money
from films.models import Artwork, Film
from merchstore.storefront.templatetags.storefront import day
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
            _picture(card),
            _flag(card),
            card.percent_off > 0,
            f"{goods}{card.slug}/",
            card.title,
            card.maker if by_maker else card.film_title,
            shown_price(card, visit),
        )
        for place, card in enumerate(cards)
    ]


def _picture(card: Card) -> SafeString:
    if not card.image:
        return SafeString("")
    return format_html('<img src="{}" alt="" width="1000" height="1000" loading="lazy">', card.image)


def _flag(card: Card) -> str:
    """The one flag that a tile may carry, the most telling first."""
    if card.percent_off:
        return _("%(percent)s%% off") % {"percent": card.percent_off}
    if card.kind == ShelfSpan.Kind.PRE_ORDER:
        return _("Pre-order")
    if card.kind == ShelfSpan.Kind.COMING_SOON:
        return _("Coming soon")
    return _("Launch price") if card.was and not card.low else ""


def shown_price(card: Card, visit: Visit) -> Shown:
    """What is asked now and, where an offer lowers it, what it is compared with."""
    now = card.price.in_locale(visit.language)
    return _price(_("From %(price)s") % {"price": now} if card.is_range else now, card.was, card, visit)


def shown_variant_price(price: Money, was: Money | None, card: Card, visit: Visit) -> Shown:
    """The same for one variant. The lowest price before is known of the cheapest one alone: a dearer one is not
    announced as reduced, and its regular price is only said."""
    now = price.in_locale(visit.language)
    if was is None or was == card.was or not card.low:
        return _price(now, was, card, visit)
    return {"now": now, "was": "", "note": _("Regular price %(price)s") % {"price": was.in_locale(visit.language)}}


def _price(now: str, was: Money | None, card: Card, visit: Visit) -> Shown:
    if was is None:
        return {"now": now, "was": "", "note": ""}
    regular = was.in_locale(visit.language)
    if card.low:
        lowest = _("Lowest in the 30 days before: %(price)s") % {"price": card.low.in_locale(visit.language)}
        return {"now": now, "was": regular, "earlier": _("Earlier price"), "note": lowest}
    # It was not to be had before: nothing is struck through, and what it will cost is said.
    until = day(card.ends_at.astimezone(ZoneInfo(visit.market.time_zone)), visit.language)
    return {"now": now, "was": "", "note": _("%(price)s from %(day)s") % {"price": regular, "day": until}}


def shown_soon(cards: Sequence[Card], visit: Visit) -> list[Shown]:
    """Rows of what is coming: when, what, of which film."""
    zone = ZoneInfo(visit.market.time_zone)
    shown = []
    for tile, card in zip(shown_cards(cards, visit), cards, strict=True):
        opens_on = day(card.ends_at.astimezone(zone), visit.language)
        is_pre_order = card.kind == ShelfSpan.Kind.PRE_ORDER
        when = tile.flag if is_pre_order else _("From %(day)s") % {"day": opens_on}
        shown.append({"when": when, **tile._asdict()})
    return shown


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
