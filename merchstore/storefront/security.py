"""How a fan signs in, and where they are signed in: passkeys, an authenticator app, recovery codes, the password, sessions.

The steps are django-allauth's, as at the panel (merchstore/panel/own_account.py); the pages are the account's. Whoever signed in
a while ago first shows again who they are.
"""

import base64
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.forms import ChangePasswordForm, ReauthenticateForm
from allauth.account.internal.flows.password_change import finalize_password_change
from allauth.account.internal.flows.reauthentication import is_reauthentication_required, reauthenticate_by_password
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal import flows as codes_flows
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal import flows as totp_flows
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm, ReauthenticateWebAuthnForm
from allauth.mfa.webauthn.internal import auth as passkeys
from allauth.mfa.webauthn.internal import flows as passkey_flows
from allauth.usersessions.models import UserSession
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.models import User
from merchstore.limits import is_too_often
from merchstore.signing_in import is_unconfirmed
from merchstore.storefront.account import account_page, framed
from merchstore.storefront.answers import see_other
from merchstore.storefront.members import MOST_PER_NAME, QUARTER, next_of
from merchstore.storefront.passkeys import is_right
from merchstore.storefront.visit import Page, Visit

View = Callable[..., HttpResponse]
PASSKEY, APP, CODES = Authenticator.Type.WEBAUTHN, Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES


def recent_page(view: View) -> Page:
    """A page of the account that is only for who has shown within the last minutes who they are; others do it first."""

    @account_page
    @wraps(view)
    def wrapper(request: HttpRequest, visit: Visit, user: User, **kwargs: Any) -> HttpResponse:
        if is_reauthentication_required(request, app="allauth.mfa"):
            return HttpResponseRedirect(f"{visit.base}account/confirm/?{urlencode({'next': request.get_full_path()})}")
        return view(request, visit, user, **kwargs)

    return wrapper


@account_page
def security(request: HttpRequest, visit: Visit, user: User) -> HttpResponse:
    """What there is to sign in with, and where somebody is signed in. With POST a session ends, or all others."""
    rows = sorted(UserSession.objects.purge_and_list(user), key=lambda row: row.created_at, reverse=True)
    here = request.session.session_key
    if request.method == "POST":
        asked = request.POST.get("session", "")
        for row in rows:
            if row.session_key != here and asked in ("others", str(row.pk)):
                row.end()
        return see_other(_home(visit))
    found = _steps(user)
    context = {
        "passkeys": [(key, key.wrap().name) for key in found if key.type == PASSKEY],
        "has_app": any(key.type == APP for key in found),
        "has_codes": any(key.type == CODES for key in found),
        "has_password": user.has_usable_password(),
        "is_unconfirmed": is_unconfirmed(user),
        "sessions": [(row, row.session_key == here) for row in rows],
    }
    return framed(request, visit, "security", "security", context)


@account_page
def confirm(request: HttpRequest, visit: Visit, user: User) -> HttpResponse:
    """Who signed in a while ago shows once more who they are, with the password or a passkey."""
    status, problem = 200, ""
    if request.method == "POST":
        if is_too_often("confirm", user.public_id, most=MOST_PER_NAME, seconds=QUARTER, at=visit.at):
            status, problem = 429, _("That was too often. Try again later.")
        elif _confirms(request, user):
            return see_other(next_of(request, visit))
        else:
            status, problem = 422, _("That was not right. Try again.")
    has_passkey = any(key.type == PASSKEY for key in _steps(user))
    context = {
        "problem": problem,
        "next": next_of(request, visit),
        "has_password": user.has_usable_password(),
        "options": {"request_options": passkeys.begin_authentication(user)} if has_passkey else None,
    }
    return framed(request, visit, "security", "confirm", context, status=status)


def _confirms(request: HttpRequest, user: User) -> bool:
    if "credential" in request.POST:
        form = ReauthenticateWebAuthnForm(data=request.POST, user=user)
        if is_right(form):
            passkey_flows.reauthenticate(request, form.cleaned_data["credential"])
            return True
        return False
    if ReauthenticateForm(data=request.POST, user=user).is_valid():
        reauthenticate_by_password(request)
        return True
    return False


@recent_page
def add_passkey(request: HttpRequest, visit: Visit, user: User) -> HttpResponse:
    if is_unconfirmed(user):
        return see_other(_home(visit))
    status = 200
    if request.method == "POST":
        posted = {name: request.POST.get(name, "").replace("\x00", "") for name in ("name", "credential")}
        form = AddWebAuthnForm(data=posted | {"passwordless": "on"}, user=user)
        if is_right(form):
            said = form.cleaned_data
            _key, new_codes = passkey_flows.add_authenticator(
                request, name=said["name"][:100], credential=said["credential"]
            )
            return see_other(f"{visit.base}account/security/codes/" if new_codes else _home(visit))
        status = 422
    context = {
        "options": {"creation_options": passkeys.begin_registration(user, False)},
        "name": request.POST.get("name", "")[:100],
        "is_wrong": status == 422,
    }
    return framed(request, visit, "security", "passkey_add", context, status=status)


@recent_page
def passkey(request: HttpRequest, visit: Visit, user: User, passkey: str) -> HttpResponse:
    """One passkey: another name for it, or its end."""
    found = Authenticator.objects.filter(user=user, type=PASSKEY, pk=int(passkey)).first()
    if found is None:
        raise Http404
    if request.method == "POST":
        if "remove" in request.POST:
            passkey_flows.remove_authenticator(request, found)
            return see_other(_home(visit))
        form = EditWebAuthnForm(data={"name": request.POST.get("name", "").replace("\x00", "")[:100]}, instance=found)
        if form.is_valid():
            form.save()
            return see_other(_home(visit))
    is_wrong = request.method == "POST"
    context = {"name": "" if is_wrong else found.wrap().name, "error": _("Write a name.") if is_wrong else ""}
    return framed(request, visit, "security", "passkey", context, status=422 if is_wrong else 200)


@recent_page
def app(request: HttpRequest, visit: Visit, user: User) -> HttpResponse:
    """Set up an authenticator app, or take away the one there is."""
    found = Authenticator.objects.filter(user=user, type=APP).first()
    if found is not None:
        if request.method == "POST" and "remove" in request.POST:
            totp_flows.deactivate_totp(request, found)
            return see_other(_home(visit))
        return framed(request, visit, "security", "app_remove", {})
    if is_unconfirmed(user):
        return see_other(_home(visit))
    form = ActivateTOTPForm(request.POST if request.method == "POST" else None, user=user)
    if request.method == "POST" and form.is_valid():
        _app, new_codes = totp_flows.activate_totp(request, form)
        return see_other(f"{visit.base}account/security/codes/" if new_codes else _home(visit))
    adapter = get_adapter()
    picture = adapter.build_totp_svg(adapter.build_totp_url(user, form.secret))
    context = {
        "secret": form.secret,
        "picture": f"data:image/svg+xml;base64,{base64.b64encode(picture.encode()).decode()}",
        "error": " ".join(form.errors.get("code", [])),
    }
    return framed(request, visit, "security", "app", context, status=422 if form.errors else 200)


@recent_page
def codes(request: HttpRequest, visit: Visit, user: User) -> HttpResponse:
    """The recovery codes that are left; with POST ten new ones in their place."""
    if not codes_flows.can_generate_recovery_codes(user):
        raise Http404
    if request.method == "POST":
        codes_flows.generate_recovery_codes(request)
        return see_other(request.path)
    found, _can_view = codes_flows.view_recovery_codes(request)
    return framed(request, visit, "security", "codes", {"codes": found.get_unused_codes() if found else []})


@account_page
def password(request: HttpRequest, visit: Visit, user: User) -> HttpResponse:
    """Another password, by who knows the one there is. All other sessions end with it."""
    if not user.has_usable_password():
        raise Http404
    errors: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        if is_too_often("confirm", user.public_id, most=MOST_PER_NAME, seconds=QUARTER, at=visit.at):
            errors["oldpassword"], status = _("That was too often. Try again later."), 429
        else:
            # Asked for once: the field shows what is typed to whoever manages passwords.
            said = {name: request.POST.get(name, "").replace("\x00", "")[:256] for name in ("oldpassword", "password1")}
            form = ChangePasswordForm(data=said | {"password2": said["password1"]}, user=user)
            if form.is_valid():
                form.save()
                finalize_password_change(request, user)
                return see_other(_home(visit))
            errors = {name: " ".join(map(str, wrong)) for name, wrong in form.errors.items()}
            status = 422
    return framed(request, visit, "security", "password", {"errors": errors}, status=status)


def _steps(user: User) -> list[Authenticator]:
    return list(Authenticator.objects.filter(user=user).order_by("pk"))


def _home(visit: Visit) -> str:
    return f"{visit.base}account/security/"
