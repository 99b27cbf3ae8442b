"""Letters to a merchant's owners, and the addresses that stand in letters."""

import hashlib
import secrets
from typing import Any

from django.conf import settings

from accounts.letters import write_letter
from merchants.models import Member, Merchant


def new_token() -> tuple[str, str]:
    """What stands in a link, and what is kept of it."""
    token = secrets.token_urlsafe(32)
    return token, digest_of(token)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def panel_address(rest: str, language: str) -> str:
    """A page of the panel as it stands in a letter: `rest` behind the language."""
    prefix = "zh" if language.startswith("zh") else "en"
    return f"{settings.SITE_URL}/panel/{prefix}/{rest}"


def language_of(merchant: Merchant) -> str:
    """The language in which its owners are written to."""
    return "zh-hans" if merchant.country == "CN" else "en"


def tell_owners(merchant: Merchant, template: str, *, page: str = "checklist/", about: str = "", **said: Any) -> None:
    """The letter of templates/mail/`template`.txt to everybody who owns the merchant. Call inside the change's transaction."""
    language = language_of(merchant)
    told = {
        "merchant": merchant.name_in(language),
        "address": panel_address(f"{merchant.slug}/{page}", language),
    } | said
    owners = merchant.members.filter(role=Member.Role.OWNER, user__is_active=True).exclude(user__email="")
    for email in sorted({email.lower() for email in owners.values_list("user__email", flat=True)}):
        write_letter(template, to=email, language=language, said=told, about=about)
