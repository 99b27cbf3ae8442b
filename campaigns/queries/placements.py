"""What fans are shown of a campaign besides its goods."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from campaigns.models import Campaign, Revision
from catalog.models import Market
from core.prepared import Prepared, columns_of, instances
from films.models import Film
from films.queries import films_named


@dataclass(frozen=True, slots=True)
class LivePlacement:
    """A campaign as a page shows it: counting down from its announcement, live from its start."""

    campaign: Campaign
    film: Film | None
    markets: tuple[str, ...]
    slot: str
    texts: dict[str, str]
    announced_at: datetime
    starts_at: datetime
    ends_at: datetime
    is_live: bool

    @property
    def promotion_id(self) -> int:
        assert self.campaign.published is not None
        return self.campaign.published.promotion_id

    def headline_in(self, language: str) -> str:
        return (self.texts["headline_zh"] if language.startswith("zh") else "") or self.texts["headline_en"]

    def lede_in(self, language: str) -> str:
        return (self.texts["lede_zh"] if language.startswith("zh") else "") or self.texts["lede_en"]


def placements_at(market: Market, at: datetime, slot: str) -> list[LivePlacement]:
    """The announced and live placements of `slot` ("": of any) in `market`: live ones first, then by priority, start and age.

    What was published counts, not what is being edited. A campaign whose film's title is under embargo in the market is
    not announced there. Two queries.
    """
    campaigns = [_published(row) for row in _CAMPAIGNS(at=at, market=market.pk)]
    slugs = {campaign.published.document["film"] for campaign in campaigns if campaign.published} - {None}
    films = films_named(slugs, at=at, countries=market.countries)
    found = [
        placement
        for campaign in campaigns
        for placement in _placements(campaign, films)
        if slot in ("", placement.slot) and placement.announced_at <= at and market.code in placement.markets
    ]
    live = [placement for placement in found if placement.starts_at <= at]
    waiting = [placement for placement in found if placement.starts_at > at]
    return [replace(placement, is_live=True) for placement in live] + waiting


def _placements(campaign: Campaign, films: dict[str, Film]) -> list[LivePlacement]:
    revision = campaign.published
    assert revision is not None
    document = revision.document
    if document["film"] and document["film"] not in films:
        return []
    return [
        LivePlacement(
            campaign=campaign,
            film=films.get(document["film"]),
            markets=tuple(document["markets"]),
            slot=texts["slot"],
            texts=texts,
            announced_at=datetime.fromisoformat(texts["announced_at"]),
            starts_at=revision.starts_at,
            ends_at=revision.ends_at,
            is_live=False,
        )
        for texts in document["placements"]
    ]


#: What a page shows of a campaign, and of what is published of it.
_CAMPAIGN = columns_of(Campaign, only=("id", "slug", "name_en", "name_zh", "time_zone", "published_id"))
_REVISION = columns_of(Revision, only=("id", "campaign_id", "promotion_id", "document", "starts_at", "ends_at"))


def _campaigns(*, at: datetime, market: int) -> QuerySet[Any, Any]:
    return (
        Campaign.objects.filter(state=Campaign.State.SCHEDULED, published__ends_at__gt=at)
        .exclude(published__promotion__held_markets=market)
        .order_by("-priority", "published__starts_at", "pk")
        .values_list(*_CAMPAIGN, *(f"published__{name}" for name in _REVISION))
    )


_CAMPAIGNS = Prepared(_campaigns)


def _published(row: tuple[Any, ...]) -> Campaign:
    [campaign] = instances(Campaign, _CAMPAIGN, [row[: len(_CAMPAIGN)]])
    [campaign.published] = instances(Revision, _REVISION, [row[len(_CAMPAIGN) :]])
    return campaign
