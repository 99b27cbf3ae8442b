"""Shopify's product CSV, in both headers it has had: "Handle … Variant Price" and "URL handle … Price".

Exports differ: apps and metafields add columns, older ones lack some. What is known by name is used, the rest is kept.
"""

from django.utils.translation import gettext_noop as _

from catalog.importing.layout import Layout, Lookup, MappingFile, OptionColumn, PriceColumn
from core.errors import Refused, said

#: Shopify has three and passes over the others, which our own export writes for goods from elsewhere.
MOST_OPTIONS = 20
#: Field → the names its column has had. Compared without regard to case.
_NAMES = {
    "product": ["Handle", "URL handle"],
    "title": ["Title"],
    "description": ["Body (HTML)", "Description"],
    "state": ["Status"],
    "published": ["Published", "Published on online store"],
    "tags": ["Tags"],
    "sku": ["Variant SKU", "SKU"],
    "gtin": ["Variant Barcode", "Barcode"],
    "stock": ["Variant Inventory Qty", "Inventory quantity"],
    "image": ["Image Src", "Product image URL"],
    "image_position": ["Image Position"],
    "image_alt": ["Image Alt Text"],
}
_PRICE = ["Variant Price", "Price"]
CATEGORY = ["Type", "Product Category"]
#: A column of the merchant's own that names the film: a metafield, or one added by hand.
FILM = ["Film", "Film (product.metafields.custom.film)"]


class Header:
    """The columns of a file by the names that a shop system gives them, without regard to case."""

    def __init__(self, header: list[str]) -> None:
        self.by_folded_name = {name.casefold(): name for name in header}

    def first(self, names: list[str]) -> str:
        """The column of the file that has the first of these names that is there at all."""
        return next((found for name in names if (found := self.by_folded_name.get(name.casefold()))), "")

    def all(self, names: list[str]) -> list[str]:
        return [found for name in names if (found := self.by_folded_name.get(name.casefold()))]


def is_shopify(header: list[str]) -> bool:
    """Whether these columns are Shopify's: a handle, a title and something of a variant."""
    known = Header(header)
    variant = [*_NAMES["sku"][:1], _PRICE[0], "Option1 Value", "Option1 Name"]
    return all(known.first(_NAMES[name]) for name in ("product", "title")) and bool(
        known.first([*variant, "Image Src"])
    )


def shopify_layout(header: list[str], *, mapping: MappingFile, currency: str) -> Layout:
    """What a Shopify table means. The mapping may say where the film and the category stand.

    Refuses `unknown_format` when it is not Shopify's, and `currency_missing`: the file itself never says its currency.
    """
    known = Header(header)
    if absent := [names[0] for field in ("product", "title") if not known.first(names := _NAMES[field])]:
        problem = said(_("it has no column %(absent)s, as Shopify's export has"), absent=", ".join(absent))
        raise Refused("unknown_format", problem=problem)
    currency = currency or mapping.currency
    if not currency:
        raise Refused("currency_missing")
    price = known.first(_PRICE)
    options = [
        OptionColumn(column, name_column=known.first([f"Option{number} Name"]))
        for number in range(1, MOST_OPTIONS + 1)
        if (column := known.first([f"Option{number} Value"]))
    ]
    return Layout(
        format="shopify",
        columns={field: column for field, names in _NAMES.items() if (column := known.first(names))},
        prices=mapping.prices() or ([PriceColumn(price, currency)] if price else []),
        options=options,
    ).with_answers(mapping, film=known.all(FILM), category=Lookup(known.all(CATEGORY)))
