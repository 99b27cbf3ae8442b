"""What django-allauth asks of this site: where people go, who gets which letter, how secrets are kept."""

import time
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.signals import password_reset
from allauth.core import context as asking
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.signals import authenticator_added
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from accounts.letters import write_letter
from accounts.models import User
from core import sealing
from merchstore.languages import LANGUAGES
from merchstore.limits import who_asks
from merchstore.signing_in import confirm_address, end_sessions


def prefix_now() -> str:
    """The part of the address that names the language that is spoken just now."""
    return "zh" if (translation.get_language() or "").startswith("zh") else "en"


def signed_in_recently(request: HttpRequest) -> bool:
    """Whether somebody has shown within RECENT_SIGN_IN_MINUTES who they are, with whatever they sign in with; always where
    nobody is to be asked again (0)."""
    longest = settings.RECENT_SIGN_IN_MINUTES * 60
    records = get_authentication_records(request, request.user)  # type: ignore[arg-type]
    return longest == 0 or (bool(records) and time.time() - records[-1]["at"] < longest)


class Accounts(DefaultAccountAdapter):
    """Signing in and forgotten passwords. Nobody registers here: fans do in the shop, merchants are invited or apply."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("panel:merchants", args=[prefix_now()])

    def get_client_ip(self, request: HttpRequest) -> str:
        # Behind a socket there is no address: those who come that way share what is counted.
        return who_asks(request) or "0.0.0.0"  # noqa: S104 — says "unknown", nothing listens there

    def is_safe_url(self, url: str) -> bool:
        return bool(url) and url.startswith("/") and super().is_safe_url(url)

    def is_reauthentication_required(self, *, app: str) -> bool:
        return not signed_in_recently(asking.request)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Pages say what is the case; a message would turn up wherever somebody looks next."""

    def get_reset_password_from_key_url(self, key: str) -> str:
        # On this site's own address, whatever host the request named: the link opens an account.
        return settings.SITE_URL + urlsplit(super().get_reset_password_from_key_url(key)).path

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A row, which a worker sends: nobody waits for a mail server, and none that is away loses a letter."""
        if template_prefix not in LETTERS:
            return
        told = {"email": email, **{name: value for name, value in context.items() if isinstance(value, str)}}
        text = render_to_string(f"mail/{LETTERS[template_prefix]}.txt", told)
        subject, _line, body = text.strip().partition("\n")
        write_letter(
            "as_written", to=email, language=LANGUAGES[prefix_now()], said={"subject": subject, "body": body.strip()}
        )

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """To the address of the account: this site keeps no second list of addresses."""
        if to := email or user.email:
            self.send_mail(template_prefix, to, {"name": user.get_username(), **(context or {})})


#: Which of allauth's letters this site writes, and with which text.
LETTERS = {
    "account/email/password_reset_key": "account_password_reset",
    "account/email/password_reset": "account_password_changed",
    "account/email/password_changed": "account_password_changed",
    "mfa/email/totp_activated": "account_second_step_changed",
    "mfa/email/totp_deactivated": "account_second_step_changed",
    "mfa/email/webauthn_added": "account_second_step_changed",
    "mfa/email/webauthn_removed": "account_second_step_changed",
    "mfa/email/recovery_codes_generated": "account_second_step_changed",
}


class SecondSteps(DefaultMFAAdapter):
    """The secrets of authenticator apps are sealed: a copy of the database opens no account."""

    def get_totp_issuer(self) -> str:
        return "merchstore"

    def encrypt(self, text: str) -> str:
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text)


@receiver(authenticator_added, dispatch_uid="merchstore.end_other_sessions")
def end_other_sessions(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """Who came in elsewhere with a password alone has to come in again, with the step that there is now; where no session was
    listed, too."""
    end_sessions(request, user)


@receiver(password_reset, dispatch_uid="merchstore.address_is_confirmed")
def address_is_confirmed(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """Who has followed the link of the letter reads what goes to the address."""
    confirm_address(user)
