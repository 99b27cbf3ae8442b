"""What is kept of a buyer, and until when.

Tax law wants invoices with the name and the address on them for years; nothing wants them longer. So an order keeps its buyer to
the end of the year in which it was placed and ORDER_KEEP_YEARS more, whether or not there still is an account. What only the
delivery needed goes with the account.
"""

from datetime import UTC, date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef

from accounts.models import User
from orders.models import Document, Order, OrderLine, Return

#: Orders in one transaction.
PAGE = 200


def kept_until(order: Order) -> date:
    """The last day on which the order says who bought."""
    return date(order.placed_at.astimezone(UTC).year + settings.ORDER_KEEP_YEARS, 12, 31)


def forget_buyers(*, at: datetime, limit: int = PAGE) -> int:
    """Take name, address, e-mail and telephone out of orders that are older than they have to be known, and out of their
    papers; the sums stay. Returns how many orders; what is forgotten is not found again."""
    first = datetime(at.astimezone(UTC).year - settings.ORDER_KEEP_YEARS, 1, 1, tzinfo=UTC)
    with transaction.atomic(durable=True):
        old = Order.objects.filter(placed_at__lt=first).exclude(email="").order_by("pk")
        orders = list(old.select_for_update(no_key=True, of=("self",))[:limit])
        for order in orders:
            order.email = order.phone = order.gift_message = ""
            order.address = {"country_code": order.country}
        Order.objects.bulk_update(orders, ["email", "phone", "gift_message", "address"])
        papers = list(Document.objects.filter(order__in=orders))
        for paper in papers:
            paper.content["buyer"] = []
        Document.objects.bulk_update(papers, ["content"])
        Return.objects.filter(parcel__order__in=orders).update(note="")
    return len(orders)


def forget_deliveries(user: User) -> None:
    """What only the carrier and the receiver needed of the member's orders, where nothing is left to be sent: telephone and
    gift message."""
    unsent = OrderLine.objects.filter(order=OuterRef("pk"), quantity__gt=F("cancelled") + F("shipped"))
    waiting = Exists(unsent.filter(order__state__in=(Order.State.PENDING, Order.State.PAID)))
    Order.objects.filter(~waiting, user=user).update(phone="", gift_message="")
