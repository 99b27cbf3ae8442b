"""The parts of a campaign's page that read a lot and may be asked for alone: the plan, the progress, a rollback."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns import queries
from campaigns.admin.words import local, verb_url
from campaigns.models import Campaign, Listing, SyncRun
from core.errors import Refused
from core.money import Money

Phase = Campaign.Phase

#: Rows of each kind that the plan shows before it says how many more there are.
SAMPLE = 12
FAILED = (Listing.State.REFUSED, Listing.State.DEAD)
OPEN_RUNS = (SyncRun.State.PENDING, SyncRun.State.RUNNING)

# -- the plan -----------------------------------------------------------------------------------

_SIGNS = {
    "+": ("added", gettext_lazy("added:")),
    "~": ("changed", gettext_lazy("changed:")),
    "−": ("removed", gettext_lazy("removed:")),
}


def plan(campaign: Campaign, *, at: datetime) -> dict[str, Any]:
    """The difference to what is live, or the sentence that says why there is none."""
    try:
        found = queries.plan_campaign(campaign, at=at, sample=SAMPLE)
    except Refused as refusal:
        return {"refusal": refusal.sentence}
    return found.totals | {
        "made": _("Against what is live now. Made %(when)s.") % {"when": local(campaign, at, "j F, H:i:s")},
        "funding": _funding(found),
        "channels": [_plan_group(group) for group in found.channels.values()],
        "refusals": [
            {"product": row.product, "market": row.market.upper(), "reasons": ", ".join(row.reasons)}
            for row in found.refusals
        ],
        "more_refusals": found.refused - len(found.refusals),
        "conflict_count": found.conflicts_total,
        "conflicts": [
            {
                "product": row.product,
                "market": row.market.upper(),
                "verdict": _("With %(other)s: %(winner)s counts") % {"other": row.other, "winner": row.winner},
            }
            for row in found.conflicts
        ],
    }


def _funding(found: queries.Plan) -> str:
    """Who pays for the discount, where the studio pays anything of it or did so."""
    if not (found.studio_share or found.live_studio_share):
        return ""
    new, old = (_percent(share) for share in (found.studio_share, found.live_studio_share))
    if new == old:
        return _("The studio funds %(share)s %% of the discount.") % {"share": new}
    return _("The studio funds %(share)s %% of the discount; of what is live now, %(live)s %%.") % {
        "share": new, "live": old,
    }  # fmt: skip


def _percent(points: int) -> str:
    """Basis points as people write percent: 2550 is 25.5."""
    return f"{Decimal(points) / 100:f}"


def _plan_group(group: queries.ChannelPlan) -> dict[str, Any]:
    rows = [_plan_row(change) for change in group.changes[:SAMPLE]]
    return {
        "channel": group.channel.name,
        "added": group.added,
        "changed": group.changed,
        "removed": group.removed,
        "unchanged": group.unchanged,
        "rows": rows,
        "more": group.added + group.changed + group.removed - len(rows),
    }


def _plan_row(change: queries.Change) -> dict[str, Any]:
    tone, word = _SIGNS[change.sign]
    old, new = (_amount(amount, change.currency) for amount in (change.old_amount, change.new_amount))
    return {
        "sign": change.sign,
        "tone": tone,
        "word": word,
        "product": change.product,
        "market": change.market.upper(),
        "old": old if old != new else "",
        "new": new,
    }


def _amount(amount: int | None, currency: str) -> str:
    return Money(amount, currency).in_locale("en") if amount is not None else ""


# -- progress -----------------------------------------------------------------------------------


def progress(campaign: Campaign, *, at: datetime, may_act: bool) -> dict[str, Any]:
    """Per channel how far it has been told, and the latest runs."""
    problems = _problems(campaign)
    rows = [
        _progress_row(campaign, row, problems.get(row.channel.pk, ""), may_act) for row in queries.progress(campaign)
    ]
    runs = list(campaign.runs.select_related("channel")[:6])
    is_running = any(run.state in OPEN_RUNS for run in runs)
    is_live = campaign.phase(at) in {Phase.STAGING, Phase.LIVE}
    unfinished = is_live and any(row["waiting"] for row in rows)
    starts_soon = campaign.phase(at) == Phase.SCHEDULED and campaign.starts_at - at < timedelta(minutes=5)
    return {
        "rows": rows,
        "runs": [{"pk": run.pk, "name": _run_name(run), "words": _run_words(campaign, run)} for run in runs],
        "is_moving": is_running or unfinished or starts_soon,
        "summary": _("Running") if is_running else "",
    }


def _problems(campaign: Campaign) -> dict[int, str]:
    """Each channel's commonest problem."""
    rows = (
        Listing.objects.filter(campaign=campaign, state__in=FAILED)
        .exclude(problem="")
        .values_list("channel", "problem")
        .annotate(count=Count("pk"))
        .order_by("count")
    )
    return {channel: problem for channel, problem, _count in rows}


def _progress_row(campaign: Campaign, row: queries.ChannelProgress, problem: str, may_act: bool) -> dict[str, Any]:
    failed = row.refused + row.dead
    counts = (("sent", row.sent), ("retry", row.retry), ("failed", failed), ("gone", row.withdrawn))
    words = _("%(sent)s of %(total)s") % {"sent": f"{row.sent:,}", "total": f"{row.total:,}"}
    extra = [
        _("%(n)s to be sent again") % {"n": row.retry} if row.retry else "",
        _("%(n)s failed") % {"n": failed} if failed else "",
        _("%(n)s withdrawn") % {"n": row.withdrawn} if row.withdrawn else "",
    ]
    refused = ngettext("%(n)s listing refused: %(why)s.", "%(n)s listings refused: %(why)s.", failed)
    # The list shows one state at a time: the one that has the most to say.
    state = Listing.State.DEAD if row.dead > row.refused else Listing.State.REFUSED
    filters = {"campaign__id__exact": campaign.pk, "channel__id__exact": row.channel.pk, "state__exact": state}
    return {
        "name": row.channel.name,
        "channel_id": row.channel.pk,
        "total": row.total,
        "sent": row.sent,
        "waiting": row.waiting + row.retry,
        "words": ", ".join([words, *filter(None, extra)]) if row.total else _("Waits for staging"),
        "parts": queries.bar_parts(counts, row.total),
        "problem": refused % {"n": failed, "why": problem.rstrip(".") or _("no reason given")} if failed else "",
        "list_url": reverse("admin:campaigns_listing_changelist") + "?" + urlencode(filters) if failed else "",
        "again_url": verb_url(campaign, "send-again") if failed and may_act else "",
    }


def _run_name(run: SyncRun) -> str:
    name = str(run.get_kind_display())
    return f"{name}, {run.channel.name}" if run.channel else name


def _run_words(campaign: Campaign, run: SyncRun) -> str:
    counts = (
        (_("%(n)s planned"), run.planned),
        (_("%(n)s staged"), run.staged),
        (_("%(n)s unchanged"), run.unchanged),
        (_("%(n)s pushed"), run.pushed),
        (_("%(n)s refused"), run.refused),
        (_("%(n)s failed"), run.failed),
    )
    said = [words % {"n": f"{n:,}"} for words, n in counts if n]
    state = str(run.get_state_display())
    return ", ".join([state, local(campaign, run.created_at, "j M, H:i"), *said, *filter(None, [run.problem])])


# -- before a rollback -----------------------------------------------------------------------------


def rollback(campaign: Campaign, *, at: datetime) -> dict[str, Any]:
    """What a rollback restores, and the later edits it keeps."""
    conflicts = queries.rollback_preview(campaign, at=at)
    return {
        "before": campaign.published.replaces if campaign.published else None,
        "conflicts": [
            {
                "title": row["title"],
                "market": row.get("market", "").upper(),
                "kept": _amount(row["kept"], row["currency"]) if row["what"] == "price" else _("Edited"),
            }
            for row in conflicts
        ],
    }
