"""Learning: what the nightly tasks count."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from insights.models import Companion

#: How far back orders are looked at, and how many companions of one product are kept.
LOOK_BACK, MOST = timedelta(days=365), 12
#: What only one person has bought together is theirs to know.
LEAST_BUYERS = 2

_COUNT = """
INSERT INTO insights_companion (product_id, other_id, orders)
SELECT product_id, other_id, orders FROM (
    SELECT one.product_id, two.product_id AS other_id, COUNT(DISTINCT one.order_id) AS orders,
        ROW_NUMBER() OVER (
            PARTITION BY one.product_id ORDER BY COUNT(DISTINCT one.order_id) DESC, two.product_id DESC
        ) AS place
    FROM orders_order
    JOIN orders_orderline one ON one.order_id = orders_order.id
    JOIN orders_orderline two ON two.order_id = orders_order.id AND two.product_id <> one.product_id
    WHERE orders_order.state = 'paid' AND orders_order.paid_at >= %s
        AND one.quantity > one.cancelled AND two.quantity > two.cancelled
    GROUP BY one.product_id, two.product_id
    HAVING COUNT(DISTINCT orders_order.email) >= %s
) ranked
WHERE place <= %s
ON CONFLICT (product_id, other_id) DO UPDATE SET orders = excluded.orders
"""


def count_companions(*, at: datetime) -> int:
    """Count anew which products were bought together in the last year, by at least two people. Returns how many pairs.

    Readers see the old pairs until all of the new ones are there; two runs at once leave what one would."""
    with transaction.atomic():
        Companion.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, [at - LOOK_BACK, LEAST_BUYERS, MOST])
    return Companion.objects.count()
