"""Reads: the plan, the checklist, progress, what a rollback will find, and what fans are shown of a campaign."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from celery import current_app
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from campaigns.documents import Terms, digest_of, document_of, terms_of
from campaigns.layout import Entry, Refusal, competing_offers, lay_out, listing_ids, own_offer
from campaigns.models import Campaign, Channel, Due, Listing, Placement, Revision, SyncRun
from campaigns.rules import check_rule, products_of
from catalog.facts import FactsReader, ProductFacts
from catalog.models import Market, Price, Product, ShelfSpan, Stock
from catalog.shelf import best_offer
from core.bulk import in_pages
from films.models import Film

PAGE = 2_000

# -- what fans see ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LivePlacement:
    """A campaign as a page shows it: counting down from its announcement, live from its start."""

    campaign: Campaign
    film: Film | None
    slot: str
    texts: dict[str, str]
    announced_at: datetime
    starts_at: datetime
    ends_at: datetime
    is_live: bool

    def headline_in(self, language: str) -> str:
        return (self.texts["headline_zh"] if language.startswith("zh") else "") or self.texts["headline_en"]

    def lede_in(self, language: str) -> str:
        return (self.texts["lede_zh"] if language.startswith("zh") else "") or self.texts["lede_en"]


def placements_at(market: Market, at: datetime, slot: str = Placement.Slot.HOME_HERO) -> list[LivePlacement]:
    """The announced and live placements of `slot` in `market`: live ones first, then by priority, start and age.

    A campaign whose film's title is under embargo in the market is not announced there. One query.
    """
    visible = Film.objects.visible(at=at, countries=market.countries)
    campaigns = (
        Campaign.objects.filter(
            Q(film=None) | Q(film__in=visible), state=Campaign.State.SCHEDULED, published__ends_at__gt=at
        )
        .exclude(published__promotion__held_markets=market)
        .select_related("film", "published")
        .order_by("-priority", "published__starts_at", "pk")
    )
    found = [
        placement
        for campaign in campaigns
        for placement in _placements(campaign)
        if placement.slot == slot and placement.announced_at <= at and market.code in campaign.published.document["markets"]  # type: ignore[union-attr]
    ]
    live = [placement for placement in found if placement.starts_at <= at]
    return [_live(placement) for placement in live] + [placement for placement in found if placement not in live]


def announced_campaigns(at: datetime) -> list[Campaign]:
    """Campaigns the public may know of: live, or with a placement announced, of a film that some market may know."""
    campaigns = (
        Campaign.objects.filter(state=Campaign.State.SCHEDULED, published__ends_at__gt=at)
        .select_related("film", "published")
        .order_by("updated_at", "pk")
    )
    return [
        campaign
        for campaign in campaigns
        if campaign.published.starts_at <= at or any(p.announced_at <= at for p in _placements(campaign))  # type: ignore[union-attr]
    ]


def _placements(campaign: Campaign) -> list[LivePlacement]:
    revision = campaign.published
    assert revision is not None
    return [
        LivePlacement(
            campaign=campaign,
            film=campaign.film,
            slot=texts["slot"],
            texts=texts,
            announced_at=datetime.fromisoformat(texts["announced_at"]),
            starts_at=revision.starts_at,
            ends_at=revision.ends_at,
            is_live=False,
        )
        for texts in revision.document["placements"]
    ]


def _live(placement: LivePlacement) -> LivePlacement:
    return LivePlacement(
        placement.campaign, placement.film, placement.slot, placement.texts, placement.announced_at,
        placement.starts_at, placement.ends_at, is_live=True,
    )  # fmt: skip


# -- the plan ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """One listing of the plan: + added, ~ changed, − removed. Amounts in minor units; None: not seen then."""

    sign: str
    channel: str
    product: str
    market: str
    currency: str
    old_amount: int | None
    new_amount: int | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two campaigns on one product, and which counts: priority, then lower price, then the older one."""

    product: str
    market: str
    other: str
    winner: str


@dataclass(frozen=True, slots=True)
class RefusedListing:
    product: str
    market: str
    reasons: tuple[str, ...]


@dataclass
class ChannelPlan:
    channel: Channel
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    changes: list[Change] = field(default_factory=list)


@dataclass
class Plan:
    """What scheduling would do, computed without writing anything. Samples hold the first rows of each kind."""

    digest: str
    products: int = 0
    channels: dict[int, ChannelPlan] = field(default_factory=dict)
    refused: int = 0
    refusals_by_reason: Counter[str] = field(default_factory=Counter)
    refusals: list[RefusedListing] = field(default_factory=list)
    conflicts_total: int = 0
    conflicts: list[Conflict] = field(default_factory=list)

    @property
    def totals(self) -> dict[str, int]:
        plans = self.channels.values()
        return {
            "added": sum(plan.added for plan in plans),
            "changed": sum(plan.changed for plan in plans),
            "removed": sum(plan.removed for plan in plans),
            "unchanged": sum(plan.unchanged for plan in plans),
            "refused": self.refused,
        }

    @property
    def is_empty(self) -> bool:
        totals = self.totals
        return not (totals["added"] or totals["changed"] or totals["removed"])


def plan_campaign(campaign: Campaign, *, at: datetime, sample: int = 50) -> Plan:
    """The difference between what the campaign now says and what is listed. Page by page, in bounded memory.

    Refuses `bad_rule` and `bad_discount`.
    """
    check_rule(campaign.rule)
    document = document_of(campaign)
    revision = campaign.revisions.filter(digest=digest_of(document)).order_by("-number").first()
    terms = terms_of(
        campaign,
        document,
        number=revision.number if revision else 0,
        promotion_id=revision.promotion_id if revision else None,
    )
    plan = Plan(digest=digest_of(document), channels={channel.pk: ChannelPlan(channel) for channel in terms.channels})
    reader = FactsReader(terms.markets)
    for ids in in_pages(products_of(terms.rule).values_list("pk", flat=True).iterator(chunk_size=PAGE), PAGE):
        _plan_page(plan, reader, terms, ids, at, sample)
    _plan_removals(plan, campaign, terms, sample)
    return plan


def _plan_page(plan: Plan, reader: FactsReader, terms: Terms, ids: list[int], at: datetime, sample: int) -> None:
    page = reader.read(ids, lock=False)
    layout = lay_out(reader, page, terms)
    names = _Names(ids, terms)
    plan.products += len(ids)
    plan.refused += len(layout.refusals)
    for refusal in layout.refusals:
        plan.refusals_by_reason[refusal.reasons[0]] += 1
        if len(plan.refusals) < sample:
            plan.refusals.append(names.refused(refusal))
    standing = {
        (product_id, market_id, channel_id): digest
        for product_id, market_id, channel_id, digest in Listing.objects.filter(
            campaign=terms.campaign, product__in=ids, is_wanted=True
        ).values_list("product_id", "market_id", "channel_id", "digest")
    }
    for entry in layout.entries:
        for channel_id, _public_id in listing_ids(terms, entry):
            _count(plan.channels[channel_id], entry, standing.get((entry.product_id, entry.market_id, channel_id)), names, sample)
    _find_conflicts(plan, page, layout.entries, terms, names, sample)


def _count(plan: ChannelPlan, entry: Entry, digest: str | None, names: "_Names", sample: int) -> None:
    if digest == entry.digest:
        plan.unchanged += 1
        return
    sign = "+" if digest is None else "~"
    if digest is None:
        plan.added += 1
    else:
        plan.changed += 1
    if len(plan.changes) < sample:
        plan.changes.append(names.change(sign, plan.channel, entry))


def _find_conflicts(
    plan: Plan, page: list[ProductFacts], entries: list[Entry], terms: Terms, names: "_Names", sample: int
) -> None:
    by_id = {product.product_id: product for product in page}
    for entry in entries:
        product = by_id[entry.product_id]
        others = competing_offers(product, entry.market_id, terms)
        if not others:
            continue
        plan.conflicts_total += 1
        if len(plan.conflicts) >= sample:
            continue
        own = own_offer(terms, entry.market_id)
        meets_at = max(terms.starts_at, others[0].starts_at)
        regular = [steps[0][1] for steps in product.prices[entry.market_id] if steps[0][1]]
        winner = best_offer([own, *others], regular or [1], meets_at)
        plan.conflicts.append(names.conflict(entry, others[0].promotion_id, winner is own))


def _plan_removals(plan: Plan, campaign: Campaign, terms: Terms, sample: int) -> None:
    """Listings that stand and that the new rule, markets or channels no longer select."""
    gone = Listing.objects.filter(campaign=campaign, is_wanted=True).exclude(
        product__in=products_of(terms.rule).values("pk"),
        market__in=[market.pk for market in terms.markets],
        channel__in=[channel.pk for channel in terms.channels],
    )
    for channel in Channel.objects.filter(pk__in=gone.values("channel")):
        of_channel = gone.filter(channel=channel)
        entry = plan.channels.setdefault(channel.pk, ChannelPlan(channel))
        entry.removed = of_channel.count()
        for listing in of_channel.select_related("product", "market").order_by("pk")[:sample]:
            entry.changes.append(
                Change("−", channel.name, listing.product.title_en, listing.market.code, listing.market.currency, None, None)
            )


class _Names:
    """The names behind a page's ids, read when the first sample row asks."""

    def __init__(self, ids: Collection[int], terms: Terms) -> None:
        self._ids, self._terms = list(ids), terms
        self._titles: dict[int, str] = {}
        self._markets = {market.pk: market for market in terms.markets}
        self._shown: dict[tuple[int, int], int] = {}

    def change(self, sign: str, channel: Channel, entry: Entry) -> Change:
        market = self._markets[entry.market_id]
        old = self._amounts_before().get((entry.product_id, entry.market_id))
        title = self._title(entry.product_id)
        return Change(sign, channel.name, title, market.code, market.currency, old, entry.state.amount)

    def refused(self, refusal: Refusal) -> RefusedListing:
        return RefusedListing(self._title(refusal.product_id), self._markets[refusal.market_id].code, refusal.reasons)

    def conflict(self, entry: Entry, promotion_id: int, is_ours: bool) -> Conflict:
        revision = Revision.objects.select_related("campaign").filter(promotion=promotion_id).first()
        other = revision.campaign.name_en if revision else str(promotion_id)
        winner = self._terms.campaign.name_en if is_ours else other
        return Conflict(self._title(entry.product_id), self._markets[entry.market_id].code, other, winner)

    def _title(self, product_id: int) -> str:
        if not self._titles:
            self._titles = dict(Product.objects.filter(pk__in=self._ids).values_list("pk", "title_en"))
        return self._titles[product_id]

    def _amounts_before(self) -> dict[tuple[int, int], int]:
        if not self._shown:
            spans = ShelfSpan.objects.at(self._terms.starts_at).filter(product__in=self._ids, promotion=None)
            self._shown = {(p, m): a for p, m, a in spans.values_list("product_id", "market_id", "amount")}
        return self._shown


# -- progress, checklist, rollback ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChannelProgress:
    channel: Channel
    total: int
    sent: int
    waiting: int
    retry: int
    refused: int
    dead: int
    withdrawn: int


def progress(campaign: Campaign) -> list[ChannelProgress]:
    """How far each channel has been told. Two queries."""
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    rows = Listing.objects.filter(campaign=campaign).values("channel", "state").annotate(n=Count("pk"))
    for row in rows.values_list("channel", "state", "n"):
        counts[row[0]][row[1]] += row[2]
    return [
        ChannelProgress(
            channel=channel,
            total=sum(counts[channel.pk].values()),
            sent=counts[channel.pk][Listing.State.SENT],
            waiting=counts[channel.pk][Listing.State.STAGED],
            retry=counts[channel.pk][Listing.State.RETRY],
            refused=counts[channel.pk][Listing.State.REFUSED],
            dead=counts[channel.pk][Listing.State.DEAD],
            withdrawn=counts[channel.pk][Listing.State.WITHDRAWN],
        )
        for channel in Channel.objects.filter(pk__in=list(counts) or campaign.channels.values("pk"))
    ]


@dataclass(frozen=True, slots=True)
class CheckItem:
    """A line of the launch checklist: done, or open; an open one may block the launch. With its evidence."""

    code: str
    label: str
    is_done: bool
    is_blocking: bool
    evidence: str


def checklist(campaign: Campaign, *, at: datetime) -> list[CheckItem]:
    """The launch checklist, computed from rows each time it is looked at."""
    run = campaign.runs.filter(kind=SyncRun.Kind.STAGE).first()
    return [
        _check_staged(campaign, run),
        _check_rights(run),
        _check_price_and_window(campaign, at),
        _check_stock(campaign),
        _check_channels(campaign),
        _check_leaks(campaign, at),
        _check_workers(),
        _check_approval(campaign),
        _check_kill_switch(campaign),
        _check_seen(campaign),
    ]


def _check_staged(campaign: Campaign, run: SyncRun | None) -> CheckItem:
    is_done = campaign.published is not None and run is not None and run.state == SyncRun.State.DONE
    evidence = _("%(done)s listings of %(products)s products") % {
        "done": (run.staged + run.unchanged) if run else 0,
        "products": run.planned if run else 0,
    }
    return CheckItem("staged", _("Every listing is staged"), is_done, True, run.problem or evidence if run else evidence)


def _check_rights(run: SyncRun | None) -> CheckItem:
    refused = run.refused if run else 0
    evidence = _("%(refused)s refused") % {"refused": refused}
    return CheckItem("rights", _("The licences cover every listing"), run is not None and not refused, False, evidence)


def _check_price_and_window(campaign: Campaign, at: datetime) -> CheckItem:
    is_done = campaign.starts_at < campaign.ends_at and campaign.ends_at > at
    evidence = f"{campaign.starts_at:%Y-%m-%d %H:%M} – {campaign.ends_at:%Y-%m-%d %H:%M} UTC"
    return CheckItem("window", _("Price, offer and window are valid"), is_done, True, evidence)


def _check_stock(campaign: Campaign) -> CheckItem:
    products = campaign.listings.filter(is_wanted=True).values("product")
    stocked = Stock.objects.filter(on_hand__gt=0, variant__product__in=products).values("variant__product")
    empty = products.exclude(product__in=stocked).distinct().count()
    evidence = _("%(count)s products without stock") % {"count": empty}
    return CheckItem("stock", _("Every product has stock"), not empty, False, evidence)


def _check_channels(campaign: Campaign) -> CheckItem:
    runs = [r for r in campaign.runs.filter(kind=SyncRun.Kind.REHEARSAL) if r.revision_id == campaign.published_id]
    latest = {run.channel_id: run for run in reversed(runs)}
    failed = sum(run.failed for run in latest.values())
    is_done = bool(latest) and not failed and all(run.state == SyncRun.State.DONE for run in latest.values())
    evidence = _("%(failed)s problems") % {"failed": failed} if latest else _("Not rehearsed")
    return CheckItem("channels", _("Every channel's payload is valid"), is_done, False, evidence)


def _check_leaks(campaign: Campaign, at: datetime) -> CheckItem:
    """As an anonymous visitor: what only this campaign shows is on no market's shelf before its start."""
    hits = 0
    if campaign.published is not None and at < campaign.published.starts_at:
        hits = (
            ShelfSpan.objects.at(at)
            .filter(product__listings__campaign=campaign, product__listing=Product.Listing.CAMPAIGN, promotion=campaign.published.promotion_id)
            .count()
        )
    return CheckItem("leaks", _("Nothing is seen early"), not hits, True, _("%(hits)s hits") % {"hits": hits})


def _check_workers() -> CheckItem:
    try:
        with current_app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=0, timeout=1)
        is_done, evidence = True, _("The broker answers")
    except (OperationalError, OSError) as error:
        is_done, evidence = False, str(error)[:120]
    return CheckItem("workers", _("Workers can be reached"), is_done, False, evidence)


def _check_approval(campaign: Campaign) -> CheckItem:
    revision = campaign.revisions.first()
    if not campaign.needs_approval:
        return CheckItem("approval", _("A second person approves"), True, False, _("Not asked for"))
    is_done = revision is not None and revision.approved_by is not None
    return CheckItem("approval", _("A second person approves"), is_done, True, str(revision.approved_by) if is_done and revision else "")


def _check_kill_switch(campaign: Campaign) -> CheckItem:
    held = list(campaign.published.promotion.held_markets.all()) if campaign.published else []
    evidence = ", ".join(str(market) for market in held) or _("No market is held")
    return CheckItem("kill_switch", _("Campaign and markets can be stopped"), campaign.published is not None, False, evidence)


def _check_seen(campaign: Campaign) -> CheckItem:
    due = Due.objects.filter(campaign=campaign, kind=Due.Kind.VERIFY, revision=campaign.published_id).exclude(result={}).last()
    result: dict[str, Any] = due.result if due else {}
    evidence = _("%(seen)s seen, %(missing)s missing") % result if result.get("seen") is not None else _("After the launch")
    return CheckItem("seen", _("Each listing is seen live"), bool(result.get("seen")) and not result.get("missing"), False, evidence)


def rollback_preview(campaign: Campaign, *, at: datetime) -> list[dict[str, Any]]:
    """The later edits that a rollback now would keep and list."""
    return later_edits(campaign, campaign.published)[0] if campaign.published else []


def later_edits(campaign: Campaign, revision: Revision, most: int = 200) -> tuple[list[dict[str, Any]], int]:
    """What people changed of the campaign's products since `revision` was published: (the first `most`, how many)."""
    since = revision.published_at
    products = Listing.objects.filter(campaign=campaign).values("product")
    prices = Price.objects.filter(
        variant__product__in=products, created_at__gt=since, market__in=campaign.markets.all()
    ).select_related("market", "variant__product")
    repriced = prices.values("variant__product")
    edited = Product.objects.filter(pk__in=products, updated_at__gt=since).exclude(pk__in=repriced)
    conflicts: list[dict[str, Any]] = [
        {
            "what": "price",
            "product": price.variant.product.public_id,
            "title": price.variant.product.title_en,
            "market": price.market.code,
            "kept": price.amount,
            "currency": price.market.currency,
            "at": price.created_at.isoformat(),
        }
        for price in prices.order_by("pk")[:most]
    ]
    conflicts += [
        {"what": "product", "product": p.public_id, "title": p.title_en, "kept": p.title_en, "at": p.updated_at.isoformat()}
        for p in edited.order_by("pk")[: most - len(conflicts)]
    ]
    return conflicts, prices.count() + edited.count()
