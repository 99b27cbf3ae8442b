"""What the site does not start with: a provider that is none, or one without its keys."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

from orders.payments import KEYS, rsa2


@register
def providers(**_kwargs: Any) -> list[CheckMessage]:
    """E001 an unknown name in PAYMENT_PROVIDERS, E002 a key that is missing, E003 one that cannot be read; W001 the sandbox
    beside real money. No message repeats a key."""
    found: list[CheckMessage] = []
    for code in settings.PAYMENT_PROVIDERS:
        if code not in KEYS:
            found.append(Error(f"PAYMENT_PROVIDERS names {code!r}: there is {', '.join(KEYS)}", id="orders.E001"))
            continue
        for name in KEYS[code]:
            found += _of_key(code, name)
    if "sandbox" in settings.PAYMENT_PROVIDERS and len(settings.PAYMENT_PROVIDERS) > 1:
        hint = "Whoever pays with it pays nothing, and their order is sent like any other."
        found.append(
            checks.Warning("PAYMENT_PROVIDERS offers the sandbox beside real payments", hint, id="orders.W001")
        )
    return found


def _of_key(code: str, name: str) -> list[CheckMessage]:
    value = getattr(settings, name)
    if not value:
        return [Error(f"PAYMENT_PROVIDERS names {code!r}, and {name} is empty", id="orders.E002")]
    read = {"PRIVATE_KEY": rsa2.private_key, "PUBLIC_KEY": rsa2.public_key}.get(name.partition("_")[2])
    try:
        if read:
            read(value)
    except ValueError:
        return [Error(f"{name} is no RSA key, neither as PEM nor as bare base64", id="orders.E003")]
    return []
