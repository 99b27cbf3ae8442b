"""Merchants join the studio's campaigns: goods are offered, taken back, accepted and declined.

Accepted goods are part of the campaign's next revision, so nothing is listed, or ceases to be, before the studio schedules it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import models, transaction

from accounts.models import User
from accounts.services import record
from campaigns.documents import document_of, terms_of
from campaigns.layout import lay_out
from campaigns.models import Campaign, Entry
from campaigns.rules import check_rule
from catalog.facts import FactsReader
from catalog.models import Product
from core.errors import Refused
from merchants.models import Merchant

#: Of one merchant for one campaign.
MOST = 500
#: The product shows another film than the campaign.
OTHER_FILM = "OTHER_FILM"
NOT_ACTIVE = "NOT_ACTIVE"

_JOINED = (Entry.State.OFFERED, Entry.State.ACCEPTED)
_OVER = (Campaign.State.CANCELLED, Campaign.State.ROLLED_BACK)


@transaction.atomic(durable=True)
def offer_products(
    campaign: Campaign, merchant: Merchant, products: Collection[str], *, by: User | None, at: datetime
) -> int:
    """Offer these too (public ids), also what was declined or taken back before; returns how many are new. All of them or
    none. Refuses `invitation_closed`, `unknown_product`, `entries_refused`, `too_many_entries`."""
    campaign = locked(campaign)
    return _offer(campaign, merchant, set(products), by=by, at=at)


@transaction.atomic(durable=True)
def set_entries(
    campaign: Campaign, merchant: Merchant, products: Collection[str], *, by: User | None, at: datetime
) -> None:
    """The merchant's whole list: what is new in it is offered, what is no longer in it is taken back. What the studio has
    declined stays so while it is in the list. Refuses what `offer_products` refuses."""
    campaign = locked(campaign)
    standing = entries_of(campaign, merchant).exclude(state=Entry.State.WITHDRAWN)
    names = set(standing.values_list("product__public_id", flat=True))
    if fresh := set(products) - names:
        _offer(campaign, merchant, fresh, by=by, at=at)
    _take_back(campaign, merchant, names - set(products), by=by, at=at)


@transaction.atomic(durable=True)
def withdraw_products(
    campaign: Campaign, merchant: Merchant, products: Collection[str], *, by: User | None, at: datetime
) -> int:
    """Take goods back; returns how many. Also after the invitation has closed: what is listed stays until the studio
    schedules the campaign again."""
    return _take_back(locked(campaign), merchant, products, by=by, at=at)


@transaction.atomic(durable=True)
def accept_entries(campaign: Campaign, entries: Sequence[Entry], *, by: User | None, at: datetime) -> int:
    """The studio takes these into the campaign's next revision; returns how many. Refuses `wrong_state` when one of them was
    taken back meanwhile."""
    return _decide(campaign, entries, Entry.State.ACCEPTED, "", by=by, at=at)


@transaction.atomic(durable=True)
def decline_entries(campaign: Campaign, entries: Sequence[Entry], *, reason: str, by: User | None, at: datetime) -> int:
    """The studio does not, or no longer, and says why. Refuses `reason_missing`, `wrong_state`."""
    if not reason.strip():
        raise Refused("reason_missing")
    return _decide(campaign, entries, Entry.State.DECLINED, reason.strip(), by=by, at=at)


def entries_of(campaign: Campaign, merchant: Merchant) -> models.QuerySet[Entry]:
    return campaign.entries.filter(product__merchant=merchant)


def is_open(campaign: Campaign, at: datetime) -> bool:
    """Whether goods can be offered at `at`."""
    until = campaign.invites_until
    return until is not None and at < until and at < campaign.ends_at and campaign.state not in _OVER


def refusals(campaign: Campaign, products: Sequence[Product]) -> dict[str, tuple[str, ...]]:
    """Why these could not be listed in any market of the campaign, by public id; nothing of those that could. A constant
    number of queries. Refuses `bad_rule`, `bad_discount` while the studio's draft is not in order."""
    check_rule(campaign.rule, may_be_empty=True)
    terms = terms_of(campaign, document_of(campaign), number=0, promotion_id=None)
    reader = FactsReader(terms.markets)
    layout = lay_out(reader, reader.read([product.pk for product in products], lock=False), terms)
    listed = {entry.product_id for entry in layout.entries}
    found: dict[int, dict[str, None]] = {}
    for refusal in layout.refusals:
        found.setdefault(refusal.product_id, {}).update(dict.fromkeys(refusal.reasons))
    told: dict[str, tuple[str, ...]] = {}
    for product in products:
        if campaign.film_id is not None and product.film_id != campaign.film_id:
            told[product.public_id] = (OTHER_FILM,)
        elif product.pk not in listed:
            told[product.public_id] = tuple(found.get(product.pk, (NOT_ACTIVE,)))
    return told


def locked(campaign: Campaign) -> Campaign:
    return Campaign.objects.select_for_update(of=("self",)).select_related("published", "film").get(pk=campaign.pk)


def _offer(campaign: Campaign, merchant: Merchant, names: set[str], *, by: User | None, at: datetime) -> int:
    if not is_open(campaign, at):
        raise Refused("invitation_closed")
    products = list(merchant.products.filter(public_id__in=names).order_by("pk"))
    if unknown := names - {product.public_id for product in products}:
        raise Refused("unknown_product", product=min(unknown))
    standing = {entry.product_id: entry for entry in entries_of(campaign, merchant).select_for_update(of=("self",))}
    fresh = [product for product in products if not _is_joined(standing.get(product.pk))]
    if sum(map(_is_joined, standing.values())) + len(fresh) > MOST:
        raise Refused("too_many_entries", most=MOST)
    if refused := refusals(campaign, fresh):
        skus = {product.public_id: product.sku for product in fresh}
        told = ", ".join(f"{skus[name]} ({', '.join(reasons)})" for name, reasons in refused.items())
        raise Refused("entries_refused", products=told, refused=refused)
    for product in fresh:
        values = {"state": Entry.State.OFFERED, "reason": "", "by": by, "at": at}
        Entry.objects.update_or_create(campaign=campaign, product=product, defaults=values)
    if fresh:
        record(
            "campaign.goods_offered",
            campaign,
            by=by,
            of=merchant,
            merchant=merchant.slug,
            products=[p.sku for p in fresh],
        )
    return len(fresh)


def _is_joined(entry: Entry | None) -> bool:
    return entry is not None and entry.state in _JOINED


def _take_back(campaign: Campaign, merchant: Merchant, names: Collection[str], *, by: User | None, at: datetime) -> int:
    entries = entries_of(campaign, merchant).exclude(state=Entry.State.WITHDRAWN)
    entries = entries.filter(product__public_id__in=names)
    skus = sorted(entries.values_list("product__sku", flat=True))
    if skus:
        ids = list(entries.values_list("pk", flat=True))
        Entry.objects.filter(pk__in=ids).update(state=Entry.State.WITHDRAWN, reason="", by=by, at=at)
        record("campaign.goods_taken_back", campaign, by=by, of=merchant, merchant=merchant.slug, products=skus)
    return len(skus)


def _decide(
    campaign: Campaign, entries: Sequence[Entry], state: Entry.State, reason: str, *, by: User | None, at: datetime
) -> int:
    campaign = locked(campaign)
    chosen = campaign.entries.filter(pk__in=[entry.pk for entry in entries]).select_for_update(of=("self",))
    rows = list(chosen.select_related("product").order_by("pk"))
    if any(row.state == Entry.State.WITHDRAWN for row in rows):
        raise Refused("wrong_state", state=Entry.State.WITHDRAWN.label)
    Entry.objects.filter(pk__in=[row.pk for row in rows]).update(state=state, reason=reason[:300], by=by, at=at)
    if rows:
        campaign.save(update_fields=["updated_at"])
        verb = "campaign.entries_accepted" if state == Entry.State.ACCEPTED else "campaign.entries_declined"
        record(verb, campaign, by=by, products=[row.product.sku for row in rows], reason=reason)
    return len(rows)
