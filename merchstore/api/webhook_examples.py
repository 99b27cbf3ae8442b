"""Examples of events and webhooks. A test holds each against the document."""

from typing import Any

_EVENT = {
    "id": "evt_3k7w0q9xm5tz2c8r",
    "type": "order.paid",
    "timestamp": "2026-11-22T12:00:00.250000Z",
    "data": {"id": "par_6h2t9w4qk8xz1c5m", "order": "M-20261122-7F3K"},
}
_ENDPOINT: dict[str, Any] = {
    "id": "whe_1q8z5x3kt7mw0c9v",
    "url": "https://orders.example/merchstore",
    "description": "Warehouse",
    "kinds": ["order.paid", "order.cancelled"],
    "state": "enabled",
    "disabled_reason": "",
    "previous_secret_until": None,
    "created_at": "2026-11-20T09:00:00Z",
    "updated_at": "2026-11-20T09:00:00Z",
}
_DELIVERY = {
    "id": "dlv_9t4k2w7qx0z5m3cv",
    "event": "evt_3k7w0q9xm5tz2c8r",
    "type": "order.paid",
    "state": "waiting",
    "attempts": 1,
    "next_try_at": "2026-11-22T12:00:05Z",
    "ended_at": None,
    "tries": [
        {
            "at": "2026-11-22T12:00:00.400000Z",
            "status": 503,
            "problem": "",
            "milliseconds": 84,
            "answer": "down for a minute",
        }
    ],
}
EXAMPLES: dict[str, Any] = {
    "events": {"data": [_EVENT], "next_cursor": None},
    "event": _EVENT,
    "endpoints": {"data": [_ENDPOINT], "next_cursor": None},
    "endpoint": _ENDPOINT,
    "new_endpoint": {"url": "https://orders.example/merchstore", "kinds": ["order.paid", "order.cancelled"]},
    "made_endpoint": {**_ENDPOINT, "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"},
    "endpoint_change": {"state": "disabled"},
    "rotation": {"overlap_hours": 48},
    "deliveries": {"data": [_DELIVERY], "next_cursor": None},
    "delivery": {**_DELIVERY, "attempts": 0, "tries": []},
}
