"""Examples of answers about sandboxes."""

from typing import Any

EXAMPLES: dict[str, Any] = {
    "sandbox": {
        "id": "mer_4f2k8d1m9q7w3x6z",
        "slug": "paper-lantern-sandbox",
        "market": "sandbox",
        "country": "XS",
        "currency": "XTS",
        "clock": "2027-01-15T00:00:00Z",
        "now": "2026-11-22T12:00:00Z",
    },
    "sandbox_run": {
        "clock": "2027-01-15T00:00:00Z",
        "refunds_given": 0,
        "sales_told": 0,
        "statements_computed": 2,
        "statements_closed": 2,
        "licences_expired": 1,
    },
}
