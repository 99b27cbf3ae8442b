"""Examples of merchants' campaigns, shown by the schema."""

from typing import Any

_PRODUCT = {
    "id": "prd_0m4c9t7xk2vq8h3e",
    "slug": "qipao-enamel-pin",
    "sku": "IML-PIN-01",
    "title_en": "Qipao enamel pin",
    "title_zh": "旗袍珐琅徽章",
}
_DOCUMENT = {
    "name_en": "Pins for the premiere",
    "name_zh": "首映徽章",
    "film": "in-the-mood-for-love",
    "starts_at": "2026-12-01T16:00:00Z",
    "ends_at": "2026-12-08T16:00:00Z",
    "time_zone": "Asia/Shanghai",
    "markets": ["eu", "us"],
    "channels": ["storefront"],
    "rule": {"products": ["prd_0m4c9t7xk2vq8h3e"]},
    "discount": {"kind": "percent", "percent": "15"},
}
_CAMPAIGN = {
    "id": "cmp_6w2k9x4tq0m8z1vc",
    "name": "premiere-pins",
    "document": _DOCUMENT,
    "state": "awaiting_approval",
    "phase": "awaiting_approval",
    "revision": None,
    "awaits_approval": 1,
    "updated_at": "2026-11-23T02:10:00Z",
}
_PLAN = {
    "totals": {"added": 1, "changed": 0, "removed": 0, "unchanged": 0, "refused": 1},
    "is_empty": False,
    "channels": [
        {
            "channel": "storefront",
            "added": 1,
            "changed": 0,
            "removed": 0,
            "unchanged": 0,
            "changes": [
                {
                    "change": "added",
                    "product": "prd_0m4c9t7xk2vq8h3e",
                    "title": "Qipao enamel pin",
                    "market": "us",
                    "before": {"amount": "24.90", "currency": "USD"},
                    "after": {"amount": "21.17", "currency": "USD"},
                }
            ],
        }
    ],
    "refusals": [
        {
            "product": "prd_0m4c9t7xk2vq8h3e",
            "title": "Qipao enamel pin",
            "market": "eu",
            "reasons": ["TERRITORY_NOT_LICENSED"],
        }
    ],
    "conflicts": [],
}
_LISTING = {
    "id": "lst_2k7w4q9zc1mx6t8v",
    "campaign": "cmp_6w2k9x4tq0m8z1vc",
    "revision": 1,
    "product": _PRODUCT,
    "market": "us",
    "channel": "storefront",
    "state": "sent",
    "is_wanted": True,
    "digest": "b1946ac92492d2347c6235b4d2611184",
    "acknowledged_digest": "b1946ac92492d2347c6235b4d2611184",
    "problem": "",
    "acknowledged_at": "2026-12-01T16:00:00.400000Z",
    "seen_at": "2026-12-01T16:01:00Z",
    "rights": {
        "countries": ["US"],
        "reasons": [],
        "covered_by": [
            {
                "licence": "ML-2026-014",
                "starts_at": "2026-01-01T05:00:00Z",
                "ends_at": "2028-01-01T05:00:00Z",
                "sell_off_until": None,
                "sell_off_units_left": None,
                "units_left": 4200,
            }
        ],
    },
}
_INVITATION = {
    "id": "cmp_1q8v5n3rk7w0x2tz",
    "slug": "winter-of-films",
    "name_en": "Winter of films",
    "name_zh": "光影之冬",
    "film": None,
    "starts_at": "2026-12-10T16:00:00Z",
    "ends_at": "2026-12-24T16:00:00Z",
    "time_zone": "Asia/Shanghai",
    "invites_until": "2026-12-05T16:00:00Z",
    "markets": ["cn", "us"],
    "channels": ["google", "storefront"],
    "discount": {"kind": "percent", "percent": "20", "studio_share": "50"},
    "updated_at": "2026-11-20T08:15:00Z",
}

EXAMPLES: dict[str, Any] = {
    "own_campaigns": {"data": [_CAMPAIGN], "next_cursor": None},
    "own_campaign": _CAMPAIGN,
    "own_campaign_document": _DOCUMENT,
    "own_campaign_plan": _PLAN,
    "own_campaign_rollback": {
        "rolled_back": 2,
        "restored": 1,
        "conflicts": [],
        "conflicts_total": 0,
        "campaign": {**_CAMPAIGN, "state": "scheduled", "phase": "scheduled", "revision": 1, "awaits_approval": None},
    },
    "own_campaign_listings": {"data": [_LISTING], "next_cursor": None},
    "invitations": {"data": [_INVITATION], "next_cursor": None},
    "entries_document": {"products": ["prd_0m4c9t7xk2vq8h3e"]},
    "entries": {
        "campaign": "cmp_1q8v5n3rk7w0x2tz",
        "is_open": True,
        "products": ["prd_0m4c9t7xk2vq8h3e"],
        "entries": [{"product": _PRODUCT, "state": "offered", "reason": "", "at": "2026-11-23T02:10:00Z"}],
    },
}
