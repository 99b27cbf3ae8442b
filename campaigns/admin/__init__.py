"""The campaign desk: the list, the form of a draft, and the page from which a campaign is launched."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin, ReadOnlyInline, Verb, changed_fields, plausible_moment
from campaigns import drafts, services
from campaigns.admin import page, records, work
from campaigns.admin.verbs import VERBS, awaiting
from campaigns.admin.words import desk_url, local
from campaigns.models import Campaign, Entry, Placement
from core.clock import known_zone
from core.errors import Refused

__all__ = ["CampaignAdmin", "PlacementAdmin", "records"]

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


class CampaignForm(forms.ModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields.keys() & {"starts_at", "ends_at", "invites_until"}:
            self.fields[name].validators.append(plausible_moment)
        if "discount" in self.fields:
            self.fields["discount"].help_text = _(
                "With “studio_share” the studio funds so many per cent of it, and the merchant the rest."
            )

    def clean_time_zone(self) -> str:
        try:
            return known_zone(self.cleaned_data["time_zone"])
        except Refused as refusal:
            raise forms.ValidationError(refusal.sentence) from None


class PlacementInline(ReadOnlyInline):
    model = Placement
    related = ("campaign",)
    fields = readonly_fields = ("slot", "headline_en", "headline_zh", "announced_at")
    show_change_link = True


class EntryInline(ReadOnlyInline):
    """What merchants offer; the verbs accept and decline it."""

    model = Entry
    related = ("product__merchant", "by")
    fields = readonly_fields = ("product", "merchant", "state", "reason", "by", "at")

    @admin.display(description=_("Merchant"))
    def merchant(self, entry: Entry) -> str:
        return str(entry.product.merchant)


class CampaignList(ChangeList):
    """A campaign's name leads to its page, not to the form."""

    def url_for_result(self, result: Campaign) -> str:
        return desk_url(result)


@admin.register(Campaign)
class CampaignAdmin(DeskAdmin):
    is_editable = can_add = True
    form = CampaignForm
    zone_field = "time_zone"
    verbs = VERBS
    autocomplete_fields = ("film",)
    fieldsets = (
        (None, {"fields": ("slug", "merchant", "name_en", "name_zh", "film", "state", "published")}),
        (_("Window"), {"fields": ("starts_at", "ends_at", "time_zone")}),
        (_("Where"), {"fields": ("markets", "channels")}),
        (_("Merchants"), {"fields": ("invites_until",)}),
        (_("What"), {"fields": ("rule", "discount", "priority", "needs_approval")}),
    )
    list_display = (
        "name_en",
        "name_zh",
        "film",
        "merchant",
        "shown_phase",
        "local_start",
        "local_end",
        "time_zone",
        "priority",
    )
    list_filter = ("state", "markets", ("merchant", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("film", "published", "merchant")
    search_fields = ("name_en", "name_zh", "slug", "public_id", "film__title_en")

    @admin.display(description=_("Phase"), ordering="state")
    def shown_phase(self, campaign: Campaign) -> str:
        return str(campaign.phase(timezone.now()).label)

    @admin.display(description=_("Starts"), ordering="starts_at")
    def local_start(self, campaign: Campaign) -> str:
        return local(campaign, campaign.starts_at)

    @admin.display(description=_("Ends"), ordering="ends_at")
    def local_end(self, campaign: Campaign) -> str:
        return local(campaign, campaign.ends_at)

    # -- the form of a draft ---------------------------------------------------------------------
    def has_change_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.state != Campaign.State.CANCELLED)

    def get_readonly_fields(self, request: HttpRequest, obj: Campaign | None = None) -> Any:
        return ("slug", "merchant", "state", "published") if obj else ("merchant", "state", "published")

    def get_inlines(self, request: HttpRequest, obj: Campaign | None) -> Any:
        return (PlacementInline, EntryInline) if obj else ()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, **kwargs | {"widget": forms.CheckboxSelectMultiple})

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> Campaign:
        fields = changed_fields(form) if change else dict(form.cleaned_data)
        for name in fields.keys() & {"markets", "channels"}:
            fields[name] = list(fields[name])
        if change:
            return services.edit_campaign(form.instance, by=request.user, **fields)
        return drafts.create_campaign(by=request.user, **fields)

    def response_post_save_add(self, request: HttpRequest, obj: Campaign) -> HttpResponse:
        return HttpResponseRedirect(desk_url(obj))

    response_post_save_change = response_post_save_add

    # -- the campaign's page ---------------------------------------------------------------------
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CampaignList

    def get_urls(self) -> list[URLPattern]:
        def own(route: str, view: Any, name: str) -> URLPattern:
            return path(
                f"<int:campaign_id>/{route}/", self.admin_site.admin_view(view), name=f"campaigns_campaign_{name}"
            )

        return [
            own("desk", self.desk_view, "desk"),
            own("plan", self.plan_view, "plan"),
            own("progress", self.progress_view, "progress"),
            own("colours.css", self.colours_view, "colours"),
            *super().get_urls(),
        ]

    def home_url(self, row: Campaign) -> str:
        return desk_url(row)

    def offered_verbs(self, request: HttpRequest, row: Campaign) -> list[dict[str, Any]]:
        """The author of a plan is not offered its approval, and what is published need not be scheduled again."""
        offered = super().offered_verbs(request, row)
        revision = awaiting(row)
        is_author = revision is not None and revision.created_by_id == request.user.pk
        for item in offered:
            item["is_main"] &= item["verb"].code != "schedule" or (row.published_id is None and revision is None)
        return [item for item in offered if not (is_author and item["verb"].code == "approve")]

    def desk_view(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = self._campaign(request, campaign_id)
        at = timezone.now()
        context = self._frame(request, campaign) | page.campaign_page(
            campaign, at=at, by=request.user, may_act=self.may_do_verbs(request)
        )
        if "plan" in request.GET:
            context["plan"] = work.plan(campaign, at=at)
        return TemplateResponse(request, "admin/campaigns/campaign/desk.html", context)

    def plan_view(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = self._campaign(request, campaign_id)
        context = page.addresses(campaign) | {"plan": work.plan(campaign, at=timezone.now())}
        return TemplateResponse(request, "admin/campaigns/campaign/_plan.html", context)

    def progress_view(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        campaign = self._campaign(request, campaign_id)
        progress = work.progress(campaign, at=timezone.now(), may_act=self.may_do_verbs(request))
        context = page.addresses(campaign) | {"progress": progress}
        return TemplateResponse(request, "admin/campaigns/campaign/_progress.html", context)

    def colours_view(self, request: HttpRequest, campaign_id: int) -> HttpResponse:
        """The film's colours as a sheet: the content security policy allows no style attribute."""
        film = self._campaign(request, campaign_id).film
        rule = ""
        if film and _COLOUR.fullmatch(film.ground) and _COLOUR.fullmatch(film.ink):
            rule = f".on-film.on-film {{ --film-ground: {film.ground}; --film-ink: {film.ink}; }}"
        return HttpResponse(rule, content_type="text/css")

    def _campaign(self, request: HttpRequest, campaign_id: int) -> Campaign:
        if not self.has_view_permission(request):
            raise PermissionDenied
        campaign = Campaign.objects.select_related("film", "published__promotion").filter(pk=campaign_id).first()
        if campaign is None:
            raise Http404
        return campaign

    def _frame(self, request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": str(campaign),
            "opts": self.opts,
            "original": campaign,
            "campaign": campaign,
            "desk_verbs": self.offered_verbs(request, campaign),
            "may_edit": self.has_change_permission(request, campaign),
        }


@admin.register(Placement)
class PlacementAdmin(DeskAdmin):
    is_editable = can_add = True
    fields = ("campaign", "slot", "headline_en", "headline_zh", "lede_en", "lede_zh", "announced_at")
    autocomplete_fields = ("campaign",)
    list_display = ("campaign", "slot", "headline_en", "announced_at")
    list_filter = ("slot",)
    list_select_related = ("campaign",)
    search_fields = ("campaign__name_en", "campaign__slug", "headline_en")
    verbs = (
        Verb(
            "remove",
            _("Remove placement"),
            _("The placement is removed."),
            lambda placement, *, by, at: drafts.remove_placement(placement, by=by),
            lambda placement, at: True,
            consequence=_("What is published keeps it until the campaign is scheduled again."),
            asks_first=True,
            is_dangerous=True,
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Placement | None = None) -> Any:
        return ("campaign", "slot") if obj else ()

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> Placement:
        row = form.instance
        words = {name: getattr(row, name) for name in ("headline_en", "headline_zh", "lede_en", "lede_zh")}
        return drafts.set_placement(row.campaign, row.slot, by=request.user, announced_at=row.announced_at, **words)
