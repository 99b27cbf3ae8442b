"""Shopify's product CSV, as its admin writes and reads it: 46 columns, and those that a merchant's file had beyond them.

What came from a Shopify file goes back as it was: cells that say more than what was taken from them (the HTML of a text,
"unlisted", a barcode with its apostrophe) are written as they came, as long as they still mean what stands here.
"""

import json
from collections.abc import Iterator
from typing import Any

from catalog.exporting.goods import Goods, option_order, places
from catalog.importing import cells
from catalog.importing.drafts import cleaned_description, made_sku
from catalog.importing.kept import CODES, OPTIONS, PICTURES, RESERVED, ROWS, SHARED, VARIANTS, WRITTEN
from catalog.importing.known import Known
from catalog.importing.layout import Lookup
from catalog.importing.reading import film_tags, option_name, usual_rows
from catalog.importing.shopify import CATEGORY, FILM, Header
from catalog.models import Market, Product, Variant
from core.importing.report import RowRefused

# fmt: off
COLUMNS = [
    "Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags", "Published", "Option1 Name",
    "Option1 Value", "Option2 Name", "Option2 Value", "Option3 Name", "Option3 Value", "Variant SKU",
    "Variant Grams", "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy",
    "Variant Fulfillment Service", "Variant Price", "Variant Compare At Price", "Variant Requires Shipping",
    "Variant Taxable", "Variant Barcode", "Image Src", "Image Position", "Image Alt Text", "Gift Card", "SEO Title",
    "SEO Description", "Google Shopping / Google Product Category", "Google Shopping / Gender",
    "Google Shopping / Age Group", "Google Shopping / MPN", "Google Shopping / Condition",
    "Google Shopping / Custom Product", "Google Shopping / Custom Label 0", "Google Shopping / Custom Label 1",
    "Google Shopping / Custom Label 2", "Google Shopping / Custom Label 3", "Google Shopping / Custom Label 4",
    "Variant Image", "Variant Weight Unit", "Variant Tax Code", "Status",
]
# fmt: on
Row = dict[str, str]


class ShopifyRows:
    """Turns goods into rows. More than three options, as goods from elsewhere may have, go to columns of their own."""

    columns = COLUMNS

    def __init__(self, known: Known, market: Market) -> None:
        self.known = known
        self.market = market

    def rows(self, goods: Goods) -> Iterator[Row]:
        product, extra = goods.product, goods.product.extra
        spelled = {option_name(name): name for name in extra.get(OPTIONS, [])}
        names = option_order(goods, list(spelled))
        variants = {variant.sku: variant for variant in goods.variants}
        pictures = {image.source: image for image in goods.images}
        place_of = places(goods.images)
        for number, (sku, source) in enumerate(_arranged(extra.get(ROWS, []), list(variants), list(pictures))):
            row = {"Handle": product.sku}
            if number == 0:
                row |= self._product_cells(product)
                row |= _option_names(names, spelled)
            elif sku:
                row |= {column: _cell(extra[column]) for column in extra.get(SHARED, []) if column in extra}
                row |= extra.get(VARIANTS, {}).get(sku, {})
            else:
                row |= extra.get(PICTURES, {}).get(source, {})
            if sku:
                row |= self._variant_cells(goods, variants[sku], names)
            if source:
                image = pictures[source]
                row |= {"Image Src": source, "Image Position": str(place_of[source]), "Image Alt Text": image.alt_en}
            yield row

    def _product_cells(self, product: Product) -> Row:
        extra = product.extra
        written = extra.get(WRITTEN, {})
        cells_of = {column: _cell(value) for column, value in extra.items() if column not in RESERVED}
        html = written.get("description", "")
        cells_of["Title"] = product.title_en
        cells_of["Body (HTML)"] = (
            html if cleaned_description(html, 0, "")[0] == product.description_en else product.description_en
        )
        cells_of |= _state_cells(product, written)
        return cells_of | self._belonging(product, cells_of)

    def _belonging(self, product: Product, told: Row) -> Row:
        """Film and category, where what the merchant wrote does not say them: by the names that will be found again."""
        found = Header(list(told))
        columns = found.all(CATEGORY)
        row: Row = {}
        if self._category([told[column] for column in columns]) != product.category_id:
            names = (product.category.name_en, product.category.code)
            row[found.first(["Type"]) or "Type"] = next(
                (name for name in names if self._category([name]) == product.category_id), product.category.code
            )
        films = [told[column] for column in found.all(FILM)] + film_tags(told.get("Tags", ""))
        if self._film(films) != product.film_id:
            row[found.first(FILM) or FILM[0]] = product.film.slug
        return row

    def _category(self, names: list[str]) -> int | None:
        try:
            return self.known.category(names, Lookup(), line=0, column="")
        except RowRefused:
            return None

    def _film(self, names: list[str]) -> int | None:
        try:
            return self.known.film(names, Lookup(), line=0, column="")
        except RowRefused:
            return None

    def _variant_cells(self, goods: Goods, variant: Variant, names: list[str]) -> Row:
        product = goods.product
        codes = product.extra.get(CODES, {}).get(variant.sku, {})
        had_none = codes.get("sku") == "" and variant.sku == made_sku(product.sku, _ordered(variant, names))
        row = {
            "Variant SKU": "" if had_none else variant.sku,
            "Variant Barcode": _barcode(codes.get("gtin", ""), variant.gtin),
            "Variant Price": goods.price(variant, self.market),
            "Variant Inventory Qty": goods.stock(variant),
        }
        if not names:
            return row | {"Option1 Value": "Default Title"}
        for number, name in enumerate(names, 1):
            row[f"Option{number} Value"] = variant.options.get(name, "")
        return row


def _ordered(variant: Variant, names: list[str]) -> dict[str, str]:
    return {name: variant.options[name] for name in names if name in variant.options}


def _option_names(names: list[str], spelled: dict[str, str]) -> Row:
    if not names:
        return {"Option1 Name": "Title"}
    shown = [spelled.get(name, name.capitalize()) for name in names]
    return {f"Option{number} Name": name for number, name in enumerate(shown, 1)}


def _state_cells(product: Product, written: dict[str, str]) -> Row:
    """As it was written, where that still says the state; else our own word for it."""
    told, published = written.get("state", product.state), written.get("published", "")
    columns = ("Status", "Published")
    for state in (told, product.state):
        try:
            if cells.read_state(state, published, line=0, columns=columns) == product.state:
                return {"Status": state, "Published": published}
        except RowRefused:
            continue
    return {"Status": product.state, "Published": ""}


def _barcode(written: str, gtin: str) -> str:
    return written if written and cells.read_gtin(written, line=0, column="")[0] == gtin else gtin


def _cell(value: Any) -> str:
    """What is kept is text; JSON Lines may keep more."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _arranged(told: list[list[str]], skus: list[str], sources: list[str]) -> list[list[str]]:
    """Which row holds which variant and picture: as it was, without what has gone, and what has come at its end."""
    kept = [[sku if sku in skus else "", source if source in sources else ""] for sku, source in told]
    kept = [row for row in kept if any(row)]
    if not kept or not kept[0][0] or len(skus) + len(sources) > _MOST_ARRANGED:
        return usual_rows(skus, sources)
    here_skus, here_sources = {row[0] for row in kept}, {row[1] for row in kept}
    kept += [[sku, ""] for sku in skus if sku not in here_skus]
    return kept + [["", source] for source in sources if source not in here_sources]


#: Looking each up in a list is fine up to here; a product with more is arranged in the usual way.
_MOST_ARRANGED = 2_000
