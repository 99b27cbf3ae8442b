"""Merchants in the demo's campaigns: goods offered and accepted, and a merchant's own campaign that waits for approval."""

from datetime import datetime

from accounts.models import User
from campaigns.drafts import create_campaign
from campaigns.entries import accept_entries, offer_products
from campaigns.models import Campaign, Channel
from campaigns.own import OwnDocument, create_own_campaign
from campaigns.queries.partners import choices
from campaigns.services import schedule_campaign
from catalog.models import Market
from demo.files import Row, instant, read_table
from demo.rows import Tally
from merchants.models import Member, Merchant


def load_joining(now: datetime, desk: User) -> Tally:
    """Each campaign once, by its name."""
    tally = Tally()
    told = read_table("joining")
    for row in told["invitations"]:
        if Campaign.objects.filter(slug=row["slug"]).exists():
            tally.unchanged += 1
        else:
            _invite(row, now, desk)
            tally.created += 1
    for row in told["own"]:
        merchant = Merchant.objects.get(slug=row["merchant"])
        if merchant.campaigns.filter(own_slug=row["slug"]).exists():
            tally.unchanged += 1
        else:
            _own(merchant, row, now)
            tally.created += 1
    return tally


def _invite(row: Row, now: datetime, desk: User) -> None:
    campaign = create_campaign(
        by=desk,
        slug=row["slug"],
        markets=list(Market.objects.filter(code__in=row["markets"])),
        channels=list(Channel.objects.filter(code__in=row["channels"])),
        rule={},
        **{name: instant(row[name], now) for name in ("starts_at", "ends_at", "invites_until")},
        **{name: row[name] for name in ("name_en", "name_zh", "time_zone", "discount")},
    )
    for told in row["offered"]:
        merchant = Merchant.objects.get(slug=told["merchant"])
        found, _has_more = choices(campaign, merchant)
        names = [one.product.public_id for one in found if not one.reasons][: told["products"]]
        offer_products(campaign, merchant, names, by=_member(merchant), at=now)
        entries = list(campaign.entries.filter(product__merchant=merchant).order_by("pk")[: told["accepted"]])
        accept_entries(campaign, entries, by=desk, at=now)


def _own(merchant: Merchant, row: Row, now: datetime) -> None:
    by, starts_at, ends_at = _member(merchant), instant(row["starts_at"], now), instant(row["ends_at"], now)
    assert starts_at is not None
    assert ends_at is not None
    document = OwnDocument(
        film=None,
        starts_at=starts_at,
        ends_at=ends_at,
        rule={"categories": row["categories"]},
        **{name: row[name] for name in ("name_en", "name_zh", "time_zone", "markets", "channels", "discount")},
    )
    campaign = create_own_campaign(merchant, row["slug"], document, by=by)
    schedule_campaign(campaign, by=by, at=now)


def _member(merchant: Merchant) -> User:
    return merchant.members.filter(role=Member.Role.OWNER).order_by("pk")[0].user
