"""What the pages of campaigns say, in the reader's language and on the campaign's own clock. Every function is a read."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from campaigns import queries
from campaigns.entries import OTHER_FILM, is_open
from campaigns.layout import IN_SELL_OFF, NO_PRICE, NOT_ACTIVE, OFFER_LOWERS_NOTHING, PRICE_BELOW_FLOOR
from campaigns.models import Campaign, Entry
from campaigns.queries import partners
from catalog.models import Offer
from core.errors import Refused
from core.money import Money
from licensing.gate import Reason
from merchants.models import Merchant
from orders.outcomes import Sold, sold_by_market

Phase, State = Campaign.Phase, Campaign.State

#: Rows of each kind that a diff shows before it says how many more there are.
SAMPLE = 12
_TONES = {
    Phase.LIVE: "ok", Phase.SCHEDULED: "info", Phase.STAGING: "info", Phase.AWAITING_APPROVAL: "warn", Phase.PAUSED: "warn",
    Phase.CANCELLED: "bad", Phase.ROLLED_BACK: "bad",
}  # fmt: skip
_ENTRY_TONES = {Entry.State.OFFERED: "warn", Entry.State.ACCEPTED: "ok", Entry.State.DECLINED: "bad"}
_SIGNS = {
    "+": ("ok", gettext_lazy("added:")),
    "~": ("warn", gettext_lazy("changed:")),
    "−": ("bad", gettext_lazy("removed:")),
}
_REASONS: dict[str, Any] = {
    OTHER_FILM: gettext_lazy("It shows another film."),
    NO_PRICE: gettext_lazy("It has no price there."),
    NOT_ACTIVE: gettext_lazy("It is not active."),
    IN_SELL_OFF: gettext_lazy("Its licence sells the stock off in that time."),
    OFFER_LOWERS_NOTHING: gettext_lazy("The discount lowers nothing."),
    PRICE_BELOW_FLOOR: gettext_lazy("It would cost less than the licence allows."),
    Reason.TERRITORY_NOT_LICENSED: gettext_lazy("Its licence does not grant this market."),
    Reason.TERRITORY_EXCLUDED: gettext_lazy("Its licence excludes this market."),
    Reason.CATEGORY_NOT_LICENSED: gettext_lazy("Its licence does not grant this category."),
    Reason.ARTICLE_NOT_LICENSED: gettext_lazy("No licence of yours covers it."),
    Reason.TERM_NOT_STARTED: gettext_lazy("The licence's term has not begun then."),
    Reason.TERM_EXPIRED: gettext_lazy("The licence's term is over then."),
    Reason.APPROVAL_INCOMPLETE: gettext_lazy("It has not been approved yet."),
    Reason.EMBARGO_ACTIVE: gettext_lazy("It is under embargo then."),
}
_GROUPS = (
    ("open", gettext_lazy("Can be joined")),
    ("coming", gettext_lazy("Coming")),
    ("live", pgettext_lazy("campaigns", "Live")),
    ("over", pgettext_lazy("campaigns", "Over")),
)


def grouped(rows: Sequence[Campaign], *, at: datetime, language: str) -> list[dict[str, Any]]:
    """By what can be done about them. A campaign that can be joined is there, whatever else it is."""
    groups: dict[str, list[dict[str, Any]]] = {code: [] for code, _label in _GROUPS}
    for campaign in rows:
        groups[_group(campaign, at)].append(head(campaign, at=at, language=language))
    return [{"code": code, "label": label, "rows": groups[code]} for code, label in _GROUPS]


def _group(campaign: Campaign, at: datetime) -> str:
    phase = campaign.phase(at)
    if phase in {Phase.ENDED, Phase.CANCELLED, Phase.ROLLED_BACK}:
        return "over"
    if campaign.merchant_id is None and is_open(campaign, at):
        return "open"
    if phase == Phase.LIVE:
        return "live"
    return "over" if campaign.ends_at <= at else "coming"


def head(campaign: Campaign, *, at: datetime, language: str) -> dict[str, Any]:
    """Name, window, phase and what it gives."""
    phase = campaign.phase(at)
    is_own = campaign.merchant_id is not None
    label = phase.label if is_own or phase != Phase.DRAFT else _("In preparation")
    window = {"start": _local(campaign, campaign.starts_at), "end": _local(campaign, campaign.ends_at)}
    return {
        "campaign": campaign,
        "name": campaign.name_in(language),
        "film": campaign.film.title_in(language) if campaign.film else "",
        "is_own": is_own,
        "phase": label,
        "tone": _TONES.get(phase, "plain"),
        "window": _("%(start)s to %(end)s") % window,
        "zone": campaign.time_zone.rpartition("/")[2].replace("_", " "),
        "until": _local(campaign, campaign.invites_until) if campaign.invites_until else "",
        "discount": _discount(campaign),
        "countdown": _countdown(campaign, phase, at),
        "revision": campaign.published.number if campaign.published else None,
    }


def _local(campaign: Campaign, value: datetime) -> str:
    return formats.date_format(value.astimezone(ZoneInfo(campaign.time_zone)), "DATETIME_FORMAT")


def _discount(campaign: Campaign) -> str:
    discount = campaign.discount
    if discount.get("kind") == Offer.Kind.PERCENT:
        said = _("%(percent)s %% off") % {"percent": discount.get("percent", "")}
    elif discount.get("kind") in (Offer.Kind.AMOUNT, Offer.Kind.FIXED):
        amounts = ", ".join(
            f"{code.upper()} {amount}" for code, amount in sorted(discount.get("by_market", {}).items())
        )
        is_taken_off = discount["kind"] == Offer.Kind.AMOUNT
        said = (_("Taken off: %(amounts)s") if is_taken_off else _("Price: %(amounts)s")) % {"amounts": amounts}
    else:
        said = _("No discount")
    share = discount.get("studio_share")
    return said + " " + _("(the studio funds %(share)s %% of it)") % {"share": share} if share else said


def _countdown(campaign: Campaign, phase: Campaign.Phase, at: datetime) -> dict[str, Any] | None:
    """To the start, then to the end, of what is published."""
    published = campaign.published
    if published is None or phase not in {Phase.SCHEDULED, Phase.LIVE}:
        return None
    target = published.starts_at if phase == Phase.SCHEDULED else published.ends_at
    left = target - at
    seconds = int(left.total_seconds()) % 86_400
    numbers = (left.days, seconds // 3_600, seconds // 60 % 60, seconds % 60)
    codes, said = ("days", "hours", "minutes", "seconds"), (_("days"), _("hours"), _("minutes"), _("seconds"))
    return {
        "target": target.isoformat(),
        "label": _("until it goes live") if phase == Phase.SCHEDULED else _("until it ends"),
        "parts": [
            {"code": code, "value": f"{number:02}", "word": word}
            for code, number, word in zip(codes, numbers, said, strict=True)
        ],
    }


# -- joining ------------------------------------------------------------------------------------


def entry(row: Entry, language: str) -> dict[str, Any]:
    return {
        "entry": row,
        "title": row.product.title_in(language),
        "tone": _ENTRY_TONES[Entry.State(row.state)],
        "state": row.get_state_display(),
    }


def choice(row: partners.Choice, language: str) -> dict[str, Any]:
    return {
        "product": row.product,
        "title": row.product.title_in(language),
        "reasons": [reason(code) for code in row.reasons],
    }


def reason(code: str) -> str:
    """A sentence where there is one, else the code, which docs/gate.md explains."""
    return str(_REASONS.get(code, code))


# -- the diff -----------------------------------------------------------------------------------


def diff(campaign: Campaign, merchant: Merchant, *, at: datetime, language: str) -> dict[str, Any]:
    """What the next revision does to the merchant's goods, those offered included; or why there is none to show."""
    try:
        plan = queries.plan_campaign(
            campaign, at=at, sample=SAMPLE, merchant=merchant, offered=partners.offered_ids(campaign, merchant)
        )
    except Refused as refusal:
        return {"refusal": refusal.sentence}
    return plan.totals | {
        "channels": [_group_of(group, language) for group in plan.channels.values()],
        "refusals": [
            {"product": row.product, "market": row.market.upper(), "reasons": [reason(code) for code in row.reasons]}
            for row in plan.refusals
        ],
        "more_refusals": plan.refused - len(plan.refusals),
        "conflict_count": plan.conflicts_total,
        "conflicts": [
            {
                "product": row.product,
                "market": row.market.upper(),
                "verdict": _("With %(other)s: %(winner)s counts") % {"other": row.other, "winner": row.winner},
            }
            for row in plan.conflicts
        ],
    }


def _group_of(group: queries.ChannelPlan, language: str) -> dict[str, Any]:
    rows = [_change(change, language) for change in group.changes[:SAMPLE]]
    more = group.added + group.changed + group.removed - len(rows)
    counts = {"added": group.added, "changed": group.changed, "removed": group.removed, "unchanged": group.unchanged}
    return counts | {"channel": group.channel.name, "rows": rows, "more": more}


def _change(change: queries.Change, language: str) -> dict[str, Any]:
    tone, word = _SIGNS[change.sign]
    old, new = (_amount(amount, change.currency, language) for amount in (change.old_amount, change.new_amount))
    return {
        "sign": change.sign, "tone": tone, "word": word, "product": change.product, "market": change.market.upper(),
        "old": old if old != new else "", "new": new,
    }  # fmt: skip


def _amount(amount: int | None, currency: str, language: str) -> str:
    return Money(amount, currency).in_locale(language) if amount is not None else ""


# -- progress and outcome -----------------------------------------------------------------------


def progress(campaign: Campaign, merchant: Merchant, *, at: datetime) -> dict[str, Any]:
    """How far each channel has been told of the merchant's goods."""
    rows = [_progress_row(row) for row in queries.progress(campaign, merchant=merchant)]
    phase = campaign.phase(at)
    starts_soon = phase == Phase.SCHEDULED and campaign.starts_at - at < timedelta(minutes=5)
    is_waiting = phase == Phase.LIVE and any(row["waiting"] for row in rows)
    return {
        "rows": [row for row in rows if row["total"]],
        "problems": partners.refused_reasons(campaign, merchant),
        "is_moving": phase == Phase.STAGING or starts_soon or is_waiting,
        "revision": campaign.published.number if campaign.published else None,
    }


def _progress_row(row: queries.ChannelProgress) -> dict[str, Any]:
    failed = row.refused + row.dead
    counts = [
        (row.waiting, _("%(n)s staged")),
        (row.retry, _("%(n)s to be sent again")),
        (row.refused, _("%(n)s refused")),
        (row.dead, _("%(n)s given up")),
        (row.withdrawn, _("%(n)s withdrawn")),
    ]
    bar = (("sent", row.sent), ("retry", row.retry), ("failed", failed), ("gone", row.withdrawn))
    said = [_("%(sent)s of %(total)s sent") % {"sent": row.sent, "total": row.total}]
    return {
        "name": row.channel.name,
        "total": row.total,
        "waiting": row.waiting + row.retry,
        "words": ", ".join([*said, *(text % {"n": n} for n, text in counts if n)]),
        "parts": queries.bar_parts(bar, row.total),
    }


def outcome(campaign: Campaign, merchant: Merchant, *, at: datetime, language: str) -> dict[str, Any] | None:
    """How the launch went: instants, and what the listed goods sold against the same length of time before. Nothing
    before the start."""
    revision = campaign.published
    if revision is None or at < revision.starts_at:
        return None
    story = partners.launch_story(campaign, merchant)
    until = min(at, revision.ends_at)
    products = partners.listed_products(campaign, merchant)
    during = sold_by_market(merchant, products, since=revision.starts_at, until=until)
    before = sold_by_market(
        merchant, products, since=revision.starts_at - (until - revision.starts_at), until=revision.starts_at
    )
    instants = (
        (_("Published"), revision.published_at),
        (_("Went live"), revision.starts_at),
        (_("Last taken by a channel"), story.last_taken_at),
        (_("First found at a channel"), story.first_seen_at),
        (_("Verified"), story.verified_at),
    )
    return {
        "instants": [(label, value) for label, value in instants],
        "seen": _("%(seen)s of %(all)s listings found at their channels") % {"seen": story.seen, "all": story.listings},
        "sales": [_sales(code, during.get(code), before.get(code), language) for code in sorted({*during, *before})],
    }


def _sales(code: str, during: Sold | None, before: Sold | None, language: str) -> dict[str, Any]:
    def said(sold: Sold | None) -> str:
        return _amount(sold.amount, sold.currency, language) if sold else "–"

    return {
        "market": code.upper(),
        "pieces": during.pieces if during else 0,
        "amount": said(during),
        "pieces_before": before.pieces if before else 0,
        "amount_before": said(before),
    }


# -- the merchant's own -------------------------------------------------------------------------


def verbs(campaign: Campaign, *, at: datetime) -> dict[str, bool]:
    """Which buttons the state allows; the services decide."""
    is_gone = campaign.state == State.CANCELLED
    return {
        "edit": not is_gone,
        "send": campaign.state not in (State.CANCELLED, State.PAUSED) and campaign.ends_at > at,
        "roll_back": campaign.published_id is not None,
        "cancel": campaign.state not in (State.CANCELLED, State.ROLLED_BACK),
    }


def kept(conflicts: Sequence[dict[str, Any]], language: str) -> list[dict[str, str]]:
    """Later edits that a rollback keeps."""
    return [
        {
            "title": row["title"],
            "market": row.get("market", "").upper(),
            "kept": _amount(row["kept"], row["currency"], language) if row["what"] == "price" else _("Edited"),
        }
        for row in conflicts
    ]
