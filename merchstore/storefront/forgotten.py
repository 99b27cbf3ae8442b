"""A forgotten password, at the shop: a letter with a link, and a page that sets a new one.

The steps, their limits and the tokens are django-allauth's, as at the panel (merchstore/panel/account_urls.py), so that both
doors count together; the pages and the letter's link are the shop's. Nothing here tells whether an address has an account.
"""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ResetPasswordForm, ResetPasswordKeyForm, UserTokenForm, default_token_generator
from allauth.account.internal.flows.password_reset import finalize_password_reset
from allauth.account.utils import user_pk_to_url_str
from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from accounts.models import User
from merchstore.storefront.answers import answer, see_other
from merchstore.storefront.members import next_of
from merchstore.storefront.visit import Visit, own_page

#: Where the token waits while its form is filled in, and what stands in the address in its place: nobody reads it over a
#: shoulder, and no page that is linked to learns it.
_KEPT, _SHOWN = "_password_reset_key", "now"


@own_page
def forgotten(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Asks for the letter. The answer is the same for every address."""
    onward = {"next": next_of(request, visit)}
    if request.method != "POST":
        return answer(request, visit, "forgotten", {"email": "", **onward})
    said = {"email": request.POST.get("email", "").replace("\x00", "").strip()[:254], **onward}
    form = ResetPasswordForm(data=said)
    if not form.is_valid():
        error = _("Write an e-mail address like name@example.com.")
        return answer(request, visit, "forgotten", said | {"error": error}, status=422)
    if refused := _refused(request, "reset_password", key=said["email"].lower()):
        problem, status = refused
        return answer(request, visit, "forgotten", said | {"problem": problem}, status=status)
    for user in form.users:
        key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
        # On this site's own address, whatever host the request named.
        link = settings.SITE_URL + _onward(request, visit, f"sign-in/new-password/{key}/")
        get_adapter().send_password_reset_mail(user, form.cleaned_data["email"], {"password_reset_url": link})
    return see_other(f"{visit.base}sign-in/forgotten/sent/")


@own_page
def sent(request: HttpRequest, visit: Visit) -> HttpResponse:
    return answer(request, visit, "forgotten_sent", {})


@own_page
def new_password(request: HttpRequest, visit: Visit, uidb36: str, key: str) -> HttpResponse:
    """The link of the letter, which works once: a new password ends it, every session there is, and itself.

    Opening it changes nothing, since mail programs look at links, too.
    """
    if refused := _refused(request, "reset_password_from_key"):
        problem, status = refused
        return answer(request, visit, "new_password", {"problem": problem}, status=status)
    token = request.session.get(_KEPT, "") if key == _SHOWN else key
    form = UserTokenForm(data={"uidb36": uidb36, "key": token})
    if not form.is_valid():
        return answer(request, visit, "new_password", {"is_over": True}, status=404)
    if key != _SHOWN:
        request.session[_KEPT] = token
        return see_other(_onward(request, visit, f"sign-in/new-password/{uidb36}-{_SHOWN}/"))
    return _set_password(request, visit, form.reset_user)


def _set_password(request: HttpRequest, visit: Visit, user: Any) -> HttpResponse:
    if request.method != "POST":
        return answer(request, visit, "new_password", {})
    # Asked for once: the field shows what is typed to whoever manages passwords.
    said = request.POST.get("password1", "").replace("\x00", "")[:256]
    form = ResetPasswordKeyForm(data={"password1": said, "password2": said}, user=user)
    if not form.is_valid():
        error = " ".join(str(wrong) for found in form.errors.values() for wrong in found)
        return answer(request, visit, "new_password", {"error": error}, status=422)
    form.save()
    del request.session[_KEPT]
    finalize_password_reset(request, user)
    if isinstance(request.user, User):
        # Whoever was signed in here, this account or another, comes in with the new password.
        logout(request)
    return see_other(_onward(request, visit, "sign-in/", password="new"))  # noqa: S106 — that there is one


def _onward(request: HttpRequest, visit: Visit, rest: str, **said: str) -> str:
    """An address of this shop, which also says where somebody was going when the password was asked for."""
    going = next_of(request, visit)
    if going != f"{visit.base}account/":
        said["next"] = going
    return f"{visit.base}{rest}" + (f"?{urlencode(said)}" if said else "")


def _refused(request: HttpRequest, action: str, key: str | None = None) -> tuple[str, int] | None:
    """A sentence and a status for who asks too often; without a cache to count in, for everybody."""
    try:
        if ratelimit.consume(request, action=action, key=key):
            return None
    except RedisError:
        return _("Nobody can sign in just now. Try again in a few minutes."), 503
    return _("That was too often. Try again later."), 429
