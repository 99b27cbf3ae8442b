"""The launch checklist: every line computed from rows, with its evidence."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from celery import current_app
from django.db.models import Q
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from campaigns.models import Campaign, Due, SyncRun
from catalog.models import Product, ShelfSpan, Stock


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
    return CheckItem(
        "staged", _("Every listing is staged"), is_done, True, run.problem or evidence if run else evidence
    )


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
    has_pieces = Q(on_hand__gt=0) | Q(pre_order_cap__gt=0)
    stocked = Stock.objects.filter(has_pieces, variant__product__in=products).values("variant__product")
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
            .filter(
                product__listings__campaign=campaign,
                product__listing=Product.Listing.CAMPAIGN,
                promotion=campaign.published.promotion_id,
            )
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
    return CheckItem(
        "approval",
        _("A second person approves"),
        is_done,
        True,
        str(revision.approved_by) if is_done and revision else "",
    )


def _check_kill_switch(campaign: Campaign) -> CheckItem:
    held = list(campaign.published.promotion.held_markets.all()) if campaign.published else []
    evidence = ", ".join(str(market) for market in held) or _("No market is held")
    return CheckItem(
        "kill_switch", _("Campaign and markets can be stopped"), campaign.published is not None, False, evidence
    )


def _check_seen(campaign: Campaign) -> CheckItem:
    due = (
        Due.objects.filter(campaign=campaign, kind=Due.Kind.VERIFY, revision=campaign.published_id)
        .exclude(result={})
        .last()
    )
    result: dict[str, Any] = due.result if due else {}
    evidence = (
        _("%(seen)s seen, %(missing)s missing") % result if result.get("seen") is not None else _("After the launch")
    )
    return CheckItem(
        "seen", _("Each listing is seen live"), bool(result.get("seen")) and not result.get("missing"), False, evidence
    )
