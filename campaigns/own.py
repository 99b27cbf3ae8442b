"""A merchant's own campaign: its goods alone, at its own cost, and each revision approved by the studio.

Its document is the merchant's to write: whatever it names is looked up among what the merchant has, so that a rival's product,
or a film that the merchant has no licence for, is refused in the same words as one that does not exist.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from campaigns.drafts import create_campaign
from campaigns.models import Campaign, Channel
from campaigns.rules import check_rule, studio_share_of
from campaigns.services import edit_campaign
from catalog.models import Market
from core.errors import Refused
from core.ids import new_public_id
from core.transactions import inside
from films.models import Film
from licensing.models import Licence
from merchants.models import Merchant

#: What a document may select by.
_OWN_KEYS = ("films", "categories", "licences", "products", "except")
_LONGEST_LIST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDocument:
    """The whole of it, as PUT and the form say it. `film`, `markets` and `channels` are slugs and codes."""

    name_en: str
    name_zh: str
    film: str | None
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    markets: Sequence[str]
    channels: Sequence[str]
    rule: dict[str, Any]
    discount: dict[str, Any]


@transaction.atomic(durable=True)
def create_own_campaign(merchant: Merchant, own_slug: str, document: OwnDocument, *, by: User | None) -> Campaign:
    """A draft under the merchant's own name for it. Refuses `slug_taken` and what `edit_own_campaign` refuses."""
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    if merchant.campaigns.filter(own_slug=own_slug).exists():
        raise Refused("slug_taken", slug=own_slug)
    public_id = new_public_id("cmp")
    return inside(create_campaign)(
        by=by,
        public_id=public_id,
        # Addresses are one room for all: random letters, so that nobody finds out which names others use.
        slug=f"{own_slug}-{public_id.removeprefix('cmp_')}",
        merchant=merchant,
        own_slug=own_slug,
        needs_approval=not merchant.is_sandbox,
        **_looked_up(merchant, document),
    )


@transaction.atomic(durable=True)
def edit_own_campaign(campaign: Campaign, document: OwnDocument, *, by: User | None) -> Campaign:
    """Put the whole document in the place of what was there. Refuses `wrong_state`, `bad_window`, `bad_rule`, `bad_discount`,
    `unknown_zone`, `unknown_market`, `unknown_channel`, `unknown_product`, `unknown_licence`."""
    assert campaign.merchant is not None
    fields = _looked_up(campaign.merchant, document)
    return inside(edit_campaign)(campaign, by=by, needs_approval=not campaign.merchant.is_sandbox, **fields)


def own_films(merchant: Merchant) -> QuerySet[Film]:
    """The films that the merchant has an executed licence for: of these it may know."""
    return Film.objects.filter(licences__merchant=merchant, licences__state=Licence.State.EXECUTED).distinct()


def own_markets(merchant: Merchant) -> QuerySet[Market]:
    """Where the merchant sells: a sandbox in the sandbox's market, everybody else in those that fans see."""
    return Market.objects.filter(is_public=not merchant.is_sandbox)


def own_channels() -> QuerySet[Channel]:
    return Channel.objects.filter(is_enabled=True, takes_merchants=True)


def _looked_up(merchant: Merchant, document: OwnDocument) -> dict[str, Any]:
    markets = {market.code: market for market in own_markets(merchant)}
    for code in document.markets:
        if code not in markets:
            raise Refused("unknown_market", market=code, choices=", ".join(markets))
    channels = {channel.code: channel for channel in own_channels()}
    for code in document.channels:
        if code not in channels:
            raise Refused("unknown_listing_channel", channel=code, choices=", ".join(channels))
    _check_rule(merchant, document.rule)
    if studio_share_of(document.discount):
        raise Refused("bad_discount", problem="the merchant funds all of it in a campaign of its own")
    return {
        "name_en": document.name_en,
        "name_zh": document.name_zh,
        "film": _film(merchant, document.film),
        "starts_at": document.starts_at,
        "ends_at": document.ends_at,
        "time_zone": document.time_zone,
        "markets": [markets[code] for code in dict.fromkeys(document.markets)],
        "channels": [channels[code] for code in dict.fromkeys(document.channels)],
        "rule": document.rule,
        "discount": document.discount,
    }


def _film(merchant: Merchant, slug: str | None) -> Film | None:
    if slug is None:
        return None
    found = own_films(merchant).filter(slug=slug).first()
    if found is None:
        raise Refused("bad_rule", problem=f"you have no licence for the film “{slug}”")
    return found


def _check_rule(merchant: Merchant, rule: Any) -> None:
    check_rule(rule)
    for key, values in rule.items():
        if key not in _OWN_KEYS:
            raise Refused("bad_rule", problem=f"“{key}” is not something that a campaign of yours selects by")
        if len(values) > _LONGEST_LIST:
            raise Refused("bad_rule", problem=f"“{key}” names more than {_LONGEST_LIST} things")
    named = {*rule.get("products", ()), *rule.get("except", ())}
    if unknown := named - set(merchant.products.filter(public_id__in=named).values_list("public_id", flat=True)):
        raise Refused("unknown_product", product=min(unknown))
    licences = set(rule.get("licences", ()))
    executed = merchant.licences.filter(number__in=licences).exclude(state=Licence.State.DRAFT)
    if unknown := licences - set(executed.values_list("number", flat=True)):
        raise Refused("unknown_licence", licence=min(unknown))
    films = set(rule.get("films", ()))
    if unknown := films - set(own_films(merchant).filter(slug__in=films).values_list("slug", flat=True)):
        raise Refused("bad_rule", problem=f"you have no licence for the film “{min(unknown)}”")
