"""Whose basket a request is about: the member's, or that of the browser's cookie."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from merchstore.storefront.visit import Visit
from orders import baskets
from orders.models import Basket

#: The token, out of the reach of scripts; and how many pieces there are, for the header of pages that are the same for all.
COOKIE, COUNT = "basket", "basket_count"
_SECONDS = int(baskets.KEEP.total_seconds())


def member(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def basket_of(request: HttpRequest, visit: Visit) -> Basket | None:
    token = request.COOKIES.get(COOKIE, "")
    return baskets.find_basket(visit.market, token=token, user=member(request), at=visit.at)


def basket_for(request: HttpRequest, visit: Visit) -> tuple[Basket, str]:
    """The basket, made where there is none, and the token that its browser has to keep."""
    token = request.COOKIES.get(COOKIE, "") or baskets.new_token()
    return baskets.open_basket(visit.market, token=token, user=member(request), at=visit.at), token


def remember(
    response: HttpResponse, basket: Basket | None, token: str = "", *, pieces: int | None = None
) -> HttpResponse:
    """Let the browser keep the token, and the number of pieces: read from the basket, unless it is known. One query."""
    kept = kept_cookie(_SECONDS)
    if token and basket is not None and basket.user_id is None:
        response.set_cookie(COOKIE, token, httponly=True, **kept)
    if pieces is None:
        pieces = sum(basket.lines.values_list("quantity", flat=True)) if basket is not None else 0
    response.set_cookie(COUNT, str(pieces), **kept)
    return response


def kept_cookie(seconds: int) -> dict[str, Any]:
    """How a cookie of ours is set that a browser keeps so long."""
    return {"max_age": seconds, "samesite": "Lax", "secure": settings.SESSION_COOKIE_SECURE}
