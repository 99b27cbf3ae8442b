"""The one way in for people who have proved who they are with a password, whatever door they stand at: shop, panel or desk."""

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.http import HttpRequest, HttpResponse

from accounts.models import User


def let_in(request: HttpRequest, user: User, *, to: str) -> HttpResponse:
    """Sign `user` in and lead on to `to`; who has a second step (a passkey, a code) is led there first, and is not signed in
    before it is done."""
    return perform_password_login(request, {"username": user.get_username()}, Login(user=user, redirect_url=to))
