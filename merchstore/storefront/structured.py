"""What a page says to machines: JSON-LD in the words of schema.org. It repeats what the page shows and adds nothing.

A product of one variant is a `Product` with an `Offer`. One of several is a `ProductGroup` whose variants are products with
an offer each, at an address that chooses them: so search engines want it where all variants share a page, and each price
and stock is said of what it is true of. The film's page is a `Movie`.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from campaigns.channels.google_item import has_valid_check_digit
from catalog.models import Image, ShelfSpan
from catalog.queries.product import ProductPage
from catalog.queries.variants import Availability, VariantChoice
from core.media import address_of
from fans.queries import Rating
from films.models import Artwork, Credit
from films.queries import FilmPage
from merchstore.storefront.choices import variant_name
from merchstore.storefront.shown import ends_on
from merchstore.storefront.visit import Visit

Data = dict[str, Any]

#: Options that schema.org has a property for. Others are said as properties by name.
_PROPERTIES = {"colour": "color", "size": "size", "material": "material", "pattern": "pattern"}
#: What would end the element, or begin a comment in it, whatever a merchant writes.
_ESCAPES = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&\u2028\u2029"}
#: schema.org has no word for what is shown but not sold yet: it cannot be had, and from when it can is said.
_AVAILABILITY = {
    Availability.IN_STOCK: "InStock",
    Availability.LOW: "LimitedAvailability",
    Availability.PRE_ORDER: "PreOrder",
    Availability.SOLD_OUT: "OutOfStock",
    Availability.COMING_SOON: "OutOfStock",
}
_ROLES = {
    Credit.Role.DIRECTOR: "director",
    Credit.Role.PRODUCER: "producer",
    Credit.Role.WRITER: "author",
    Credit.Role.CAST: "actor",
    Credit.Role.MUSIC: "musicBy",
}


def absolute(address: str) -> str:
    """An address with the site before it, unless it has one of its own."""
    return settings.SITE_URL + address if address.startswith("/") else address


def picture_address(image: Image | None) -> str:
    """Where a program fetches the picture: a JPEG or PNG if there is one. "" without a picture."""
    file = (image.channel_file or image.file) if image else None
    return absolute(address_of(file.name)) if file and file.name else ""


def product_data(found: ProductPage, visit: Visit, rating: Rating | None = None) -> SafeString:
    """The product with its offers, what buyers say of it where any do, and the way to it."""
    product, card, address = found.product, found.card, _here(visit, f"goods/p/{found.product.slug}/")
    said: Data = {
        "name": card.title,
        "url": address,
        "description": product.description_in(visit.language),
        "image": [there for image in found.images if (there := picture_address(image))],
        "category": product.category.name_in(visit.language),
        "brand": {"@type": "Brand", "name": card.maker},
    }
    if rating is not None and rating.count:
        said["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": str(rating.average),
            "reviewCount": rating.count,
            "bestRating": 5,
            "worstRating": 1,
        }
    offered = _Offered(found, visit, address)
    if len(found.variants) == 1:
        [only] = found.variants
        thing = {"@type": "Product", **said, **_identity(only), "offers": offered.offer(only, address)}
    else:
        names = dict.fromkeys(name for one in found.variants for name in one.variant.options)
        thing = {
            "@type": "ProductGroup",
            **said,
            "productGroupID": product.public_id,
            "variesBy": [f"https://schema.org/{_PROPERTIES[name]}" if name in _PROPERTIES else name for name in names],
            "hasVariant": [offered.variant(one) for one in found.variants],
        }
    way = [
        (_("Goods"), "goods/"),
        (card.film_title, f"films/{card.film_slug}/"),
        (product.category.name_in(visit.language), f"goods/{product.category.code}/"),
    ]
    return _written([thing, _crumbs(way, visit)])


class _Offered:
    """What all offers of a page share."""

    def __init__(self, found: ProductPage, visit: Visit, address: str) -> None:
        self.card, self.address = found.card, address
        self.image = picture_address(found.images[0]) if found.images else ""
        regions = [one.code for one in found.destinations if one.is_offered]
        self.shared = _filled({"eligibleRegion": regions, **_dates(found, visit)})

    def variant(self, one: VariantChoice) -> Data:
        name = ", ".join(filter(None, (self.card.title, variant_name(one.variant.options))))
        properties: Data = {}
        for option, value in one.variant.options.items():
            if option in _PROPERTIES:
                properties[_PROPERTIES[option]] = str(value)
            else:
                property_value = {"@type": "PropertyValue", "name": option, "value": str(value)}
                properties.setdefault("additionalProperty", []).append(property_value)
        there = f"{self.address}?v={one.variant.public_id}"
        return _filled(
            {
                "@type": "Product",
                "name": name,
                "image": self.image,
                **_identity(one),
                **properties,
                "offers": self.offer(one, there),
            }
        )

    def offer(self, one: VariantChoice, address: str) -> Data:
        offer: Data = {
            "@type": "Offer",
            "url": address,
            "price": str(one.price),
            "priceCurrency": one.price.currency,
            "availability": f"https://schema.org/{_AVAILABILITY[one.availability]}",
            **self.shared,
        }
        # Where the page strikes a price through: it was to be had before.
        if one.was is not None and one.low is not None:
            offer["priceSpecification"] = {
                "@type": "UnitPriceSpecification",
                "priceType": "https://schema.org/StrikethroughPrice",
                "price": str(one.was),
                "priceCurrency": one.was.currency,
            }
        return offer


def _dates(found: ProductPage, visit: Visit) -> Data:
    """The dates that the page names, and no others: when a span ends may be what nobody may know yet."""
    dates: Data = {}
    if until := ends_on(found.card, visit):
        dates["priceValidUntil"] = until.isoformat()
    if found.card.kind == ShelfSpan.Kind.PRE_ORDER and found.product.street_on:
        dates["availabilityStarts"] = found.product.street_on.isoformat()
    if found.card.kind == ShelfSpan.Kind.COMING_SOON and found.product.on_sale_at:
        dates["availabilityStarts"] = _local(found.product.on_sale_at, visit)
    return dates


def _local(at: datetime, visit: Visit) -> str:
    return at.astimezone(ZoneInfo(visit.market.time_zone)).isoformat()


def _identity(one: VariantChoice) -> Data:
    gtin = one.variant.gtin
    return {"sku": one.variant.sku, **({"gtin": gtin} if has_valid_check_digit(gtin) else {})}


def film_data(page: FilmPage, visit: Visit) -> SafeString:
    """The film with its names, people, dates and poster, and the way to it."""
    film, poster = page.film, page.artworks.get(Artwork.Kind.POSTER)
    people = {
        _ROLES[Credit.Role(role)]: [{"@type": "Person", "name": one.name_in(visit.language)} for one in named[:6]]
        for role, named in page.credits.items()
    }
    releases = [
        {
            "@type": "PublicationEvent",
            "startDate": release.opens_on.isoformat(),
            "location": {"@type": "Country", "name": release.country},
        }
        for release in page.releases
    ]
    others = dict.fromkeys((film.other_title_in(visit.language), film.title_original))
    movie = {
        "@type": "Movie",
        "name": film.title_in(visit.language),
        "alternateName": [name for name in others if name and name != film.title_in(visit.language)],
        "url": _here(visit, f"films/{film.slug}/"),
        "image": absolute(address_of(poster.file.name)) if poster else "",
        "description": film.lede_in(visit.language),
        "dateCreated": str(film.year or ""),
        "datePublished": min((release.opens_on for release in page.releases), default=None),
        "duration": f"PT{film.runtime_minutes}M" if film.runtime_minutes else "",
        **people,
        "releasedEvent": releases,
    }
    return _written([movie, _crumbs([(_("Films"), "films/"), (movie["name"], f"films/{film.slug}/")], visit)])


def list_data(name: str, rest: str, addresses: Sequence[str], visit: Visit) -> SafeString:
    """A list of things that have pages of their own."""
    items = [
        {"@type": "ListItem", "position": place, "url": absolute(address)} for place, address in enumerate(addresses, 1)
    ]
    page = {
        "@type": "CollectionPage",
        "name": name,
        "url": _here(visit, rest),
        "mainEntity": {"@type": "ItemList", "itemListElement": items},
    }
    return _written([page])


def _here(visit: Visit, rest: str) -> str:
    return f"{settings.SITE_URL}{visit.base}{rest}"


def _crumbs(way: Sequence[tuple[str, str]], visit: Visit) -> Data:
    items = [
        {"@type": "ListItem", "position": place, "name": name, "item": _here(visit, rest)}
        for place, (name, rest) in enumerate(way, 1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": items}


def _filled(data: Data) -> Data:
    return {name: value for name, value in data.items() if value not in ("", None, [])}


def _written(graph: Sequence[Data]) -> SafeString:
    """JSON that may stand in a script element."""
    data = {"@context": "https://schema.org", "@graph": [_filled(thing) for thing in graph]}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str)
    return mark_safe(text.translate(_ESCAPES))  # noqa: S308 nothing that HTML knows is left in it
