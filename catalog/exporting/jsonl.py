"""JSON Lines: everything a merchant has told of a product, one product per line, with the names in one order.

The same products give the same bytes, whatever the database: names of `extra` and of options are sorted.
"""

import json
from typing import Any

from catalog.exporting.goods import Goods, places
from catalog.models import Image, Market


def line_of(goods: Goods, markets: list[Market]) -> str:
    product, place_of = goods.product, places(goods.images)
    told: dict[str, Any] = {
        "sku": product.sku,
        "title": _texts(product.title_en, product.title_zh),
        "description": _texts(product.description_en, product.description_zh),
        "film": product.film.slug,
        "category": product.category.code,
        "state": product.state,
        "listing": product.listing,
        "reveals": product.reveals,
        "tax_class": product.tax_class,
        "on_sale_at": product.on_sale_at.isoformat() if product.on_sale_at else None,
        "street_on": product.street_on.isoformat() if product.street_on else None,
        "variants": [
            _without_nothing(
                {
                    "sku": variant.sku,
                    "options": dict(sorted(variant.options.items())),
                    "gtin": variant.gtin,
                    "stock": goods.stocks.get(variant.pk),
                    "prices": {market.code: price for market in markets if (price := goods.price(variant, market))},
                }
            )
            for variant in goods.variants
        ],
        "images": [_image(image, place_of[image.source]) for image in goods.images],
        "extra": _sorted(product.extra),
    }
    return json.dumps(_without_nothing(told), ensure_ascii=False) + "\n"


def _image(image: Image, position: int) -> dict[str, Any]:
    return _without_nothing({"src": image.source, "alt": _texts(image.alt_en, image.alt_zh), "position": position})


def _texts(english: str, chinese: str) -> dict[str, str]:
    return {language: text for language, text in (("en", english), ("zh", chinese)) if text}


def _without_nothing(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value not in (None, "", {}, [])}


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(inner) for name, inner in sorted(value.items())}
    return [_sorted(inner) for inner in value] if isinstance(value, list) else value
