"""What a merchant's file says that has no place of its own here. It is kept with the product (`Product.extra`) and comes
back on export.

    {"Vendor": "…"}                          columns of the product's first row, by their names
    "_variants": {sku: {column: text}}       the same of the rows of its other variants
    "_shared": [column, …]                   columns in which all of them say what the first row says
    "_pictures": {address: {column: text}}   the same of rows that hold nothing but a picture
    "_options": ["Size", "Color"]            the options as the merchant writes them, in their order
    "_written": {"description": "<p>…"}      cells that say more than what was taken from them, by field
    "_codes": {sku: {"gtin": "'4006…"}}      the same of a variant's codes
    "_rows": [[sku, address], …]             which row held which variant and which picture, where that is not the usual
"""

import json
from collections.abc import Mapping
from typing import Any

VARIANTS, SHARED, PICTURES, OPTIONS = "_variants", "_shared", "_pictures", "_options"
WRITTEN, CODES, ROWS = "_written", "_codes", "_rows"
#: A column of a file cannot be called by one of these.
RESERVED = frozenset({VARIANTS, SHARED, PICTURES, OPTIONS, WRITTEN, CODES, ROWS, "_images"})
_BY_NAME = (VARIANTS, PICTURES, WRITTEN, CODES)

#: What is kept, as JSON with its names in order: it goes into a column, and into the digest of a product.
as_text = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def merged(standing: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept after a file has told `told`: what it does not say leaves what is there, variant by variant."""
    kept = {**standing, **told}
    for name in _BY_NAME:
        if name in told and name in standing:
            kept[name] = {**standing[name], **told[name]}
    return kept


def has_known_shape(extra: Mapping[str, Any]) -> bool:
    """Whether the reserved names hold what they are for; everything else may be anything."""
    by_name = all(
        isinstance(extra.get(name, {}), dict)
        and all(isinstance(told, str if name == WRITTEN else dict) for told in extra.get(name, {}).values())
        for name in _BY_NAME
    )
    cells = (
        all(
            isinstance(text, str)
            for name in (VARIANTS, PICTURES, CODES)
            for told in extra.get(name, {}).values()
            for text in (told.values() if isinstance(told, dict) else [None])
        )
        if by_name
        else False
    )
    lists = all(_is_texts(extra.get(name, [])) for name in (SHARED, OPTIONS))
    rows = extra.get(ROWS, [])
    pairs = isinstance(rows, list) and all(_is_texts(row) and len(row) == 2 for row in rows)
    return by_name and cells and lists and pairs


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)
