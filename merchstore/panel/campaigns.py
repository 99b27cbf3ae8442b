"""Campaigns as a merchant sees them: the studio's, joined with own goods, and its own. Each page starts from the merchant."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns import services
from campaigns.entries import is_open, offer_products, withdraw_products
from campaigns.forms import OwnCampaignForm
from campaigns.models import Campaign
from campaigns.own import create_own_campaign, edit_own_campaign
from campaigns.queries import partners, rollback_preview
from core.errors import Refused
from merchstore.panel import campaign_words as words
from merchstore.panel.visit import CATALOGUE, PanelVisit, page, show

State = Campaign.State

#: Campaigns on the list; older ones have been over for long.
MOST = 200
_ASKED: dict[str, tuple[Any, Callable[..., Any]]] = {
    "roll-back": (gettext_lazy("Roll back"), services.roll_back_campaign),
    "cancel": (gettext_lazy("Cancel the campaign"), services.cancel_campaign),
}


@require_safe
@page
def campaigns(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    at = timezone.now()
    rows = (
        partners.known_campaigns(visit.merchant, at=at)
        .select_related("published", "film")
        .order_by("-starts_at", "-pk")
    )
    groups = words.grouped(list(rows[:MOST]), at=at, language=visit.language)
    for group in groups:
        for row in group["rows"]:
            row["address"] = visit.address("campaign", row["campaign"].public_id)
    context = {
        "groups": groups,
        "may_act": visit.may(CATALOGUE),
        "new_address": visit.address("new_campaign"),
        "title": _("Campaigns"),
        "section": "campaigns",
    }
    return show(request, visit, "campaigns", context)


@require_safe
@page
def campaign(request: HttpRequest, visit: PanelVisit, campaign: str) -> HttpResponse:
    return _campaign_page(request, visit, _known(visit, campaign))


@require_safe
@page
def progress(request: HttpRequest, visit: PanelVisit, campaign: str) -> HttpResponse:
    """The part of the page that moves."""
    found, at = _known(visit, campaign), timezone.now()
    context = {"progress": words.progress(found, visit.merchant, at=at), "addresses": _addresses(visit, found)}
    return show(request, visit, "_campaign_progress", context)


@require_POST
@partial(page, roles=CATALOGUE)
def offer(request: HttpRequest, visit: PanelVisit, campaign: str) -> HttpResponse:
    """The goods that were ticked, all of them or none."""
    found, at = _known(visit, campaign), timezone.now()
    products = request.POST.getlist("product")
    if not products:
        return _campaign_page(request, visit, found, said=_("Tick the goods that you offer."), status=422)
    return _done(request, visit, found, lambda: offer_products(found, visit.merchant, products, by=visit.user, at=at))


@require_POST
@partial(page, roles=CATALOGUE)
def withdraw(request: HttpRequest, visit: PanelVisit, campaign: str) -> HttpResponse:
    found, at = _known(visit, campaign), timezone.now()
    products = request.POST.getlist("product")
    return _done(
        request, visit, found, lambda: withdraw_products(found, visit.merchant, products, by=visit.user, at=at)
    )


@require_http_methods(["GET", "HEAD", "POST"])
@partial(page, roles=CATALOGUE)
def new_campaign(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    form = OwnCampaignForm(visit.merchant, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_own_campaign(visit.merchant, form.cleaned_data["own_slug"], form.document(), by=visit.user)
            return HttpResponseRedirect(visit.address("campaign", made.public_id))
        except Refused as refusal:
            form.add_error("own_slug" if refusal.code == "slug_taken" else None, refusal.sentence)
    return _form_page(request, visit, form, _("New campaign"), visit.address("campaigns"))


@require_http_methods(["GET", "HEAD", "POST"])
@partial(page, roles=CATALOGUE)
def edit(request: HttpRequest, visit: PanelVisit, campaign: str) -> HttpResponse:
    found = _own(visit, campaign)
    form = OwnCampaignForm(visit.merchant, request.POST if request.method == "POST" else None, campaign=found)
    back = visit.address("campaign", found.public_id)
    if request.method == "POST" and form.is_valid():
        try:
            edit_own_campaign(found, form.document(), by=visit.user)
            return HttpResponseRedirect(back)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
    return _form_page(request, visit, form, found.name_in(visit.language), back)


@require_POST
@partial(page, roles=CATALOGUE)
def send(request: HttpRequest, visit: PanelVisit, campaign: str) -> HttpResponse:
    """Freeze it as a revision; the studio approves it."""
    found, at = _own(visit, campaign), timezone.now()
    return _done(request, visit, found, lambda: services.schedule_campaign(found, by=visit.user, at=at))


@require_http_methods(["GET", "HEAD", "POST"])
@partial(page, roles=CATALOGUE)
def ask(request: HttpRequest, visit: PanelVisit, campaign: str, verb: str) -> HttpResponse:
    """What does away with something says first what will be."""
    found, at = _own(visit, campaign), timezone.now()
    label, act = _ASKED[verb]
    if request.method == "POST":
        return _done(request, visit, found, lambda: act(found, by=visit.user, at=at))
    before = found.published.replaces if found.published else None
    context = {
        "campaign": found,
        "is_rollback": verb == "roll-back",
        "published": found.published,
        "before": before if before is not None and before.ends_at > at else None,
        "kept": words.kept(rollback_preview(found, at=at), visit.language) if verb == "roll-back" else [],
        "label": label,
        "back": visit.address("campaign", found.public_id),
        "title": label,
        "section": "campaigns",
    }
    return show(request, visit, "campaign_ask", context)


def _done(request: HttpRequest, visit: PanelVisit, campaign: Campaign, work: Callable[[], Any]) -> HttpResponse:
    """Back to the page; what is refused is said on it."""
    try:
        work()
    except Refused as refusal:
        return _campaign_page(request, visit, _known(visit, campaign.public_id), said=refusal.sentence, status=422)
    return HttpResponseRedirect(visit.address("campaign", campaign.public_id))


def _known(visit: PanelVisit, public_id: str) -> Campaign:
    found = partners.known_campaign(visit.merchant, public_id, at=timezone.now())
    if found is None:
        raise Http404
    return found


def _own(visit: PanelVisit, public_id: str) -> Campaign:
    found = partners.own_campaign(visit.merchant, public_id)
    if found is None:
        raise Http404
    return found


def _campaign_page(
    request: HttpRequest, visit: PanelVisit, campaign: Campaign, *, said: str = "", status: int = 200
) -> HttpResponse:
    at, merchant = timezone.now(), visit.merchant
    is_own = campaign.merchant_id == merchant.pk
    search = request.GET.get("search", "").strip()[:80]
    may_act = visit.may(CATALOGUE)
    found, has_more = [], False
    if not is_own and may_act and is_open(campaign, at):
        found, has_more = partners.choices(campaign, merchant, search=search)
    shows_diff = campaign.ends_at > at and campaign.state not in (State.CANCELLED, State.ROLLED_BACK)
    is_asked = "plan" in request.GET or partners.diff_is_quick(campaign, merchant)
    context = words.head(campaign, at=at, language=visit.language) | {
        "is_own": is_own,
        "may_act": may_act,
        "is_open": not is_own and is_open(campaign, at),
        "entries": []
        if is_own
        else [words.entry(entry, visit.language) for entry in partners.entry_rows(campaign, merchant)],
        "choices": [words.choice(one, visit.language) for one in found],
        "has_more": has_more,
        "search": search,
        "diff": words.diff(campaign, merchant, at=at, language=visit.language) if shows_diff and is_asked else None,
        "shows_diff": shows_diff,
        "progress": words.progress(campaign, merchant, at=at),
        "outcome": words.outcome(campaign, merchant, at=at, language=visit.language),
        "verbs": words.verbs(campaign, at=at) if is_own and may_act else {},
        "said": said,
        "addresses": _addresses(visit, campaign),
        "title": campaign.name_in(visit.language),
        "section": "campaigns",
    }
    return show(request, visit, "campaign", context, status=status)


def _form_page(request: HttpRequest, visit: PanelVisit, form: OwnCampaignForm, title: str, back: str) -> HttpResponse:
    context = {"form": form, "title": title, "back": back, "section": "campaigns"}
    return show(request, visit, "campaign_form", context, status=422 if form.is_bound else 200)


def _addresses(visit: PanelVisit, campaign: Campaign) -> dict[str, str]:
    names = {
        "page": "campaign",
        "progress": "campaign_progress",
        "offer": "campaign_offer",
        "withdraw": "campaign_withdraw",
    }
    names |= {"edit": "campaign_edit", "send": "campaign_send"}
    found = {code: visit.address(name, campaign.public_id) for code, name in names.items()}
    asked = {verb.replace("-", "_"): visit.address("campaign_ask", campaign.public_id, verb) for verb in _ASKED}
    return found | asked | {"list": visit.address("campaigns")}
