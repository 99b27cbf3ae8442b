"""The examples that the schema shows. A test holds each against the schema."""

from typing import Any

from merchstore.api import (
    campaign_examples,
    goods_examples,
    order_examples,
    sandbox_examples,
    submission_examples,
    webhook_examples,
)

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

_OWN_LICENCE = {
    **_LICENCE,
    "film": _FILM_BRIEF,
    "state": "executed",
    "term": {
        "starts_on": "2026-01-01",
        "ends_on": "2027-12-31",
        "time_zone": "Asia/Shanghai",
        "starts_at": "2025-12-31T16:00:00Z",
        "ends_at": "2027-12-31T16:00:00Z",
        "grace_days": 14,
    },
    "sell_off": {
        "days": 90,
        "ends_on": "2028-03-30",
        "ends_at": "2028-03-30T16:00:00Z",
        "stated_on": None,
        "units_left": None,
    },
    "units": {"cap": 5000, "used": 1240, "left": 3760},
    "grants": [
        {
            "category": {"code": "pins", "name_en": "Pins", "name_zh": "徽章"},
            "countries": ["US", "DE", "FR"],
            "excluded_countries": [],
            "channels": ["own_shop"],
        }
    ],
    "is_exclusive": False,
    "is_scheduled": True,
    "price_floors": [{"amount": "9.90", "currency": "USD"}],
    "needs_approval": True,
    "needs_page_approval": False,
    "needs_labels": False,
    "review_days": 10,
    "legal_line_en": "© 2000 Block 2 Pictures",
    "legal_line_zh": "",
    "documents": [
        {
            "id": "doc_4h8t2c6kz0mv9q3x",
            "kind": "insurance",
            "title": "Product liability 2026",
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "expires_on": "2026-12-31",
            "is_required": True,
        }
    ],
    "updated_at": "2026-11-20T09:30:00Z",
}
_STATEMENT = {
    "id": "sta_7p3n9w2kx5vd0hqz",
    "licence": _LICENCE,
    "number": 1,
    "period": "2026-Q1",
    "first_day": "2026-01-01",
    "last_day": "2026-03-31",
    "state": "closed",
    "payable": {"amount": "280.66", "currency": "USD"},
    "due_on": "2026-04-30",
    "computed_at": "2026-04-02T01:00:00Z",
    "is_current": True,
    "closed_at": "2026-04-02T01:00:00Z",
    "digest": "sha256:de3117de09b6b0fe7621367e4f78de4f4267e6d8aaebcaa4c79814de36364a07",
}
_SOLD = {"gross": "2398.80", "returns": "59.97", "deductions": "0.00", "net": "2338.83"}
_FIGURES = {
    "agreement": "ML-2026-014",
    "number": 1,
    "period": "2026-Q1",
    "from": "2026-01-01",
    "to": "2026-03-31",
    "due_on": "2026-04-30",
    "currency": "USD",
    "no_sales": False,
    **_SOLD,
    "sales": {"USD": _SOLD},
    "base": "2338.83",
    "royalty": "280.66",
    "adjustments": "0.00",
    "earned": "280.66",
    "cum_earned": "280.66",
    "cum_advance": "0.00",
    "advance_unrecouped": "0.00",
    "due": "280.66",
    "cum_due": "280.66",
    "shortfall": "0.00",
    "shortfall_due": "0.00",
    "cmf": "0.00",
    "cmf_due": "0.00",
    "payable": "280.66",
    "paid": "0.00",
    "balance": "280.66",
    "paid_in_all": "280.66",
    "groups": [
        {
            "group": "2026-Q1/mood/pins/US/wholesale/WHOLESALE/USD",
            "property": "mood",
            "category": "pins",
            "territory": "US",
            "channel": "wholesale",
            "basis": "WHOLESALE",
            "currency": "USD",
            "sell_off": False,
            "units": 120,
            "units_returned": 3,
            "gross": "2398.80",
            "returns": "59.97",
            "returns_claimed": "59.97",
            "deductions": "0.00",
            "deductions_claimed": "0.00",
            "deductions_not_allowed": [],
            "net": "2338.83",
            "fx": "1",
            "base": "2338.83",
            "royalty": "280.66",
            "parts": [
                {
                    "property": "mood",
                    "share": 10000,
                    "base": "2338.83",
                    "rate_rule": "rule 1",
                    "slices": [
                        {"above": "0.00", "up_to": None, "base": "2338.83", "rate": "0.12", "royalty": "280.66"}
                    ],
                    "floor": None,
                    "royalty": "280.66",
                    "pool": None,
                }
            ],
        }
    ],
    "adjustment_lines": [],
    "guarantees": [],
    "payments": [],
}
_SALES = [
    {
        "licence": "lic_8v6d3k1pz7nq2rwa",
        "id": "INV-1001-1",
        "date": "2026-02-11",
        "article": "IML-PIN-01",
        "property": "mood",
        "category": "pins",
        "territory": "US",
        "channel": "wholesale",
        "basis": "WHOLESALE",
        "quantity": 120,
        "unit_price": "19.99",
        "currency": "USD",
    },
    {
        "licence": "lic_8v6d3k1pz7nq2rwa",
        "kind": "return",
        "id": "CN-0007-1",
        "date": "2026-03-03",
        "of": "INV-1001-1",
        "quantity": 130,
    },
]
_SALES_CSV = (
    "licence,kind,id,date,of,article,property,category,territory,channel,basis,quantity,unit_price,currency\n"
    "lic_8v6d3k1pz7nq2rwa,sale,INV-1001-1,2026-02-11,,IML-PIN-01,mood,pins,US,wholesale,WHOLESALE,120,19.99,USD\n"
    "lic_8v6d3k1pz7nq2rwa,return,CN-0007-1,2026-03-03,INV-1001-1,,,,,,,130,,\n"
)
_SALES_RESULT = {
    "created": 1,
    "unchanged": 0,
    "refused": 1,
    "data": [
        {"id": "INV-1001-1", "status": "created", "period": "2026-Q1", "is_late": False, "is_waiting": False},
        {
            "id": "CN-0007-1",
            "status": "refused",
            "code": "RETURNED_TOO_MANY",
            "pointer": "/1/quantity",
            "detail": "More came back of “INV-1001-1” than were sold: 120.",
        },
    ],
}


def _page(row: dict[str, Any], next_cursor: str | None = None) -> dict[str, Any]:
    return {"data": [row], "next_cursor": next_cursor}


_CURSOR = "WyJwcm9kdWN0cyIsMTc2Mzc4MzIwMDAwMDAwMCwxNF0.hQ0v4mZ2s7Kc1xXn8TqBdYwE5rLfUoJ3"

_COUNTS = {"read": 2, "created": 1, "updated": 0, "unchanged": 0, "refused": 1}
_BULK_RUN: dict[str, Any] = {
    "id": "imp_4k8w2m6xq0z7t9vc",
    "state": "done",
    "is_dry_run": True,
    "file_name": "products.csv",
    "format": "shopify",
    "progress": {"bytes_read": 412, "bytes_total": 412, "rows": _COUNTS, "products": _COUNTS},
    "refusal": None,
    "dry_run": None,
    "followed_by": None,
    "created_at": "2026-11-22T12:00:00Z",
    "started_at": "2026-11-22T12:00:01Z",
    "finished_at": "2026-11-22T12:00:02Z",
    "undone_at": None,
    "links": {
        "self": "/api/v1/bulk/imp_4k8w2m6xq0z7t9vc",
        "result": "/api/v1/bulk/imp_4k8w2m6xq0z7t9vc/result",
        "bring-in": "/api/v1/bulk/imp_4k8w2m6xq0z7t9vc/bring-in",
    },
}
_GOODS_CSV = (
    "Handle,Title,Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Price\n"
    "ferry-mug,Ferry mug,Lantern Works,Title,Default Title,MUG-1,12.50\n"
)
_GOODS_JSONL = (
    '{"sku": "MUG-1", "title": {"en": "Ferry mug", "zh": "渡船杯"}, "film": "the-ferryman", "category": "mugs", '
    '"stock": 12, "prices": {"us": "12.50"}}\n'
)

EXAMPLES: dict[str, Any] = {
    "bulk_run": _BULK_RUN,
    "bulk_runs": _page(_BULK_RUN, _CURSOR),
    "bulk_run_detail": {**_BULK_RUN, "problems": {"refusals": 1, "warnings": 0}},
    "bulk_result": {
        "run": "imp_4k8w2m6xq0z7t9vc",
        "file": "products.csv",
        "format": "shopify",
        "dry_run": True,
        "rows": {"in": 1, "created": 1, "updated": 0, "unchanged": 0, "refused": 0},
        "products": {"in": 1, "created": 1, "updated": 0, "unchanged": 0, "refused": 0},
        "refusals": {"count": 0, "by_code": {}, "listed": []},
        "warnings": {"count": 0, "by_code": {}, "listed": []},
        "changes": [{"lines": [2], "outcome": "created", "sku": "MUG-1", "title": "Ferry mug"}],
    },
    "goods": _GOODS_CSV,
    "goods_by_line": _GOODS_JSONL,
    "markets": _page(_MARKET),
    "films": _page(_FILM, _CURSOR),
    "film": _FILM,
    "products": _page(_PRODUCT, _CURSOR),
    "product": {**_PRODUCT, "variants": [_VARIANT]},
    "listings": _page(_LISTING),
    "campaigns": _page(_CAMPAIGN),
    "campaign": _CAMPAIGN,
    "licences": _page(_OWN_LICENCE, _CURSOR),
    "licence": {**_OWN_LICENCE, "schedule": ["IML-PIN-01", "IML-PIN-02"]},
    "rights": {
        "product": "prd_0m4c9t7xk2vq8h3e",
        "sku": "IML-PIN-01",
        "action": "LIST",
        "country": "JP",
        "channel": "own_shop",
        "at": "2026-11-22T12:00:00Z",
        "paid_at": None,
        "quantity": 1,
        "labelled": False,
        "allowed": False,
        "stage": "on_sale",
        "flags": [],
        "main_reason": "TERRITORY_NOT_LICENSED",
        "reasons": [
            {
                "code": "TERRITORY_NOT_LICENSED",
                "licence": "ML-2026-014",
                "sentence": "Licence ML-2026-014 does not grant Japan. It grants: DE, FR, US.",
                "condition": {"country": "JP", "granted": ["DE", "FR", "US"], "excluded": [], "is_exclusive": False},
                "heals": "Grant JP in licence ML-2026-014 for this category and channel.",
            }
        ],
        "covered_by": [],
    },
    "sale": _SALES[0],
    "return": _SALES[1],
    "table": _SALES_CSV,
    "sales_result": _SALES_RESULT,
    "statements": _page(_STATEMENT),
    "statement": {**_STATEMENT, "figures": _FIGURES},
    "problem": {
        "code": "not_found",
        "status": 404,
        "title": "There is nothing at this address",
        "explanation": "The object does not exist, or may not be seen where you asked for it.",
    },
}
#: Those of each area, beside its views.
EXAMPLES |= goods_examples.EXAMPLES
EXAMPLES |= campaign_examples.EXAMPLES
EXAMPLES |= order_examples.EXAMPLES
EXAMPLES |= sandbox_examples.EXAMPLES
EXAMPLES |= submission_examples.EXAMPLES
EXAMPLES |= webhook_examples.EXAMPLES
