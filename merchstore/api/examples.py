"""The examples that the schema shows. A test holds each against the schema."""

from typing import Any

_FILM_BRIEF = {
    "id": "flm_5t2xj8qm0c4ehw9z",
    "slug": "in-the-mood-for-love",
    "title_en": "In the Mood for Love",
    "title_zh": "花样年华",
}
_LICENCE = {"id": "lic_8v6d3k1pz7nq2rwa", "number": "ML-2026-014"}
_RIGHTS = {"licence": _LICENCE, "countries": ["US"], "until": "2028-01-01T05:00:00Z"}
_PRICE = {"amount": "19.90", "currency": "USD"}
_REDUCED = {
    "availability": "on_sale",
    "price": _PRICE,
    "was": {"amount": "24.90", "currency": "USD"},
    "lowest_30_days": {"amount": "24.90", "currency": "USD"},
}

_MARKET = {
    "code": "us",
    "name_en": "United States",
    "name_zh": "美国",
    "currency": "USD",
    "countries": ["US"],
    "default_language": "en",
    "time_zone": "America/New_York",
    "prices_include_tax": False,
}
_FILM = {
    **_FILM_BRIEF,
    "title_original": "花樣年華",
    "original_language": "yue",
    "year": 2000,
    "runtime_minutes": 98,
    "countries": ["HK"],
    "genres": ["drama", "romance"],
    "synopsis_en": "Two neighbours in the Hong Kong of 1962 find out why they are alone so often.",
    "synopsis_zh": "一九六二年的香港，两位邻居渐渐明白自己为何总是独自一人。",
    "credits": [{"role": "director", "name_en": "Wong Kar-wai", "name_zh": "王家卫"}],
    "releases": [{"country": "HK", "opens_on": "2000-09-29", "zone": "Asia/Hong_Kong"}],
    "artworks": [],
    "updated_at": "2026-11-20T08:15:00Z",
}
_PRODUCT: dict[str, Any] = {
    **_REDUCED,
    "highest_price": _PRICE,
    "id": "prd_0m4c9t7xk2vq8h3e",
    "slug": "qipao-enamel-pin",
    "sku": "IML-PIN-01",
    "title_en": "Qipao enamel pin",
    "title_zh": "旗袍珐琅徽章",
    "description_en": "Hard enamel, 32 mm, two clutches.",
    "description_zh": "硬珐琅，32 毫米，双扣。",
    "film": _FILM_BRIEF,
    "merchant": {"id": "mer_3z8p5w1nq6yt0c7d", "slug": "lantern-works", "name": "Lantern Works", "name_zh": "灯笼工坊"},
    "category": {"code": "pins", "name_en": "Pins", "name_zh": "徽章"},
    "market": "us",
    "on_sale_at": None,
    "street_on": None,
    "images": [],
    "rights": _RIGHTS,
    "updated_at": "2026-11-21T03:00:00.120000Z",
}
_VARIANT = {
    "id": "var_7e1r6m9kc3wz5t0x",
    "sku": "IML-PIN-01",
    "options": {"colour": "Jade"},
    "gtin": "",
    "price": _PRICE,
    "was": {"amount": "24.90", "currency": "USD"},
    "is_in_stock": True,
}
_LISTING = {
    **_REDUCED,
    "id": "lst_2k7w4q9zc1mx6t8v",
    "product": {name: _PRODUCT[name] for name in ("id", "slug", "sku", "title_en", "title_zh")},
    "market": "us",
    "channel": "storefront",
    "campaign": "cmp_6x0n3d8vt5qk1r9w",
    "revision": 2,
    "starts_at": "2026-11-22T12:00:00Z",
    "ends_at": "2026-11-29T12:00:00Z",
    "rights": _RIGHTS,
}
_CAMPAIGN = {
    "id": "cmp_6x0n3d8vt5qk1r9w",
    "slug": "mood-winter",
    "film": _FILM_BRIEF,
    "phase": "live",
    "announced_at": "2026-11-20T12:00:00Z",
    "starts_at": "2026-11-22T12:00:00Z",
    "ends_at": "2026-11-29T12:00:00Z",
    "revision": 2,
    "markets": ["us", "cn"],
    "placements": [
        {
            "slot": "home_hero",
            "headline_en": "Corridors of jade",
            "headline_zh": "翡翠长廊",
            "lede_en": "Pins, prints and silk for one week.",
            "lede_zh": "徽章、海报与丝巾，限时一周。",
        }
    ],
    "updated_at": "2026-11-21T16:40:00Z",
}


def _page(row: dict[str, Any], next_cursor: str | None = None) -> dict[str, Any]:
    return {"data": [row], "next_cursor": next_cursor}


_CURSOR = "WyJwcm9kdWN0cyIsMTc2Mzc4MzIwMDAwMDAwMCwxNF0.hQ0v4mZ2s7Kc1xXn8TqBdYwE5rLfUoJ3"

EXAMPLES: dict[str, dict[str, Any]] = {
    "markets": _page(_MARKET),
    "films": _page(_FILM, _CURSOR),
    "film": _FILM,
    "products": _page(_PRODUCT, _CURSOR),
    "product": {**_PRODUCT, "variants": [_VARIANT]},
    "listings": _page(_LISTING),
    "campaigns": _page(_CAMPAIGN),
    "campaign": _CAMPAIGN,
    "problem": {
        "code": "not_found",
        "status": 404,
        "title": "There is nothing at this address",
        "explanation": "The object does not exist, or may not be seen where you asked for it.",
    },
}
