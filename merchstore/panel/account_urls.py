"""Addresses of a person's own account: `/panel/<language>/sign-in/` and `/panel/<language>/account/…`.

django-allauth leads from one of its pages to the next by name and knows no language, so the language is no argument here: the
address is made from the language that is spoken. Only what is listed is there; nobody can register or enter a second address.
"""

import re
from typing import Any

from django.urls import URLPattern, path, re_path
from django.urls.resolvers import URLResolver

from merchstore.languages import LANGUAGES
from merchstore.lazily import lazily
from merchstore.panel import own_account
from merchstore.panel.adapter import prefix_now

_PREFIX = re.compile(r"^(?:" + "|".join(LANGUAGES) + ")/")


class SpokenLanguage:
    """Matches every language; is written in the one that is spoken, as Django's `i18n_patterns` are, which cannot be
    included."""

    converters: dict[str, Any] = {}  # noqa: RUF012 — what Django asks of a pattern
    name = None

    @property
    def regex(self) -> re.Pattern[str]:
        return re.compile(re.escape(str(self)))

    def match(self, address: str) -> tuple[str, tuple[()], dict[str, Any]] | None:
        found = _PREFIX.match(address)
        return (address[found.end() :], (), {}) if found else None

    def check(self) -> list[Any]:
        return []

    def describe(self) -> str:
        return f"'{self}'"

    def __str__(self) -> str:
        return f"{prefix_now()}/"


_ACCOUNT, _MFA = "allauth.account.views.", "allauth.mfa."
#: Open to everybody: signing in, the second step, a forgotten password.
_OPEN = [
    ("sign-in/passkey/", _MFA + "webauthn.views.login_webauthn", "mfa_login_webauthn"),
    ("sign-in/second-step/", _MFA + "base.views.authenticate", "mfa_authenticate"),
    ("account/inactive/", _ACCOUNT + "account_inactive", "account_inactive"),
    ("account/password/forgotten/", _ACCOUNT + "password_reset", "account_reset_password"),
    ("account/password/forgotten/sent/", _ACCOUNT + "password_reset_done", "account_reset_password_done"),
    ("account/password/new/done/", _ACCOUNT + "password_reset_from_key_done", "account_reset_password_from_key_done"),
]
#: For who is signed in.
_OWN = [
    ("account/confirm/", _ACCOUNT + "reauthenticate", "account_reauthenticate"),
    ("account/password/", _ACCOUNT + "password_change", "account_change_password"),
    # Of an account that has none yet: the page above leads here.
    ("account/password/first/", _ACCOUNT + "password_set", "account_set_password"),
    ("account/second-step/confirm/", _MFA + "base.views.reauthenticate", "mfa_reauthenticate"),
    ("account/second-step/app/", _MFA + "totp.views.activate_totp", "mfa_activate_totp"),
    ("account/second-step/app/remove/", _MFA + "totp.views.deactivate_totp", "mfa_deactivate_totp"),
    ("account/second-step/codes/", _MFA + "recovery_codes.views.view_recovery_codes", "mfa_view_recovery_codes"),
    ("account/second-step/codes/new/", _MFA + "recovery_codes.views.generate_recovery_codes", "mfa_generate_recovery_codes"),
    ("account/passkeys/", _MFA + "webauthn.views.list_webauthn", "mfa_list_webauthn"),
    ("account/passkeys/add/", _MFA + "webauthn.views.add_webauthn", "mfa_add_webauthn"),
    ("account/passkeys/confirm/", _MFA + "webauthn.views.reauthenticate_webauthn", "mfa_reauthenticate_webauthn"),
    ("account/passkeys/<int:pk>/remove/", _MFA + "webauthn.views.remove_webauthn", "mfa_remove_webauthn"),
    ("account/passkeys/<int:pk>/", _MFA + "webauthn.views.edit_webauthn", "mfa_edit_webauthn"),
]  # fmt: skip


def _view(path: str) -> own_account.View:
    view = lazily(path)
    return own_account.of_a_passkey(view) if ".webauthn." in path else view


ROUTES: list[URLPattern] = [
    path("sign-in/", own_account.sign_in, name="account_login"),
    path("sign-out/", own_account.sign_out, name="account_logout"),
    path("account/", own_account.account, name="own_account"),
    path("account/sessions/", own_account.sessions, name="usersessions_list"),
    path("account/address/", own_account.address, name="account_address"),
    re_path(
        r"^account/address/(?P<token>[-\w:]{20,400})/$", own_account.address_confirm, name="account_address_confirm"
    ),
    path(
        "account/second-step/",
        own_account.own_page(own_account.says_address(lazily(_MFA + "base.views.index"))),
        name="mfa_index",
    ),
    *(path(address, own_account.open_page(_view(view)), name=name) for address, view, name in _OPEN),
    re_path(
        r"^account/password/new/(?P<uidb36>[0-9A-Za-z]{1,20})-(?P<key>[-\w]{1,120})/$",
        own_account.open_page(lazily(_ACCOUNT + "password_reset_from_key")),
        name="account_reset_password_from_key",
    ),
    *(path(address, own_account.own_page(_view(view)), name=name) for address, view, name in _OWN),
]

urlpatterns = [URLResolver(SpokenLanguage(), ROUTES)]
