"""The one way in for people who have proved who they are with a password, whatever door they stand at: shop, panel or desk.

An account that somebody has made for himself says an address that nobody has shown to be his. Until he has, it takes no passkey
and no authenticator app: else he could lock out, or come back behind, the person whose address it is.
"""

import secrets

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import EmailAddress, Login
from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from accounts.addresses import is_unconfirmed as is_unconfirmed
from accounts.models import User


def let_in(request: HttpRequest, user: User, *, to: str) -> HttpResponse:
    """Sign `user` in and lead on to `to`; who has a second step (a passkey, a code) is led there first, and is not signed in
    before it is done."""
    return perform_password_login(request, {"username": user.get_username()}, Login(user=user, redirect_url=to))


@transaction.atomic
def make_account(*, email: str, password: str) -> User:
    """An account whose address nobody has confirmed yet. Raises IntegrityError where the name is taken."""
    user: User = User.objects.create_user(username=email, email=email, password=password)
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=False)
    return user


def confirm_address(user: User) -> None:
    """`user` has shown that the address of the account is theirs: with a letter that went to it."""
    for address in EmailAddress.objects.filter(user=user, email=user.email.lower(), verified=False):
        address.set_verified()


def end_sessions(request: HttpRequest, user: User) -> None:
    """End every session of `user` but the one that asks, listed or not."""
    for other in UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key):
        other.end()
    user.session_mark = secrets.token_hex(8)
    user.save(update_fields=["session_mark"])
    if request.user.pk == user.pk:
        request.user.session_mark = user.session_mark  # type: ignore[union-attr]
        request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        request.session.save()  # now: should the answer fail, the mark stands all the same
