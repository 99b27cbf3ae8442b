"""Times and addresses as a campaign's page says them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import formats

from campaigns.models import Campaign


def zone_name(campaign: Campaign) -> str:
    """ "Asia/Shanghai" as people say it."""
    return campaign.time_zone.rpartition("/")[2].replace("_", " ")


def local(campaign: Campaign, value: datetime, pattern: str = "j M Y, H:i") -> str:
    """`value` on the campaign's own clock."""
    return formats.date_format(value.astimezone(ZoneInfo(campaign.time_zone)), pattern)


def desk_url(campaign: Campaign) -> str:
    return reverse("admin:campaigns_campaign_desk", args=[campaign.pk])


def verb_url(campaign: Campaign, code: str) -> str:
    return reverse("admin:campaigns_campaign_verb", args=[campaign.pk, code])
