"""The buttons of a campaign's page. Which state allows what is the services' rule; here it is only what is shown."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import Verb, VerbForm, plausible_moment
from campaigns import entries, services
from campaigns.admin import work
from campaigns.models import Campaign, Channel, Entry, Revision
from catalog.models import Market
from core.errors import Refused

State = Campaign.State
Phase = Campaign.Phase


def _moment(label: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")
    return forms.DateTimeField(label=label, widget=widget, validators=[plausible_moment])


class ShiftForm(VerbForm):
    starts_at = _moment(_("Starts"))
    ends_at = _moment(_("Ends"))

    def __init__(self, *args: Any, row: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        for field in self.fields.values():
            field.help_text = _("Time in %(zone)s.") % {"zone": row.time_zone}


class MarketForm(VerbForm):
    market = forms.ModelChoiceField(Market.objects.none(), label=_("Market"))

    def __init__(self, *args: Any, row: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.fields["market"].queryset = row.markets.all()  # type: ignore[attr-defined]


class ChannelForm(VerbForm):
    channel = forms.ModelChoiceField(Channel.objects.none(), label=_("Channel"))

    def __init__(self, *args: Any, row: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.fields["channel"].queryset = row.channels.all()  # type: ignore[attr-defined]


class AcceptForm(VerbForm):
    """What merchants have offered, or what was declined, if it is to be taken after all."""

    takes = (Entry.State.OFFERED, Entry.State.DECLINED)
    entries = forms.ModelMultipleChoiceField(
        Entry.objects.none(), label=_("Goods"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, row: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        found = row.entries.filter(state__in=self.takes).select_related("product__merchant")
        field = self.fields["entries"]
        field.queryset = found.order_by("product__merchant__name", "product__title_en", "pk")  # type: ignore[attr-defined]
        field.label_from_instance = _entry_label  # type: ignore[attr-defined]


class DeclineForm(AcceptForm):
    takes = (Entry.State.OFFERED, Entry.State.ACCEPTED)
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("The merchant reads it."))


def _entry_label(entry: Entry) -> str:
    product = entry.product
    return f"{product.merchant}: {product.title_en} ({product.sku}), {entry.get_state_display()}"


def _has_entries(campaign: Campaign, *states: Entry.State) -> bool:
    return campaign.invites_until is not None and campaign.entries.filter(state__in=states).exists()


def awaiting(campaign: Campaign) -> Revision | None:
    """The revision that waits for a second person, if one does. One query."""
    return campaign.revisions.filter(state=Revision.State.AWAITING_APPROVAL).order_by("-number").first()


def _approve(campaign: Campaign, *, by: Any, at: datetime) -> None:
    revision = awaiting(campaign)
    if revision is None:
        raise Refused("wrong_state", state=campaign.get_state_display())
    services.approve_revision(revision, by=by, at=at)


def _is_open(campaign: Campaign, at: datetime) -> bool:
    return campaign.state in {State.DRAFT, State.AWAITING_APPROVAL, State.SCHEDULED, State.ROLLED_BACK}


VERBS = (
    Verb(
        "approve",
        _("Approve"),
        _("The plan is approved. Staging begins."),
        _approve,
        lambda campaign, at: awaiting(campaign) is not None,
        consequence=_("The plan is staged and goes live at its start by the clock alone."),
        is_main=True,
    ),
    Verb(
        "schedule",
        _("Schedule"),
        _("The plan is frozen as a revision. Staging begins, or a second person approves it first."),
        services.schedule_campaign,
        lambda campaign, at: _is_open(campaign, at) and campaign.ends_at > at,
        consequence=_(
            "The campaign as it is now becomes a revision. Once staged it goes live at its start by the clock."
        ),
        is_main=True,
    ),
    Verb(
        "accept-entries",
        _("Accept goods"),
        _("The goods are part of the next revision: schedule the campaign when you have been through them."),
        entries.accept_entries,
        lambda campaign, at: _has_entries(campaign, *AcceptForm.takes),
        consequence=_(
            "What you tick is part of the campaign's next revision. Nothing is listed before you schedule it."
        ),
        form=AcceptForm,
    ),
    Verb(
        "decline-entries",
        _("Decline goods"),
        _("The goods are declined."),
        entries.decline_entries,
        lambda campaign, at: _has_entries(campaign, *DeclineForm.takes),
        consequence=_("The merchants read why. What is listed already stays until you schedule the campaign again."),
        form=DeclineForm,
    ),
    Verb(
        "rehearse",
        _("Rehearse"),
        _("The rehearsal has begun. Nothing is sent."),
        services.rehearse_campaign,
        lambda campaign, at: campaign.published_id is not None,
    ),
    Verb(
        "shift",
        _("Shift"),
        _("The campaign has a new window."),
        services.shift_campaign,
        _is_open,
        consequence=_(
            "Everything that is due moves with the window, the announcements too. What is live follows in one step."
        ),
        form=ShiftForm,
        zone=lambda campaign: campaign.time_zone,
    ),
    Verb(
        "pause",
        _("Pause"),
        _("The campaign is paused: nothing of it is seen."),
        services.pause_campaign,
        lambda campaign, at: campaign.phase(at) in {Phase.STAGING, Phase.SCHEDULED, Phase.LIVE},
    ),
    Verb(
        "resume",
        _("Resume"),
        _("The campaign goes on."),
        services.resume_campaign,
        lambda campaign, at: campaign.state == State.PAUSED,
        is_main=True,
    ),
    Verb(
        "roll-back",
        _("Roll back"),
        _("The campaign is rolled back."),
        services.roll_back_campaign,
        lambda campaign, at: campaign.published_id is not None,
        consequence=_(
            "Returns exactly to what was before this revision. Later edits of people are kept and named below."
        ),
        asks_first=True,
        is_dangerous=True,
        preview=work.rollback,
        preview_template="admin/campaigns/campaign/_rollback.html",
    ),
    Verb(
        "cancel",
        _("Cancel campaign"),
        _("The campaign is cancelled."),
        services.cancel_campaign,
        lambda campaign, at: campaign.state not in {State.CANCELLED, State.ROLLED_BACK},
        consequence=_("Nothing of the campaign stays, and it does not come back."),
        asks_first=True,
        is_dangerous=True,
    ),
    Verb(
        "hold-market",
        _("Hold"),
        _("The market is held: there the campaign does not count."),
        services.hold_market,
        lambda campaign, at: campaign.published_id is not None,
        form=MarketForm,
        is_in_bar=False,
    ),
    Verb(
        "release-market",
        _("Release"),
        _("The market is released."),
        services.release_market,
        lambda campaign, at: campaign.published_id is not None,
        form=MarketForm,
        is_in_bar=False,
    ),
    Verb(
        "send-again",
        _("Send again"),
        _("What the channel refused is sent again."),
        services.send_again,
        lambda campaign, at: True,
        form=ChannelForm,
        is_in_bar=False,
    ),
)
