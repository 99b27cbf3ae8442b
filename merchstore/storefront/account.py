"""The account of a fan: one frame with its sections, and the pages that are only there for who is signed in."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.money import Money
from merchstore.storefront.answers import answer
from merchstore.storefront.carrier import member
from merchstore.storefront.ordered import state_words
from merchstore.storefront.visit import Page, Visit, own_page
from orders.links import order_path
from orders.models import Order

#: Orders on a page of the member's list.
PAGE = 20


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the account: where it is below the market and language, and what its link says."""

    code: str
    path: str
    words: Promise


#: The one list: the frame's navigation, in this order. A page says its section's code and is marked in it.
SECTIONS: list[Section] = [
    Section("orders", "account/", _("Orders")),
    Section("wishlist", "account/wishlist/", _("Wishlist")),
    Section("follows", "account/follows/", _("What you follow")),
    Section("alerts", "account/alerts/", _("Alerts")),
    Section("reviews", "account/reviews/", _("Reviews")),
    Section("addresses", "account/addresses/", _("Addresses")),
    Section("security", "account/security/", _("Passkeys and password")),
    Section("data", "account/data/", _("Your data")),
]


def account_page(view: Callable[..., HttpResponse]) -> Page:
    """A page of one member: `view(request, visit, user, …)`. Everybody else signs in first and comes back."""

    @own_page
    @wraps(view)
    def wrapper(request: HttpRequest, visit: Visit, **kwargs: Any) -> HttpResponse:
        user = member(request)
        if user is None:
            # A form is not sent again after signing in.
            back = f"{visit.base}account/" if request.method == "POST" else request.get_full_path()
            return HttpResponseRedirect(f"{visit.base}sign-in/?{urlencode({'next': back})}")
        return view(request, visit, user, **kwargs)

    return wrapper


def framed(
    request: HttpRequest, visit: Visit, section: str, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """`storefront/account/<template>.html`, which extends `_frame.html`, with the link of `section` marked."""
    sections = [(f"{visit.base}{one.path}", one.words, one.code == section) for one in SECTIONS]
    response = answer(request, visit, f"account/{template}", context | {"sections": sections})
    response.status_code = status
    return response


@account_page
def orders(request: HttpRequest, visit: Visit, user: User) -> HttpResponse:
    """A member's own orders, the newest first."""
    after = request.GET.get("after", "")
    found = Order.objects.filter(user=user).select_related("market").prefetch_related("lines").order_by("-pk")
    if after.isascii() and after.isdigit() and len(after) < 18:
        found = found.filter(pk__lt=int(after))
    rows = list(found[: PAGE + 1])
    shown = [
        (
            one,
            order_path(one, prefix=visit.prefix),
            Money(one.total_amount, one.currency).in_locale(visit.language),
            state_words(one, one.lines.all()),
        )
        for one in rows[:PAGE]
    ]
    context = {"orders": shown, "next": rows[PAGE - 1].pk if len(rows) > PAGE else ""}
    return framed(request, visit, "orders", "orders", context)


@own_page
def deleted(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Where somebody lands whose account is gone."""
    return answer(request, visit, "account/deleted", {})
