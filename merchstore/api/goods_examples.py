"""Examples of a merchant's own goods. A test holds each against the document."""

from typing import Any

_FILM = {
    "id": "flm_5t2xj8qm0c4ehw9z",
    "slug": "in-the-mood-for-love",
    "title_en": "In the Mood for Love",
    "title_zh": "花样年华",
}
_PRICE = {"amount": "19.90", "currency": "USD"}
_VARIANTS = [
    {"id": "var_7e1r6m9kc3wz5t0x", "sku": "IML-PIN-01-J", "options": {"colour": "Jade"}, "gtin": ""},
    {"id": "var_2q8w5n1xk7zc4t9v", "sku": "IML-PIN-01-R", "options": {"colour": "Red"}, "gtin": "4006381333931"},
]
_PRODUCT: dict[str, Any] = {
    "id": "prd_0m4c9t7xk2vq8h3e",
    "slug": "qipao-enamel-pin",
    "sku": "IML-PIN-01",
    "state": "active",
    "film": _FILM,
    "category": {"code": "pins", "name_en": "Pins", "name_zh": "徽章"},
    "licence": {"id": "lic_8v6d3k1pz7nq2rwa", "number": "ML-2026-014"},
    "title_en": "Qipao enamel pin",
    "title_zh": "旗袍珐琅徽章",
    "description_en": "Hard enamel, 32 mm, two clutches.",
    "description_zh": "硬珐琅，32 毫米，双扣。",
    "listing": "open",
    "reveals": "title",
    "tax_class": "standard",
    "per_person": None,
    "on_sale_at": None,
    "street_on": None,
    "variants": _VARIANTS,
    "created_at": "2026-11-20T09:00:00Z",
    "updated_at": "2026-11-21T03:00:00.120000Z",
}
_DETAIL = {
    **_PRODUCT,
    "covered_by": [
        {
            "id": "lic_8v6d3k1pz7nq2rwa",
            "number": "ML-2026-014",
            "until": "2028-01-01T05:00:00Z",
            "is_sell_off": False,
            "units_left": 4880,
        }
    ],
    "markets": [
        {
            "market": "us",
            "is_listed": True,
            "availability": "on_sale",
            "reasons": [],
            "countries": ["US"],
            "licences": ["ML-2026-014"],
            "until": "2028-01-01T05:00:00Z",
        },
        {
            "market": "jp",
            "is_listed": False,
            "availability": "",
            "reasons": [
                {"code": "no_price", "sentence": "It has no price in this market."},
                {"code": "TERRITORY_NOT_LICENSED", "sentence": "The licence covers no country of this market."},
            ],
            "countries": [],
            "licences": [],
            "until": None,
        },
    ],
}
_STOCK = {"on_hand": 120, "reserved": 3, "sold": 41, "pre_order_cap": 0, "low_at": 10, "available": 117}
_STEPS = [
    {
        "state": "in_force",
        "starts_at": "2026-11-20T09:00:00Z",
        "ends_at": "2026-12-01T00:00:00Z",
        "price": _PRICE,
    },
    {
        "state": "planned",
        "starts_at": "2026-12-01T00:00:00Z",
        "ends_at": None,
        "price": {"amount": "17.90", "currency": "USD"},
    },
]
_MARKET_PRICES = {"market": "us", "currency": "USD", "steps": _STEPS}
_IMAGE = {
    "id": "img_3f9c1e7a5b2d8046",
    "state": "ready",
    "url": "https://shop.example/media/goods/3f/3f9c1e7a.1200.jpg",
    "source": "https://lantern-works.example/pin.jpg",
    "refusal": None,
    "width": 1200,
    "height": 1200,
    "alt_en": "The pin on a collar",
    "alt_zh": "领口上的徽章",
    "position": 0,
}
_CURSOR = "WyJvd25fcHJvZHVjdHMiLDE3NjM3ODMyMDAwMDAwMDAsMTRd.hQ0v4mZ2s7Kc1xXn8TqBdYwE5rLfUoJ3"

EXAMPLES: dict[str, Any] = {
    "own_products": {"data": [_PRODUCT], "next_cursor": _CURSOR},
    "own_product": _DETAIL,
    "new_product": {
        "sku": "IML-PIN-01",
        "film": "in-the-mood-for-love",
        "category": "pins",
        "licence": "ML-2026-014",
        "title_en": "Qipao enamel pin",
        "title_zh": "旗袍珐琅徽章",
        "variants": [
            {"sku": "IML-PIN-01-J", "options": {"colour": "Jade"}, "prices": {"us": _PRICE}, "stock": 120},
            {"sku": "IML-PIN-01-R", "options": {"colour": "Red"}, "gtin": "4006381333931"},
        ],
    },
    "product_change": {"title_en": "Qipao enamel pin", "street_on": "2026-12-01"},
    "own_variants": {"data": _VARIANTS},
    "variants": {"variants": [{name: row[name] for name in ("sku", "options", "gtin")} for row in _VARIANTS]},
    "own_variant": {
        **_VARIANTS[0],
        "product": {"id": "prd_0m4c9t7xk2vq8h3e", "sku": "IML-PIN-01"},
        "prices": [{"market": "us", "price": _PRICE}],
        "stock": _STOCK,
    },
    "variant_change": {"gtin": "4006381333931"},
    "own_prices": {"data": [_MARKET_PRICES, {"market": "jp", "currency": "JPY", "steps": []}]},
    "own_market_prices": _MARKET_PRICES,
    "price": {"price": {"amount": "17.90", "currency": "USD"}, "starts_at": "2026-12-01T00:00:00Z"},
    "own_stock": _STOCK,
    "stock": {"quantity": 120, "expected_quantity": 20, "reason": "delivery", "note": "Second run"},
    "stock_terms": {"low_at": 10},
    "own_images": {"data": [_IMAGE]},
    "own_image": _IMAGE,
    "own_image_waiting": {**_IMAGE, "state": "waiting", "url": None, "width": 0, "height": 0},
    "image_address": {"url": "https://lantern-works.example/pin.jpg", "alt_en": "The pin on a collar"},
    "image_change": {"position": 0},
}
