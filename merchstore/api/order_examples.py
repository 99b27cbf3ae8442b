"""Examples of orders, shipments and returns for the OpenAPI document."""

from typing import Any


def _money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


_ORDER = {
    "id": "par_7d2k9x4mq0v8t3hc",
    "number": "K7M-2RX-94T",
    "state": "partly",
    "market": "us",
    "country": "US",
    "pieces": 3,
    "to_send": 2,
    "open_returns": 0,
    "paid_at": "2026-11-22T12:00:00Z",
    "updated_at": "2026-11-22T15:00:00Z",
}
_LINE = {
    "id": "oli_5n8v2c7xk1z4q9wb",
    "product": "prd_0m4c9t7xk2vq8h3e",
    "variant": "var_3q7z1m9d5k2x8v4c",
    "sku": "IML-PIN-01-RED",
    "article": "IML-PIN-01",
    "title_en": "Corridor pin",
    "title_zh": "走廊徽章",
    "options": {"Colour": "Red"},
    "licence": "ML-2026-014",
    "is_pre_order": False,
    "ordered": 3,
    "cancelled": 0,
    "sent": 1,
    "returned": 0,
    "to_send": 2,
    "stop": None,
    "unit_price": _money("19.00"),
    "regular_price": _money("24.00"),
    "tax_rate": "0.08000",
    "tax": _money("4.56"),
    "total": _money("61.56"),
    "discount": {"total": _money("15.00"), "studio": _money("6.00"), "merchant": _money("9.00")},
}
_SHIPMENT = {
    "id": "shp_2c6v9m1xk8q4z7td",
    "order": "par_7d2k9x4mq0v8t3hc",
    "carrier": "DHL",
    "tracking_number": "JD014600003412345678",
    "tracking_url": "https://www.dhl.com/track?id=JD014600003412345678",
    "lines": [{"line": "oli_5n8v2c7xk1z4q9wb", "sku": "IML-PIN-01-RED", "pieces": 1}],
    "sent_at": "2026-11-22T15:00:00Z",
    "delivered_at": None,
}
_RETURN = {
    "id": "ret_9k3x7q1vm5z2c8tb",
    "order": "par_7d2k9x4mq0v8t3hc",
    "order_number": "K7M-2RX-94T",
    "state": "received",
    "reason": "faulty",
    "note": "The needle is bent.",
    "answer": "",
    "lines": [{"line": "oli_5n8v2c7xk1z4q9wb", "sku": "IML-PIN-01-RED", "pieces": 1, "received": 1, "resaleable": 0}],
    "requested_at": "2026-11-25T09:00:00Z",
    "settled_at": "2026-11-30T10:00:00Z",
}
_DETAIL = {
    **_ORDER,
    "currency": "USD",
    "prices_include_tax": False,
    "lines": [_LINE],
    "delivery": {
        "code": "standard",
        "price": _money("5.00"),
        "total": _money("5.40"),
        "arrives_from": "2026-11-26",
        "arrives_to": "2026-11-30",
    },
    "address": {
        "name": "Lin Wei",
        "street_address": "41 Division Street",
        "postal_code": "10002",
        "city": "New York",
        "city_area": "",
        "country_area": "NY",
        "country_code": "US",
        "phone": "",
    },
    "gift_message": "Happy birthday, and see you at the pictures.",
    "shipments": [_SHIPMENT],
    "returns": [],
}
_PICK = {
    "order": "par_7d2k9x4mq0v8t3hc",
    "number": "K7M-2RX-94T",
    "paid_at": "2026-11-22T12:00:00Z",
    "country": "US",
    "line": "oli_5n8v2c7xk1z4q9wb",
    "article": "IML-PIN-01",
    "sku": "IML-PIN-01-RED",
    "title_en": "Corridor pin",
    "title_zh": "走廊徽章",
    "pieces": 2,
    "stop": {
        "codes": ["BEFORE_STREET_DATE"],
        "sentences": ["It may be sent from 4 December 2026 on."],
        "waits": True,
        "street_on": "2026-12-04",
    },
}


def _page(row: Any) -> dict[str, Any]:
    return {"data": [row], "next_cursor": None}


EXAMPLES: dict[str, Any] = {
    "orders": _page(_ORDER),
    "order": _DETAIL,
    "picks": _page(_PICK),
    "shipments": _page(_SHIPMENT),
    "shipment": _SHIPMENT,
    "delivered_shipment": {**_SHIPMENT, "delivered_at": "2026-11-25T09:00:00Z"},
    "shipment_to_make": {
        "lines": [{"sku": "IML-PIN-01-RED", "pieces": 1}],
        "carrier": "DHL",
        "tracking_number": "JD014600003412345678",
        "tracking_url": "https://www.dhl.com/track?id=JD014600003412345678",
    },
    "cancellation": {"lines": [{"line": "oli_5n8v2c7xk1z4q9wb", "pieces": 2}], "reason": "The kiln has broken down."},
    "returns": _page(_RETURN),
    "return_of_goods": _RETURN,
    "refused_return": {
        **_RETURN,
        "state": "refused",
        "answer": "It was worn.",
        "lines": [
            {"line": "oli_5n8v2c7xk1z4q9wb", "sku": "IML-PIN-01-RED", "pieces": 1, "received": 0, "resaleable": 0}
        ],
    },
    "receipt": {"lines": [{"line": "oli_5n8v2c7xk1z4q9wb", "received": 1, "resaleable": 0}]},
    "refusal": {"reason": "It was worn."},
}
