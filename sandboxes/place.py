"""Where sandboxes are: a market of its own in a country of its own, and a film that nobody else hears of.

Nothing keeps a sandbox's goods out of real markets but what keeps everybody's goods where they belong: licences that grant one
country, and an embargo that never lifts elsewhere.
"""

from django.db import transaction

from catalog.models import Market
from core.clock import FOREVER
from core.territories import SANDBOX, every_country
from films.models import Embargo, Film, Tier
from licensing.models import Category

MARKET = "sandbox"
#: ISO 4217 keeps it for tests.
CURRENCY = "XTS"
_FILM = "sandbox-film"
_CATEGORY = "sandbox-goods"
_CHANNEL = "sandbox"


def sandbox_market() -> Market:
    return Market.objects.get_or_create(
        code=MARKET,
        defaults={
            "name_en": "Sandbox", "name_zh": "沙盒", "currency": CURRENCY, "countries": [SANDBOX], "time_zone": "UTC",
            "position": 32_000, "is_public": False,
        },
    )[0]  # fmt: skip


@transaction.atomic
def sandbox_film() -> Film:
    """One for all sandboxes. Its title is under an embargo in every country of the world."""
    names = {"title_en": "The Sandbox", "title_zh": "沙盒", "year": 2026, "position": 32_000}
    film, is_new = Film.objects.get_or_create(slug=_FILM, defaults=names)
    if is_new:
        Embargo.objects.bulk_create(
            Embargo(film=film, tier=Tier.TITLE, country=country, lifts_at=FOREVER)
            for country in sorted(every_country())
        )
    return film


def sandbox_category() -> Category:
    """The shop's first, since categories are everybody's; one of its own only where there is none."""
    first = Category.objects.order_by("position", "pk").first()
    if first is not None:
        return first
    names = {"name_en": "Sandbox goods", "name_zh": "沙盒商品", "position": 32_000}
    return Category.objects.get_or_create(code=_CATEGORY, defaults=names)[0]


def channel_code() -> str:
    return _CHANNEL
