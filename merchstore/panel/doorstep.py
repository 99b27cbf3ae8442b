"""Choosing the merchant somebody acts for."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from merchstore.panel import own_account
from merchstore.panel.own_account import door_frame
from merchstore.panel.visit import signed_in


def sign_in(request: HttpRequest, prefix: str) -> HttpResponseBase:
    return own_account.sign_in(request)


def sign_out(request: HttpRequest, prefix: str) -> HttpResponse:
    return own_account.sign_out(request)


@require_safe
@signed_in
def merchants(request: HttpRequest, prefix: str) -> HttpResponse:
    """The merchants somebody acts for; who acts for one goes straight there."""
    members = list(request.user.memberships.select_related("merchant").order_by("merchant__name", "pk"))
    if len(members) == 1:
        return HttpResponseRedirect(reverse("panel:home", args=[prefix, members[0].merchant.slug]))
    return render(request, "panel/merchants.html", door_frame(request) | {"members": members})
