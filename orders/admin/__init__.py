"""Orders at the desk."""

from orders.admin import money, orders, payouts, rates

__all__ = ["money", "orders", "payouts", "rates"]
