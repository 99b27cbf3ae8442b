"""Fans who sign in: with the e-mail address and a password. What they hold in a guest's basket comes along by itself."""

from typing import Any

from django.contrib.auth import authenticate, logout
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from accounts.models import User
from merchstore.limits import is_too_often, who_asks
from merchstore.signing_in import let_in, make_account
from merchstore.storefront.answers import answer, see_other
from merchstore.storefront.visit import Visit, own_page

#: Attempts from one place, and on one account, within a quarter of an hour.
MOST_PER_PLACE, MOST_PER_NAME, QUARTER = 30, 10, 900


@own_page
def sign_in(request: HttpRequest, visit: Visit) -> HttpResponse:
    """A name that is no e-mail address is one that the desk gave. The same sentence for a wrong name and a wrong password."""
    if request.method != "POST":
        return sign_in_page(request, visit)
    name, password = _said(request)
    if _is_too_often(request, name, visit):
        return sign_in_page(request, visit, problem=_("That was too often. Try again later."), status=429)
    user = authenticate(request, username=name.lower() if "@" in name else name, password=password)
    if user is None:
        problem = _("No account has this name and password.")
        return sign_in_page(request, visit, problem=problem, status=422)
    return _come_in(request, visit, user)


@own_page
def sign_up(request: HttpRequest, visit: Visit) -> HttpResponse:
    """An account is a name and a password. That an address has one already is said to whoever knows its password alone."""
    if request.method != "POST":
        return sign_in_page(request, visit, is_new=True)
    email, password = _said(request)
    email = email.lower()
    if _is_too_often(request, email, visit):
        return sign_in_page(request, visit, is_new=True, problem=_("That was too often. Try again later."), status=429)
    errors = _wrong(email, password)
    if errors:
        return sign_in_page(request, visit, is_new=True, errors=errors, status=422)
    try:
        user = make_account(email=email, password=password)
    except IntegrityError:
        known = authenticate(request, username=email, password=password)
        if known is None:
            problem = _("This account could not be made. If you have one already, sign in.")
            return sign_in_page(request, visit, is_new=True, problem=problem, status=422)
        user = known  # type: ignore[assignment]
    return _come_in(request, visit, user)


@own_page
def sign_out(request: HttpRequest, visit: Visit) -> HttpResponse:
    if request.method == "POST":
        logout(request)
    return see_other(visit.base)


def _come_in(request: HttpRequest, visit: Visit, user: Any) -> HttpResponse:
    onward = let_in(request, user, to=next_of(request, visit))["Location"]
    if onward == reverse("mfa_authenticate"):
        # Whoever stands at the shop's door takes the second step there, and not at the panel's.
        onward = f"{visit.base}sign-in/second-step/"
    return see_other(onward)


def _said(request: HttpRequest) -> tuple[str, str]:
    name = request.POST.get("email", "").replace("\x00", "").strip()[:150]
    return name, request.POST.get("password", "").replace("\x00", "")[:256]


def _wrong(email: str, password: str) -> dict[str, str]:
    errors = {}
    try:
        validate_email(email)
    except ValidationError:
        errors["email"] = _("Write an e-mail address like name@example.com.")
    try:
        validate_password(password, User(username=email, email=email))
    except ValidationError as wrong:
        errors["password"] = " ".join(wrong.messages)
    return errors


def _is_too_often(request: HttpRequest, name: str, visit: Visit) -> bool:
    place = who_asks(request)
    if place and is_too_often("sign-in", place, most=MOST_PER_PLACE, seconds=QUARTER, at=visit.at):
        return True
    return is_too_often("sign-in-as", name.lower(), most=MOST_PER_NAME, seconds=QUARTER, at=visit.at)


def sign_in_page(
    request: HttpRequest,
    visit: Visit,
    *,
    is_new: bool = False,
    errors: dict[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "title": _("Make an account") if is_new else _("Sign in"),
        "is_new": is_new,
        "name_label": _("E-mail"),
        "password_kind": "new-password" if is_new else "current-password",
        "email": request.POST.get("email", "")[:150],
        "errors": errors or {},
        "problem": problem,
        # Here from the page that set it.
        "is_new_password": request.method == "GET" and request.GET.get("password") == "new",
        "next": next_of(request, visit),
    }
    return answer(request, visit, "sign_in", context, status=status)


def next_of(request: HttpRequest, visit: Visit) -> str:
    """Where somebody was going, within this shop."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    hosts = {request.get_host()}
    is_own = url_has_allowed_host_and_scheme(asked, allowed_hosts=hosts, require_https=request.is_secure())
    return asked if is_own and asked.startswith("/") else f"{visit.base}account/"
