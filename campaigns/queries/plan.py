"""The plan: what scheduling would do, shown before anything is written."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from campaigns.documents import Terms, digest_of, document_of, terms_of
from campaigns.layout import Entry, Refusal, competing_offers, lay_out, listing_ids, own_offer
from campaigns.models import Campaign, Channel, Listing, Revision
from campaigns.rules import check_rule, studio_share_of
from catalog.facts import FactsReader, ProductFacts
from catalog.models import Product, ShelfSpan
from catalog.shelf import best_offer
from core.bulk import in_pages
from merchants.models import Merchant

PAGE = 2_000


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
    product_id: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two campaigns on one product, and which counts: priority, then lower price, then the older one."""

    product: str
    market: str
    other: str
    winner: str
    product_id: str = ""


@dataclass(frozen=True, slots=True)
class RefusedListing:
    product: str
    market: str
    reasons: tuple[str, ...]
    product_id: str = ""


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
    #: How much of the discount the studio funds, in basis points, and how much of what is live now.
    studio_share: int = 0
    live_studio_share: int = 0
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
        is_share_same = self.studio_share == self.live_studio_share
        return is_share_same and not (totals["added"] or totals["changed"] or totals["removed"])


def plan_campaign(
    campaign: Campaign,
    *,
    at: datetime,
    sample: int = 50,
    merchant: Merchant | None = None,
    offered: Collection[str] = (),
) -> Plan:
    """The difference between what the campaign now says and what is listed. Page by page, in bounded memory.

    `merchant`: nothing but that merchant's goods, and no campaign named but its own. `offered` are public ids of products
    that are looked at as if they had been accepted. Refuses `bad_rule` and `bad_discount`.
    """
    check_rule(campaign.rule, may_be_empty=campaign.invites_until is not None)
    document = document_of(campaign)
    revision = campaign.revisions.filter(digest=digest_of(document)).order_by("-number").first()
    digest = digest_of(document)
    if offered:
        document["entries"] = sorted({*document.get("entries", ()), *offered})
    terms = terms_of(
        campaign,
        document,
        number=revision.number if revision else 0,
        promotion_id=revision.promotion_id if revision else None,
    )
    plan = Plan(
        digest=digest,
        studio_share=studio_share_of(document["discount"]),
        live_studio_share=campaign.published.promotion.studio_share if campaign.published else 0,
        channels={channel.pk: ChannelPlan(channel) for channel in terms.channels},
    )
    reader = FactsReader(terms.markets)
    products = terms.products() if merchant is None else terms.products().filter(merchant=merchant)
    for ids in in_pages(products.values_list("pk", flat=True).iterator(chunk_size=PAGE), PAGE):
        _plan_page(plan, reader, terms, ids, _Names(ids, terms, merchant), sample)
    _plan_removals(plan, campaign, terms, merchant, sample)
    return plan


def _plan_page(plan: Plan, reader: FactsReader, terms: Terms, ids: list[int], names: "_Names", sample: int) -> None:
    page = reader.read(ids, lock=False)
    layout = lay_out(reader, page, terms)
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
            _count(
                plan.channels[channel_id],
                entry,
                standing.get((entry.product_id, entry.market_id, channel_id)),
                names,
                sample,
            )
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
        assert winner is not None
        plan.conflicts.append(names.conflict(entry, others[0].promotion_id, winner.promotion_id, own.promotion_id))


def _plan_removals(plan: Plan, campaign: Campaign, terms: Terms, merchant: Merchant | None, sample: int) -> None:
    """Listings that stand and that the new rule, markets or channels no longer select."""
    gone = Listing.objects.filter(campaign=campaign, is_wanted=True).exclude(
        product__in=terms.products().values("pk"),
        market__in=[market.pk for market in terms.markets],
        channel__in=[channel.pk for channel in terms.channels],
    )
    if merchant is not None:
        gone = gone.filter(product__merchant=merchant)
    for channel in Channel.objects.filter(pk__in=gone.values("channel")):
        of_channel = gone.filter(channel=channel)
        entry = plan.channels.setdefault(channel.pk, ChannelPlan(channel))
        entry.removed = of_channel.count()
        for listing in of_channel.select_related("product", "market").order_by("pk")[:sample]:
            entry.changes.append(
                Change(
                    "−",
                    channel.name,
                    listing.product.title_en,
                    listing.market.code,
                    listing.market.currency,
                    None,
                    None,
                    listing.product.public_id,
                )
            )


class _Names:
    """The names behind a page's ids, read when the first sample row asks."""

    def __init__(self, ids: Collection[int], terms: Terms, merchant: Merchant | None) -> None:
        self._ids, self._terms, self._merchant = list(ids), terms, merchant
        self._products: dict[int, tuple[str, str]] = {}
        self._markets = {market.pk: market for market in terms.markets}
        self._shown: dict[tuple[int, int], int] = {}

    def change(self, sign: str, channel: Channel, entry: Entry) -> Change:
        market = self._markets[entry.market_id]
        old = self._amounts_before().get((entry.product_id, entry.market_id))
        title, name = self._product(entry.product_id)
        return Change(sign, channel.name, title, market.code, market.currency, old, entry.state.amount, name)

    def refused(self, refusal: Refusal) -> RefusedListing:
        title, name = self._product(refusal.product_id)
        return RefusedListing(title, self._markets[refusal.market_id].code, refusal.reasons, name)

    def conflict(self, entry: Entry, other: int, winner: int, own: int) -> Conflict:
        """`other`, `winner` and `own` are promotions; a person knows them as campaigns."""
        revisions = Revision.objects.filter(promotion__in=(other, winner))
        found = revisions.values_list("promotion", "campaign__name_en", "campaign__merchant")
        names = {promotion: self._may_be_named(name, merchant) for promotion, name, merchant in found}
        names[own] = self._terms.campaign.name_en
        (title, name), market = self._product(entry.product_id), self._markets[entry.market_id].code
        return Conflict(title, market, names.get(other, str(other)), names.get(winner, str(winner)), name)

    def _may_be_named(self, name: str, merchant_id: int | None) -> str:
        """The studio may have campaigns that a merchant does not know of yet."""
        is_known = self._merchant is None or self._merchant.pk == merchant_id
        return name if is_known else _("another campaign of the studio")

    def _product(self, product_id: int) -> tuple[str, str]:
        """Its title and public id."""
        if not self._products:
            rows = Product.objects.filter(pk__in=self._ids).values_list("pk", "title_en", "public_id")
            self._products = {pk: (title, name) for pk, title, name in rows}
        return self._products[product_id]

    def _amounts_before(self) -> dict[tuple[int, int], int]:
        if not self._shown:
            spans = ShelfSpan.objects.at(self._terms.starts_at).filter(product__in=self._ids, promotion=None)
            self._shown = {(p, m): a for p, m, a in spans.values_list("product_id", "market_id", "amount")}
        return self._shown
