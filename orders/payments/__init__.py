"""Payment providers behind one interface (provider.py). Which of them the shop offers, the setting PAYMENT_PROVIDERS says."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from core.errors import Refused
from orders.payments.provider import Opened, Provider, ProviderAway, RefundResult, Result

__all__ = [
    "KEYS",
    "PRETEND",
    "Opened",
    "Provider",
    "ProviderAway",
    "RefundResult",
    "Result",
    "offered",
    "provider_named",
]

#: What pays the orders of sandboxes. The shop offers it to nobody, whatever the setting says.
PRETEND = "pretend"
#: Only those that are used are read: an SDK takes a third of a second.
_WHERE = {
    PRETEND: "orders.payments.pretend.Pretend",
    "sandbox": "orders.payments.sandbox.Sandbox",
    "alipay": "orders.payments.alipay.Alipay",
    "stripe": "orders.payments.stripe.Stripe",
}
#: The settings without which each of them can do nothing.
KEYS = {
    "sandbox": ("SANDBOX_PRIVATE_KEY",),
    "alipay": ("ALIPAY_APP_ID", "ALIPAY_PRIVATE_KEY", "ALIPAY_PUBLIC_KEY"),
    "stripe": ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"),
}


def provider_named(code: str) -> Provider:
    """The provider of this code. Refuses `unknown_provider` for one that the shop does not use."""
    if code == PRETEND:
        return _made(code)
    if code not in settings.PAYMENT_PROVIDERS or code not in _WHERE:
        raise Refused("unknown_provider")
    return _made(code)


def offered(currency: str) -> list[Provider]:
    """Those that can be paid with in this currency, in the order of the setting."""
    found = [_made(code) for code in settings.PAYMENT_PROVIDERS if code in _WHERE and code != PRETEND]
    return [provider for provider in found if provider.takes(currency)]


@cache
def _made(code: str) -> Provider:
    made: Provider = import_string(_WHERE[code])()
    return made
