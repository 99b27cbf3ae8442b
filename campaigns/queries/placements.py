"""What fans are shown of a campaign besides its goods."""

from dataclasses import dataclass, replace
from datetime import datetime

from campaigns.models import Campaign
from catalog.models import Market
from films.models import Film


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
    campaigns = (
        Campaign.objects.filter(state=Campaign.State.SCHEDULED, published__ends_at__gt=at)
        .exclude(published__promotion__held_markets=market)
        .select_related("published")
        .order_by("-priority", "published__starts_at", "pk")
    )
    revisions = [campaign.published for campaign in campaigns if campaign.published]
    slugs = {revision.document["film"] for revision in revisions} - {None}
    visible = Film.objects.visible(at=at, countries=market.countries)
    films = {film.slug: film for film in visible.filter(slug__in=slugs)} if slugs else {}
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
