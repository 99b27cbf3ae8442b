"""A campaign of the studio that invites, and two merchants with goods."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from campaigns.models import Campaign
from campaigns.own import OwnDocument
from campaigns.services import schedule_campaign
from campaigns.staging import stage_revision
from catalog.models import Product
from films.models import Film
from merchants.models import Merchant
from tests.factories import (
    NOW,
    make_campaign,
    make_channel,
    make_film,
    make_licence,
    make_market,
    make_merchant,
    make_product,
)


@dataclass
class Fair:
    """`mine` and `theirs` are each of another merchant, of one film, and nowhere in the campaign yet."""

    film: Film
    merchant: Merchant
    rival: Merchant
    mine: Product
    theirs: Product
    campaign: Campaign


def make_fair(**overrides: Any) -> Fair:
    film, merchant, rival = make_film("ferry"), make_merchant("keeper"), make_merchant("rival")
    goods = [make_product(licence=make_licence(film, who), sku=f"{who.slug}-mug") for who in (merchant, rival)]
    invited = {"rule": {}, "invites_until": NOW + timedelta(hours=12)}
    campaign = make_campaign(film, **invited | overrides)
    return Fair(film, merchant, rival, *goods, campaign)


def stage(campaign: Campaign) -> Campaign:
    stage_revision(schedule_campaign(campaign, by=None, at=NOW).pk)
    campaign.refresh_from_db()
    return campaign


def document(**overrides: Any) -> OwnDocument:
    """20 % off for a week from tomorrow, of everything in the category that all test products are in."""
    make_market("us"), make_channel("storefront")
    defaults: dict[str, Any] = {
        "name_en": "Mugs",
        "name_zh": "",
        "film": None,
        "starts_at": NOW + timedelta(days=1),
        "ends_at": NOW + timedelta(days=8),
        "time_zone": "Asia/Shanghai",
        "markets": ["us"],
        "channels": ["storefront"],
        "rule": {"categories": ["t-shirts"]},
        "discount": {"kind": "percent", "percent": "20"},
    }
    return OwnDocument(**defaults | overrides)


def listed(campaign: Campaign) -> list[str]:
    """Codes of what the campaign lists and wants listed."""
    wanted = campaign.listings.filter(is_wanted=True)
    return sorted(wanted.values_list("product__sku", flat=True))
