"""A plain table for people and spreadsheets: a row for each variant, with our own names of columns. It is read back by
them, without a mapping (catalog/importing/own.py).

A cell that begins like a formula gets an apostrophe before it, which the import takes off again: a spreadsheet shows such
a cell and does not run it. Shopify's form stays as its own export is, or it would not come back the same; JSON runs nothing.
"""

from collections.abc import Iterator

from catalog.exporting.goods import Goods, option_order
from catalog.exporting.shopify import Row
from catalog.importing.own import COLUMNS, FORMULA, OPTION, PRICE
from catalog.models import Market


class TableRows:
    columns = COLUMNS

    def __init__(self, markets: list[Market]) -> None:
        self.markets = markets

    def rows(self, goods: Goods) -> Iterator[Row]:
        product = goods.product
        told = {
            "product": product.sku,
            "title": product.title_en,
            "title_zh": product.title_zh,
            "description": product.description_en,
            "description_zh": product.description_zh,
            "film": product.film.slug,
            "category": product.category.code,
            "state": product.state,
            "images": ", ".join(image.source for image in goods.images),
        }
        for variant in goods.variants:
            row = told | {"sku": variant.sku, "gtin": variant.gtin, "stock": goods.stock(variant)}
            row |= {f"{OPTION}{name}": variant.options.get(name, "") for name in option_order(goods, [])}
            for market in self.markets:
                if price := goods.price(variant, market):
                    row[f"{PRICE}{market.code} {market.currency}"] = price
            yield {column: f"'{text}" if text.startswith(FORMULA) else text for column, text in row.items()}
            told = {"product": product.sku}
