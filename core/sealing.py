"""Secrets that the site has to read again: sealed with a key that is derived from SECRET_KEY, so that a copy of the database alone
says nothing. A SECRET_KEY that was replaced goes on opening what it sealed while it stands in SECRET_KEY_FALLBACKS."""

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

#: What a sealed text begins with.
MARK = "sealed1:"


def seal(text: str) -> str:
    """`text`, unreadable; each time another one."""
    return MARK + _box(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed. ValueError for anything else, and for what another SECRET_KEY sealed."""
    if not sealed.startswith(MARK):
        raise ValueError("not sealed")
    try:
        box = _box(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        return box.decrypt(sealed.removeprefix(MARK).encode()).decode()
    except InvalidToken:
        raise ValueError("sealed with another key") from None


@lru_cache(maxsize=8)
def _box(*keys: str) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key))) for key in keys])


def _derived(key: str) -> bytes:
    return hmac.new(key.encode(), b"merchstore sealed secrets", hashlib.sha256).digest()
