"""What a staging leaves behind, as comparable rows: everything but serial numbers and the time of day."""

from typing import Any

import psycopg

QUERIES = {
    "offers": "SELECT promotion_id, product_id, market_id, kind, value FROM catalog_offer",
    "listings": """SELECT public_id, campaign_id, product_id, market_id, channel_id, revision_number, state, is_wanted, digest,
        acknowledged_digest, attempts, next_try_at, problem FROM campaigns_listing""",
    "spans": """SELECT product_id, market_id, film_id, category_id, promotion_id, kind, starts_at, ends_at, amount, top_amount,
        was_amount, low_amount FROM catalog_shelfspan""",
    "boundaries": "SELECT market_id, at FROM catalog_shelfboundary",
    "pages": "SELECT revision_id, first_product_id, last_product_id, digest, listings, refused FROM campaigns_stagedpage",
    "due": "SELECT revision_id, kind, due_at FROM campaigns_due",
    "revisions": "SELECT number, state, digest FROM campaigns_revision",
    "campaigns": "SELECT state, published_id FROM campaigns_campaign",
    "runs": "SELECT kind, state, cursor, planned, staged, unchanged, refused, report::text FROM campaigns_syncrun",
}


def all_rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of a database by kind, in an order of their own."""
    with psycopg.connect(url) as connection:
        return {name: sorted(connection.execute(query).fetchall(), key=repr) for name, query in QUERIES.items()}
