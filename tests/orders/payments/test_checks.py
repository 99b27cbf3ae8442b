"""What the site does not start with."""

from typing import Any

import pytest

from core.errors import Refused
from orders.payments import KEYS, checks, offered, provider_named
from tests.orders.payments.conftest import Pair


def said(settings: Any, providers: str, **keys: str) -> list[tuple[str, str]]:
    settings.PAYMENT_PROVIDERS = providers.split(",") if providers else []
    for name in {name for names in KEYS.values() for name in names}:
        setattr(settings, name, keys.get(name, ""))
    return [(str(message.id), message.msg) for message in checks.providers()]


def test_no_provider_is_no_fault(settings: Any) -> None:
    assert said(settings, "") == []


def test_each_with_its_keys_is_in_order(settings: Any, shop_keys: Pair, provider_keys: Pair) -> None:
    private, public = shop_keys.private, provider_keys.public

    assert said(settings, "sandbox", SANDBOX_PRIVATE_KEY=private) == []
    assert said(settings, "alipay", ALIPAY_APP_ID="1", ALIPAY_PRIVATE_KEY=private, ALIPAY_PUBLIC_KEY=public) == []
    assert said(settings, "stripe", STRIPE_SECRET_KEY="sk_1", STRIPE_WEBHOOK_SECRET="whsec_1") == []


def test_a_name_that_is_none_is_refused(settings: Any) -> None:
    assert [code for code, _text in said(settings, "paypal")] == ["orders.E001"]


def test_missing_keys_are_refused_one_by_one(settings: Any) -> None:
    assert said(settings, "stripe", STRIPE_SECRET_KEY="sk_1") == [
        ("orders.E002", "PAYMENT_PROVIDERS names 'stripe', and STRIPE_WEBHOOK_SECRET is empty")
    ]


def test_a_key_that_cannot_be_read_is_refused_and_not_repeated(settings: Any, shop_keys: Pair) -> None:
    # The two of Alipay changed places, and one that is cut off.
    found = said(
        settings, "alipay",
        ALIPAY_APP_ID="1", ALIPAY_PRIVATE_KEY=shop_keys.private[:200], ALIPAY_PUBLIC_KEY=shop_keys.private,
    )  # fmt: skip

    assert [code for code, _text in found] == ["orders.E003"] * 2
    assert not any("MII" in text or "BEGIN" in text for _code, text in found)


def test_the_sandbox_beside_real_money_is_warned_of(settings: Any, shop_keys: Pair) -> None:
    keys = {"SANDBOX_PRIVATE_KEY": shop_keys.private, "STRIPE_SECRET_KEY": "sk_1", "STRIPE_WEBHOOK_SECRET": "whsec_1"}

    assert [code for code, _text in said(settings, "sandbox,stripe", **keys)] == ["orders.W001"]


def test_what_is_offered_is_in_the_setting_s_order_and_takes_the_currency(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["stripe", "alipay", "sandbox"]

    assert [provider.code for provider in offered("CNY")] == ["stripe", "alipay", "sandbox"]
    assert [provider.code for provider in offered("USD")] == ["stripe", "sandbox"]
    assert [provider.code for provider in offered("KWD")] == ["sandbox"]
    settings.PAYMENT_PROVIDERS = ["alipay"]
    with pytest.raises(Refused):
        provider_named("sandbox")
