"""Data for tests: plain functions with sensible defaults and keyword overrides. Nothing is random."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from accounts.models import User
from campaigns.models import Campaign, Channel
from catalog.models import Market, Price, Product, Stock, Variant
from catalog.shelf_store import recompile_products
from core.clock import ALWAYS
from films.models import Film
from licensing.models import Category, Grant, Licence
from merchants.models import Merchant

#: The instant at which tests begin, unless they say otherwise.
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

_numbers = count(1)

MARKETS: dict[str, dict[str, Any]] = {
    "cn": {"currency": "CNY", "countries": ["CN"], "time_zone": "Asia/Shanghai", "default_language": "zh-hans"},
    "hk": {"currency": "HKD", "countries": ["HK"], "time_zone": "Asia/Hong_Kong", "default_language": "zh-hans"},
    "us": {"currency": "USD", "countries": ["US"], "time_zone": "America/New_York", "prices_include_tax": False},
    "eu": {"currency": "EUR", "countries": ["DE", "FR", "IT"], "time_zone": "Europe/Paris"},
}


def make_market(code: str = "us", **overrides: Any) -> Market:
    defaults = {"name_en": code.upper(), "name_zh": code.upper(), **MARKETS.get(code, MARKETS["us"])}
    return Market.objects.get_or_create(code=code, defaults=defaults | overrides)[0]


def make_film(slug: str | None = None, **overrides: Any) -> Film:
    slug = slug or f"film-{next(_numbers)}"
    return Film.objects.create(
        slug=slug, **{"title_en": slug.replace("-", " ").title(), "title_zh": "电影"} | overrides
    )


def make_merchant(slug: str | None = None, **overrides: Any) -> Merchant:
    slug = slug or f"merchant-{next(_numbers)}"
    defaults = {"name": slug.title(), "state": Merchant.State.APPROVED, "country": "CN"}
    return Merchant.objects.create(slug=slug, **defaults | overrides)


def make_category(code: str = "t-shirts", **overrides: Any) -> Category:
    return Category.objects.get_or_create(code=code, defaults={"name_en": code.title()} | overrides)[0]


def make_licence(
    film: Film,
    merchant: Merchant,
    *,
    countries: Sequence[str] = ("*",),
    excluded: Sequence[str] = (),
    channels: Sequence[str] = ("*",),
    category: Category | None = None,
    **overrides: Any,
) -> Licence:
    """An executed licence of 2026 to 2027 with one grant."""
    defaults = {
        "number": f"LIC-{next(_numbers):04}",
        "state": Licence.State.EXECUTED,
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2027, 12, 31),
        "needs_approval": False,
    }
    licence = Licence.objects.create(film=film, merchant=merchant, **defaults | overrides)
    Grant.objects.create(
        licence=licence,
        category=category,
        countries=list(countries),
        excluded_countries=list(excluded),
        channels=list(channels),
    )
    return licence


def make_product(
    *,
    licence: Licence | None = None,
    category: Category | None = None,
    prices: dict[str, int] | None = None,
    variants: int = 1,
    stock: int = 10,
    on_shelf: bool = True,
    **overrides: Any,
) -> Product:
    """An active product with `variants` variants at `prices` (minor units by market code; the n-th costs n × 100 more),
    compiled on to the shelf."""
    number = next(_numbers)
    if licence is None:
        licence = make_licence(
            overrides.pop("film", None) or make_film(), overrides.pop("merchant", None) or make_merchant()
        )
    defaults = {
        "slug": f"product-{number}",
        "sku": f"SKU-{number}",
        "title_en": f"Product {number}",
        "title_zh": f"商品 {number}",
        "state": Product.State.ACTIVE,
        "film": licence.film,
        "merchant": licence.merchant,
    }
    product = Product.objects.create(licence=licence, category=category or make_category(), **defaults | overrides)
    for i in range(variants):
        variant = Variant.objects.create(product=product, sku=f"{product.sku}-{i}", position=i)
        Stock.objects.create(variant=variant, on_hand=stock)
        for code, amount in (prices if prices is not None else {"us": 3800}).items():
            Price.objects.create(variant=variant, market=make_market(code), amount=amount + 100 * i, starts_at=ALWAYS)
    if on_shelf:
        recompile_products([product.pk])
    return product


def make_user(username: str = "desk", **overrides: Any) -> User:
    return User.objects.create_user(username=username, **{"is_staff": True, "is_superuser": True} | overrides)


def make_channel(code: str = "storefront", **overrides: Any) -> Channel:
    return Channel.objects.get_or_create(code=code, defaults={"name": code.title(), "adapter": code} | overrides)[0]


def make_campaign(
    film: Film | None = None,
    *,
    markets: Sequence[str] = ("us",),
    channels: Sequence[str] = ("storefront",),
    **overrides: Any,
) -> Campaign:
    """A draft campaign over the film's products: 20 % off, a week long, from a day after NOW."""
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "slug": f"campaign-{number}",
        "name_en": f"Campaign {number}",
        "film": film,
        "starts_at": datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
        "ends_at": datetime(2026, 11, 30, 12, 0, tzinfo=UTC),
        "rule": {"films": [film.slug]} if film else {},
        "discount": {"kind": "percent", "percent": "20"},
    }
    campaign = Campaign.objects.create(**defaults | overrides)
    campaign.markets.set([make_market(code) for code in markets])
    campaign.channels.set([make_channel(code) for code in channels])
    return campaign
