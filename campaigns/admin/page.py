"""What a campaign's page says, in the words and the local time of its reader. Every function is a read."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import AuditEntry, User
from campaigns import queries
from campaigns.admin.words import desk_url, local, verb_url, zone_name
from campaigns.admin.work import progress
from campaigns.documents import document_of, selection_of
from campaigns.models import Campaign, Due, Revision
from campaigns.rules import check_rule
from core.errors import Refused

Phase = Campaign.Phase

#: Products up to which a plan takes about a second.
QUICK = 3_000


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
        "plan_is_quick": _plan_is_quick(campaign),
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


def _plan_is_quick(campaign: Campaign) -> bool:
    """Whether the plan is read along with the page, or only when somebody asks for it."""
    try:
        check_rule(campaign.rule, may_be_empty=campaign.invites_until is not None)
    except Refused:
        return True  # then the plan is one sentence
    return selection_of(campaign, document_of(campaign))[: QUICK + 1].count() <= QUICK


# -- the head -----------------------------------------------------------------------------------


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
        url = verb_url(campaign, code) if published and may_act else ""
        rows.append({"market": market, "is_held": is_held, "label": label, "url": url})
    return rows


def _revision_row(campaign: Campaign, revision: Revision) -> dict[str, Any]:
    def said(who: User | None, when: datetime | None) -> str:
        return f"{local(campaign, when, 'j M, H:i')}, {who or _('the system')}" if when else "–"

    return {
        "pk": revision.pk,
        "number": revision.number,
        "get_state_display": revision.get_state_display(),
        "made": said(revision.created_by, revision.created_at),
        "approved": said(revision.approved_by, revision.approved_at),
        "window": " – ".join(local(campaign, when, "j M, H:i") for when in (revision.starts_at, revision.ends_at)),
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
