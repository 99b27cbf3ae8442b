"""What a campaign's page says, in the words and the local time of its reader. Every function is a read."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import AuditEntry, User
from campaigns import queries
from campaigns.models import Campaign, Due, Listing, Revision, SyncRun
from core.errors import Refused
from core.money import Money

Phase = Campaign.Phase

#: Rows of each kind that the plan shows before it says how many more there are.
SAMPLE = 12
FAILED = (Listing.State.REFUSED, Listing.State.DEAD)
OPEN_RUNS = (SyncRun.State.PENDING, SyncRun.State.RUNNING)


def desk_url(campaign: Campaign) -> str:
    return reverse("admin:campaigns_campaign_desk", args=[campaign.pk])


def addresses(campaign: Campaign) -> dict[str, str]:
    """Where the page's fragments come from."""
    return {
        "plan_url": reverse("admin:campaigns_campaign_plan", args=[campaign.pk]),
        "plan_page_url": desk_url(campaign) + "?plan=1",
        "progress_url": reverse("admin:campaigns_campaign_progress", args=[campaign.pk]),
        "film_css_url": reverse("admin:campaigns_campaign_colours", args=[campaign.pk]),
    }


def campaign_page(campaign: Campaign, *, at: datetime, by: User, may_act: bool) -> dict[str, Any]:
    """Everything but the plan, which reads the whole selection and is asked for by itself."""
    shown_progress = progress(campaign, at=at, may_act=may_act)
    revisions = list(campaign.revisions.select_related("created_by", "approved_by")[:20])
    items = queries.checklist(campaign, at=at)
    return addresses(campaign) | {
        "phase": campaign.phase(at),
        "window": _window(campaign),
        "zone_name": _("%(zone)s time") % {"zone": zone_name(campaign)},
        "revision": campaign.published,
        "countdown": countdown(campaign, at=at),
        "art_url": _art_url(campaign),
        "progress": shown_progress,
        "figures": _figures(campaign, shown_progress["rows"], revisions),
        "events": _events(campaign, at),
        "revisions": [_revision_row(campaign, revision) for revision in revisions],
        "checklist": items,
        "checklist_summary": _("%(done)s of %(all)s done") % {"done": sum(i.is_done for i in items), "all": len(items)},
        "markets": _markets(campaign, may_act),
        "trail": _trail(campaign),
        "consequence": _consequence(campaign, items, revisions, by, at),
    }


# -- the head -----------------------------------------------------------------------------------


def zone_name(campaign: Campaign) -> str:
    """ "Asia/Shanghai" as people say it."""
    return campaign.time_zone.rpartition("/")[2].replace("_", " ")


def local(campaign: Campaign, value: datetime, pattern: str = "j M Y, H:i") -> str:
    return formats.date_format(value.astimezone(ZoneInfo(campaign.time_zone)), pattern)


def _window(campaign: Campaign) -> str:
    return _("%(start)s to %(end)s, %(zone)s") % {
        "start": local(campaign, campaign.starts_at, "j F Y, H:i"),
        "end": local(campaign, campaign.ends_at, "j F Y, H:i"),
        "zone": zone_name(campaign),
    }


def countdown(campaign: Campaign, *, at: datetime) -> dict[str, Any] | None:
    """To the start, then to the end, of what is published; nothing when neither lies ahead by the clock."""
    phase, published = campaign.phase(at), campaign.published
    if published is None or phase not in {Phase.SCHEDULED, Phase.LIVE}:
        return None
    target = published.starts_at if phase == Phase.SCHEDULED else published.ends_at
    left = target - at
    seconds = int(left.total_seconds()) % 86_400
    numbers = (left.days, seconds // 3_600, seconds // 60 % 60, seconds % 60)
    words = (_("days"), _("hours"), _("minutes"), _("seconds"))
    codes = ("days", "hours", "minutes", "seconds")
    return {
        "target": target.isoformat(),
        "label": _("until it goes live") if phase == Phase.SCHEDULED else _("until it ends"),
        "parts": [
            {"code": code, "value": f"{number:02}", "word": word}
            for code, number, word in zip(codes, numbers, words, strict=True)
        ],
    }


def _art_url(campaign: Campaign) -> str:
    art = campaign.film and campaign.film.artworks.filter(kind="wide").first()
    return art.file.url if art else ""


def _figures(campaign: Campaign, rows: list[dict[str, Any]], revisions: list[Revision]) -> list[dict[str, Any]]:
    channels, newest = [row["name"] for row in rows], revisions[0] if revisions else None
    markets = [market.code.upper() for market in campaign.markets.all()]
    total = sum(row["total"] for row in rows)
    sent = sum(row["sent"] for row in rows)
    return [
        {"label": _("Listings"), "value": f"{total:,}", "remark": _("%(sent)s acknowledged") % {"sent": f"{sent:,}"}},
        {"label": _("Markets"), "value": len(markets), "remark": ", ".join(markets)},
        {"label": _("Channels"), "value": len(channels), "remark": ", ".join(channels)},
        {
            "label": _("Revision"),
            "value": newest.number if newest else "–",
            "remark": newest.get_state_display() if newest else _("Not scheduled yet"),
        },
    ]


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
        ngettext("%(n)s to be sent again", "%(n)s to be sent again", row.retry) % {"n": row.retry} if row.retry else "",
        ngettext("%(n)s failed", "%(n)s failed", failed) % {"n": failed} if failed else "",
        ngettext("%(n)s withdrawn", "%(n)s withdrawn", row.withdrawn) % {"n": row.withdrawn} if row.withdrawn else "",
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
        "parts": _parts(counts, row.total),
        "problem": refused % {"n": failed, "why": problem.rstrip(".") or _("no reason given")} if failed else "",
        "list_url": reverse("admin:campaigns_listing_changelist") + "?" + urlencode(filters) if failed else "",
        "again_url": _verb_url(campaign, "send-again") if failed and may_act else "",
    }


def _parts(counts: Iterable[tuple[str, int]], total: int) -> list[dict[str, Any]]:
    """Stretches of a bar of 1000; a kind that is there is never thinner than can be seen."""
    parts, x = [], 0
    for tone, count in counts:
        if count:
            width = min(max(8, count * 1000 // total), 1000 - x)
            parts.append({"tone": tone, "x": x, "width": width})
            x += width
    return parts


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


# -- events, markets, people -----------------------------------------------------------------------


def _events(campaign: Campaign, at: datetime) -> list[dict[str, Any]]:
    """What is due of the published revision, or of the newest one while none is."""
    revision = campaign.published or campaign.revisions.first()
    rows = list(Due.objects.filter(campaign=campaign, revision=revision)) if revision else []
    waiting = [due for due in rows if due.done_at is None and due.due_at > at]
    return [
        {
            "at": due.due_at,
            "when": local(campaign, due.due_at, "j M, H:i:s"),
            "label": due.get_kind_display(),
            "remark": _event_remark(campaign, due, at),
            "tone": _event_tone(due, waiting[0] if waiting else None, at),
        }
        for due in rows
    ]


def _event_tone(due: Due, following: Due | None, at: datetime) -> str:
    if due.done_at is not None:
        return "done"
    if due.due_at <= at:
        return "late"
    return "next" if following is not None and due.pk == following.pk else "later"


def _event_remark(campaign: Campaign, due: Due, at: datetime) -> str:
    if due.done_at is None:
        return _("Due now") if due.due_at <= at else _("Waits for the clock")
    done = _("Done %(when)s") % {"when": local(campaign, due.done_at, "j M, H:i:s")}
    facts = "; ".join(f"{key}: {', '.join(map(str, v)) if isinstance(v, list) else v}" for key, v in due.result.items())
    return f"{done}. {facts}" if facts else done


def _markets(campaign: Campaign, may_act: bool) -> list[dict[str, Any]]:
    published = campaign.published
    held = set(published.promotion.held_markets.values_list("pk", flat=True)) if published else set()
    rows = []
    for market in campaign.markets.all():
        is_held = market.pk in held
        code, label = ("release-market", _("Release")) if is_held else ("hold-market", _("Hold"))
        url = _verb_url(campaign, code) if published and may_act else ""
        rows.append({"market": market, "is_held": is_held, "label": label, "url": url})
    return rows


def _verb_url(campaign: Campaign, code: str) -> str:
    return reverse("admin:campaigns_campaign_verb", args=[campaign.pk, code])


def _revision_row(campaign: Campaign, revision: Revision) -> dict[str, Any]:
    def said(who: User | None, when: datetime | None) -> str:
        return f"{local(campaign, when, 'j M, H:i')}, {who or _('the system')}" if when else "–"

    return {
        "pk": revision.pk,
        "number": revision.number,
        "get_state_display": revision.get_state_display(),
        "made": said(revision.created_by, revision.created_at),
        "approved": said(revision.approved_by, revision.approved_at),
        "window": f"{local(campaign, revision.starts_at, 'j M, H:i')} – {local(campaign, revision.ends_at, 'j M, H:i')}",
    }


def _trail(campaign: Campaign) -> list[dict[str, Any]]:
    entries = AuditEntry.objects.filter(
        subject_type=campaign._meta.label_lower, subject_id=campaign.public_id
    ).select_related("actor")[:20]
    return [
        {
            "at": entry.at,
            "when": local(campaign, entry.at, "j M, H:i:s"),
            "verb": entry.verb.partition(".")[2].replace("_", " ").capitalize() or entry.verb,
            "who": entry.actor.get_username() if entry.actor else _("The system"),
        }
        for entry in entries
    ]


def _consequence(
    campaign: Campaign, items: list[queries.CheckItem], revisions: list[Revision], by: User, at: datetime
) -> str:
    """The sentence beside the buttons: what stands in the way, or what happens next."""
    newest = revisions[0] if revisions else None
    if newest is not None and newest.state == Revision.State.AWAITING_APPROVAL:
        if newest.created_by_id == by.pk:
            return _("Revision %(number)s waits for a second person; you made it yourself.") % {"number": newest.number}
        return _("Revision %(number)s waits for your approval.") % {"number": newest.number}
    phase = campaign.phase(at)
    sentences = {
        Phase.DRAFT: _("Nothing of this campaign is planned yet. Scheduling freezes it as a revision and stages it."),
        Phase.STAGING: _("Listings are being written. Nothing counts before all of them are there."),
        Phase.LIVE: _("The campaign is live. It ends by the clock."),
        Phase.ENDED: _("The campaign has ended."),
        Phase.PAUSED: _("Nothing of the campaign is seen until it is resumed."),
        Phase.CANCELLED: _("The campaign is cancelled and does not come back."),
        Phase.ROLLED_BACK: _("The campaign has been rolled back. It can be scheduled again."),
    }
    if phase in sentences:
        return sentences[phase]
    blocking = sum(item.is_blocking and not item.is_done for item in items)
    if blocking:
        return ngettext("%(n)s item still blocks the launch.", "%(n)s items still block the launch.", blocking) % {
            "n": blocking
        }
    return _("It goes live at its start by the clock alone; no worker has to run.")


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
