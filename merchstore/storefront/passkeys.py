"""Signing in at the shop with a passkey: no name, no password, and no second step after it."""

from allauth.account.models import Login
from allauth.mfa.webauthn.forms import LoginWebAuthnForm
from allauth.mfa.webauthn.internal import auth, flows
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from merchstore.limits import is_too_often, who_asks
from merchstore.storefront import members
from merchstore.storefront.answers import see_other
from merchstore.storefront.visit import Visit, own_page


def is_right(form: Form) -> bool:
    """Whether the form holds what a browser says of a passkey that is known. The library's reader of such answers raises
    these for what no browser says."""
    try:
        return form.is_valid()
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


@own_page
def sign_in(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What the browser has to ask its keeper of passkeys, as JSON; with POST what that said. It tells who it is, too."""
    if request.method != "POST":
        return JsonResponse({"request_options": auth.begin_authentication(user=None)})
    place = who_asks(request)
    if place and is_too_often("sign-in", place, most=members.MOST_PER_PLACE, seconds=members.QUARTER, at=visit.at):
        return members.sign_in_page(request, visit, problem=_("That was too often. Try again later."), status=429)
    form = LoginWebAuthnForm(data=request.POST)
    if not is_right(form):
        problem = _("This passkey opens no account here. Use another one, or your password.")
        return members.sign_in_page(request, visit, problem=problem, status=422)
    key = form.cleaned_data["credential"]
    login = Login(user=key.user, redirect_url=members.next_of(request, visit))
    response = flows.perform_passwordless_login(request, key, login)
    return see_other(response["Location"])
