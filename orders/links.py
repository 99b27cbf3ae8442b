"""Where an order's own page is: an address that its buyer is given, and nobody can guess.

The token is the order's public id, signed. Whoever has the address may see the order: a guest has nothing else to show.
"""

from django.conf import settings
from django.core import signing

from orders.models import Order

_SIGNER = signing.Signer(salt="orders.links", sep=".")


def order_token(order: Order) -> str:
    return _SIGNER.sign(order.public_id)


def order_of_token(token: str) -> Order | None:
    """The order whose token it is; None for any other text. One query."""
    try:
        public_id = _SIGNER.unsign(token)
    except signing.BadSignature:
        return None
    return Order.objects.select_related("market").filter(public_id=public_id).first()


def order_path(order: Order, *, prefix: str = "") -> str:
    """`/us/en/orders/<token>/`, in the order's own language unless another is named."""
    prefix = prefix or ("zh" if order.language.startswith("zh") else "en")
    return f"/{order.market.code}/{prefix}/orders/{order_token(order)}/"


def order_address(order: Order) -> str:
    """The same, for letters."""
    return f"{settings.SITE_URL}{order_path(order)}"
