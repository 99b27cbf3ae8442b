"""What a product's page says: the price, what can be had, and where it may be sent. Words, with no decision left."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.models import Product, ShelfSpan
from catalog.queries.product import Destination, ProductPage
from catalog.queries.variants import Availability, VariantChoice
from core.errors import Refused
from core.territories import country_in_sentence
from licensing.gate import Flag, Reason
from merchants.models import Merchant
from merchstore.storefront.choices import Choice, choice_of, variant_name
from merchstore.storefront.reasons import OF_PLACE, sentence_of
from merchstore.storefront.shown import Shown, shown_price, shown_variant_price
from merchstore.storefront.templatetags.storefront import day, moment
from merchstore.storefront.terms import asked_for, words_of_stock, words_of_tax
from merchstore.storefront.visit import Visit
from orders.baskets import MOST_PIECES
from orders.holding import lapsed_pieces


def buying(found: ProductPage, asked: QueryDict, visit: Visit) -> dict[str, Any]:
    """The part of the page that a choice changes. Refuses `country_elsewhere` for a country that is not the market's."""
    country = asked.get("country", found.destinations[0].code)
    destination = next((one for one in found.destinations if one.code == country), None)
    if destination is None:
        raise Refused("country_elsewhere")
    choice = choice_of(_with_lapsed(found.variants, visit), asked, visit.language)
    price = _price(found, choice, visit)
    stock_tone, stock_words = _stock(choice, visit.language)
    note = _note(found, destination, visit)
    to_add = _to_add(choice, destination)
    chosen = variant_name(choice.variant.variant.options) if choice.groups and choice.variant else ""
    return {
        "choice": choice,
        "destination": destination,
        "price": price,
        "stock_tone": stock_tone,
        "stock_words": stock_words,
        "tax": words_of_tax(found.tax_rates, destination.code, visit),
        "asked": asked_for(choice.left),
        "to_add": to_add,
        "is_to_choose": destination.decision.allowed
        and len(choice.left) > 1
        and any(one.can_be_had for one in choice.left),
        "most_pieces": min(to_add.available, MOST_PIECES) if to_add else 0,
        "ask_at": f"{visit.base}goods/p/{found.card.slug}/tell-me/",
        "note": note,
        # Where the button would stand it says why there is none.
        "not_in": country_in_sentence(destination.code, visit.language) if note["tone"] == "bad" else "",
        "said": " ".join(filter(None, (f"{chosen} {price['now']}".strip(), stock_words, note["title"]))),
    }


def _with_lapsed(variants: Sequence[VariantChoice], visit: Visit) -> list[VariantChoice]:
    """What orders hold that nobody paid in time can be had, whether or not they have been ended. Asked where a variant seems
    sold out."""
    gone = [one.variant.pk for one in variants if one.availability is Availability.SOLD_OUT]
    lapsed = lapsed_pieces(gone, at=visit.at) if gone else {}
    return [
        replace(
            one,
            available=lapsed[one.variant.pk],
            availability=Availability.LOW if one.street_on is None else Availability.PRE_ORDER,
        )
        if one.variant.pk in lapsed
        else one
        for one in variants
    ]


def _to_add(choice: Choice, destination: Destination) -> VariantChoice | None:
    """What the button puts into the basket: the one variant that is left, where it can be had and may be sold there."""
    if len(choice.left) != 1 or not destination.decision.allowed:
        return None
    return choice.left[0] if choice.left[0].can_be_had else None


def _price(found: ProductPage, choice: Choice, visit: Visit) -> Shown:
    """Of the variants that are left; of all of them before anything is chosen, and when what is chosen is not made."""
    if not choice.is_partial or not choice.left:
        return shown_price(found.card, visit)
    cheapest = min(choice.left, key=lambda one: one.price.amount)
    is_range = any(one.price != cheapest.price for one in choice.left)
    return shown_variant_price(cheapest, found.card, visit, is_range=is_range)


def _stock(choice: Choice, language: str) -> tuple[str, str]:
    """The tone and the words for what can be had of it. Of several variants nothing is said but that all are gone."""
    if not choice.left:
        return "bad", _("Not made in this combination")
    return words_of_stock(choice.left, language)


def _note(found: ProductPage, destination: Destination, visit: Visit) -> dict[str, str]:
    product, place = found.product, {"country": country_in_sentence(destination.code, visit.language)}
    if destination.decision.allowed:
        sentence = _("It may be sold and sent there.")
        if found.card.kind == ShelfSpan.Kind.PRE_ORDER and product.street_on:
            sent_on = day(product.street_on, visit.language)
            sentence = _("Pre-order: it is sent from %(day)s on.") % {"day": sent_on}
        is_unasked = Flag.EEA_PASSIVE_SALE in destination.decision.flags
        # Sold there on a buyer's own wish; that it is licensed there would not be true.
        title = _("Can be sent to %(country)s") if is_unasked else _("Licensed for %(country)s")
        return {"tone": "ok", "title": title % place, "sentence": sentence}
    reason = destination.decision.reasons[0]
    sentence = sentence_of(reason)
    if others := sum(one.decision.allowed for one in found.destinations):
        sentence += " " + ngettext(
            "You can send it to %(others)s other country.", "You can send it to %(others)s other countries.", others
        ) % {"others": others}
    if reason == Reason.BEFORE_ON_SALE_DATE and product.on_sale_at:
        opens = moment(product.on_sale_at.astimezone(ZoneInfo(visit.market.time_zone)), visit.language)
        return {"tone": "warn", "title": _("On sale from %(moment)s") % {"moment": opens}, "sentence": sentence}
    title = _("Not licensed for %(country)s") if reason in OF_PLACE else _("Not available in %(country)s")
    return {"tone": "bad", "title": title % place, "sentence": sentence}


def made_in(merchant: Merchant, language: str) -> str:
    """Where a maker works, as a sentence. A city is written in its own letters: in a language of others it is left out."""
    country = country_in_sentence(merchant.country, language)
    is_latin = merchant.city.isascii() or not any(letter > "\u2e7f" for letter in merchant.city)
    if merchant.city and merchant.city != country and is_latin is not language.startswith("zh"):
        return _("Made and sent from %(city)s, %(country)s") % {"city": merchant.city, "country": country}
    return _("Made and sent from %(country)s") % {"country": country}


def about(product: Product, language: str) -> str:
    """The product in no more letters than a search engine shows."""
    words = " ".join((product.description_in(language) or product.title_in(language)).split())
    return words if len(words) <= 160 else words[:159].rsplit(" ", 1)[0] + "…"
