"""Payment providers behind one interface (provider.py). Which of them the shop offers, the setting PAYMENT_PROVIDERS says."""

from django.conf import settings

from core.errors import Refused
from orders.payments.provider import Opened, Provider, ProviderAway, RefundResult, Result
from orders.payments.sandbox import Sandbox

__all__ = ["Opened", "Provider", "ProviderAway", "RefundResult", "Result", "offered", "provider_named"]

_ALL: dict[str, Provider] = {provider.code: provider for provider in (Sandbox(),)}


def provider_named(code: str) -> Provider:
    """The provider of this code. Refuses `unknown_provider` for one that the shop does not use."""
    if code not in settings.PAYMENT_PROVIDERS or code not in _ALL:
        raise Refused("unknown_provider")
    return _ALL[code]


def offered(currency: str) -> list[Provider]:
    """Those that can be paid with in this currency, in the order of the setting."""
    found = [_ALL[code] for code in settings.PAYMENT_PROVIDERS if code in _ALL]
    return [provider for provider in found if provider.takes(currency)]
