"""A person's own account: signing in, second steps, sessions. The steps themselves are django-allauth's; their frame is the
panel's."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from allauth.account.views import LoginView
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from redis.exceptions import RedisError

from accounts.letters import write_letter
from accounts.models import User
from merchstore.languages import LANGUAGE_NAMES, LANGUAGE_TAGS, LANGUAGES
from merchstore.limits import is_too_often
from merchstore.panel.adapter import prefix_now
from merchstore.panel.visit import has_second_step, private, to_sign_in
from merchstore.signing_in import confirm_address, end_sessions, is_unconfirmed

View = Callable[..., HttpResponseBase]

#: Letters to one account in an hour, and how long their links work.
MOST_LETTERS, HOUR = 3, 3600
_LINK_LASTS = timedelta(days=3)
_SALT = "merchstore.address"


def door_frame(request: HttpRequest) -> dict[str, Any]:
    """What the frame of pages without a merchant says."""
    prefix = prefix_now()
    other = "en" if prefix == "zh" else "zh"
    return {
        "tag": LANGUAGE_TAGS[prefix],
        "prefix": prefix,
        "other_language": LANGUAGE_NAMES[other],
        "other_tag": LANGUAGE_TAGS[other],
        "other_address": request.get_full_path().replace(f"/panel/{prefix}/", f"/panel/{other}/", 1),
    }


def open_page(view: View) -> View:
    """A page of django-allauth in the panel's frame. A form that is wrong answers 422; without a cache to count attempts in,
    nobody is let in (503)."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except RedisError:
            return problem(request, _("Nobody can sign in just now. Try again in a few minutes."), status=503)
        if (context := getattr(response, "context_data", None)) is not None:
            context.update(door_frame(request))
            if request.method == "POST" and response.status_code == 200:
                response.status_code = 422
        return private(response)

    return wrapper


def own_page(view: View) -> View:
    """As `open_page`, for who is signed in."""
    framed = open_page(view)

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if isinstance(request.user, AnonymousUser):
            return to_sign_in(request, prefix_now())
        return framed(request, *args, **kwargs)

    return wrapper


def of_a_passkey(view: View) -> View:
    """A form that holds what a browser says of a passkey. The library's reader of such answers raises these for what no browser
    says; here it is a form that is wrong."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except (ValueError, TypeError, KeyError, AttributeError):
            if request.method != "POST":
                raise
            sentence = _("The browser has given no passkey. Try again, or use another way.")
            return problem(request, sentence, status=422)

    return wrapper


def problem(request: HttpRequest, sentence: str, *, status: int) -> HttpResponse:
    context = door_frame(request) | {"title": _("That did not work"), "sentence": sentence}
    return private(render(request, "panel/problem.html", context, status=status))


def too_often(request: HttpRequest) -> HttpResponse:
    """The answer to whoever asks a page of signing in too often."""
    return problem(request, _("That was too often. Try again later."), status=429)


class _SignIn(LoginView):
    """A name or an e-mail address, and a password. Whoever is signed in already is led on."""

    template_name = "panel/sign_in.html"


sign_in = open_page(_SignIn.as_view())


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponseRedirect(reverse("account_login"))


@own_page
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Where the pages of one's own account are."""
    context = {
        "has_second_step": has_second_step(request.user),  # type: ignore[arg-type]
        "is_unconfirmed": is_unconfirmed(request.user),  # type: ignore[arg-type]
    }
    return render(request, "panel/account.html", door_frame(request) | context)


@own_page
@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: HttpRequest) -> HttpResponse:
    """Where somebody is signed in, and the end of one session or of all others."""
    rows = sorted(UserSession.objects.purge_and_list(request.user), key=lambda row: row.created_at, reverse=True)
    here = request.session.session_key
    if request.method == "POST":
        asked = request.POST.get("session", "")
        if asked == "others":
            end_sessions(request, request.user)  # type: ignore[arg-type]
        for row in rows:
            if row.session_key != here and asked == str(row.pk):
                row.end()
        return HttpResponseRedirect(reverse("usersessions_list"))
    context = {"sessions": [(row, row.session_key == here) for row in rows]}
    return render(request, "usersessions/usersession_list.html", door_frame(request) | context)


def says_address(view: View) -> View:
    """A page of django-allauth that says whether the address is still to be confirmed: before that no second step is taken."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if (context := getattr(response, "context_data", None)) is not None:
            context["is_unconfirmed"] = is_unconfirmed(request.user)  # type: ignore[arg-type]
        return response

    return wrapper


@own_page
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest) -> HttpResponse:
    """Whether the account's address is confirmed; sent, it asks for the letter with the link."""
    user = request.user
    assert isinstance(user, User)
    is_open = is_unconfirmed(user)
    if request.method == "POST" and is_open:
        if is_too_often("address", user.public_id, most=MOST_LETTERS, seconds=HOUR, at=timezone.now()):
            return too_often(request)
        token = signing.dumps([user.public_id, user.email], salt=_SALT)
        link = settings.SITE_URL + reverse("account_address_confirm", args=[token])
        write_letter("account_address", to=user.email, language=LANGUAGES[prefix_now()], said={"address": link})
    context = {"is_unconfirmed": is_open, "is_sent": request.method == "POST" and is_open, "email": user.email}
    return render(request, "account/address.html", door_frame(request) | context)


@own_page
@require_http_methods(["GET", "HEAD", "POST"])
def address_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the letter. It asks for the account as well: who is written to about an account that is not theirs cannot
    confirm it by mistake. One button, since mail programs look at links, too."""
    user = request.user
    assert isinstance(user, User)
    try:
        told = signing.loads(token, salt=_SALT, max_age=_LINK_LASTS)
    except signing.BadSignature:
        told = None
    if told != [user.public_id, user.email]:
        return problem(request, _("This link is too old, or it was written for another account."), status=404)
    if request.method == "POST":
        confirm_address(user)
        return HttpResponseRedirect(reverse("mfa_index"))
    return render(request, "account/address_confirm.html", door_frame(request) | {"email": user.email})
