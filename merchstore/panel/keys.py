"""The keys of a merchant's programs: who may do what, until when; made, replaced and revoked by owners.

A secret is on the page that answers the making, and nowhere else: between two requests it would have to lie somewhere.
"""

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.clock import end_of_day, plausible
from core.errors import Refused
from core.territories import zone_of
from merchants.keys import LONGEST_OVERLAP, MadeKey, make_key, revoke_key, rotate_key
from merchants.models import Merchant, PartnerKey
from merchstore.panel.visit import OWNER, PanelVisit, page, recently_authenticated, show
from sandboxes.services import make_sandbox, sandbox_of

#: Keys that are told of; those that are over are the oldest.
MOST = 200


def _last_day_field() -> forms.DateField:
    return forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("In the merchant's country. Blank: it stays valid until it is revoked."),
    )


class _LastDayForm(forms.Form):
    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day is not None:
            try:
                plausible(day)
            except Refused as refusal:
                raise forms.ValidationError(refusal.sentence) from None
        return day


class KeyForm(_LastDayForm):
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=60, help_text=gettext_lazy("What uses it, so that you know it again.")
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Allowed"),
        choices=PartnerKey.Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Give a program what it needs and no more. A key is never widened afterwards."),
    )
    last_day = _last_day_field()


class ReplaceForm(_LastDayForm):
    overlap_days = forms.IntegerField(
        label=gettext_lazy("Days the old key goes on working"),
        min_value=0,
        max_value=LONGEST_OVERLAP.days,
        initial=7,
        help_text=gettext_lazy("So that programs can change over. 0: it stops at once."),
    )
    last_day = _last_day_field()


@require_safe
@partial(page, roles=OWNER)
@recently_authenticated
def keys(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    return _list(request, visit)


@require_http_methods(["GET", "HEAD", "POST"])
@partial(page, roles=OWNER)
@recently_authenticated
@sensitive_variables("made")
def new_key(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    form, status = KeyForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            told = form.cleaned_data
            try:
                made = make_key(
                    visit.merchant,
                    name=told["name"],
                    scopes=told["scopes"],
                    by=visit.user,
                    at=timezone.now(),
                    expires_at=_end_of(told["last_day"], visit.merchant),
                )
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
            else:
                return _secret(request, visit, made)
    return _form(request, visit, form, _("Make a key"), _("Make the key"), status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@partial(page, roles=OWNER)
@recently_authenticated
@sensitive_variables("made")
def replace_key(request: HttpRequest, visit: PanelVisit, key: str) -> HttpResponse:
    """Another key of the same name and scopes; the old one works on for some days."""
    old = _key(visit, key)
    form, status = ReplaceForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            told = form.cleaned_data
            try:
                made = rotate_key(
                    old,
                    by=visit.user,
                    at=timezone.now(),
                    overlap=timedelta(days=told["overlap_days"]),
                    expires_at=_end_of(told["last_day"], visit.merchant),
                )
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
            else:
                return _secret(request, visit, made)
    title = _("Replace the key “%(name)s”") % {"name": old.name}
    return _form(request, visit, form, title, _("Replace the key"), status=status)


@require_POST
@partial(page, roles=OWNER)
@recently_authenticated
def revoke(request: HttpRequest, visit: PanelVisit, key: str) -> HttpResponse:
    try:
        revoke_key(_key(visit, key), by=visit.user, at=timezone.now())
    except Refused as refusal:
        return _list(request, visit, said=refusal.sentence, status=422)
    return HttpResponseRedirect(visit.address("keys"))


@require_POST
@partial(page, roles=OWNER)
@recently_authenticated
def sandbox(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    """A merchant to try things out with, of its own data and clock; the one there is, where there is one."""
    try:
        made = make_sandbox(visit.merchant, by=visit.user, at=timezone.now())
    except Refused as refusal:
        return _list(request, visit, said=refusal.sentence, status=422)
    return HttpResponseRedirect(reverse("panel:keys", args=[visit.prefix, made.slug]))


def _key(visit: PanelVisit, public_id: str) -> PartnerKey:
    found = visit.merchant.partner_keys.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    # The visit has read it.
    found.merchant = visit.merchant
    return found


def _end_of(last_day: date | None, merchant: Merchant) -> datetime | None:
    """The instant at which a key expires whose last day in the merchant's country this is."""
    return None if last_day is None else end_of_day(last_day, zone_of(merchant.country))


def _list(request: HttpRequest, visit: PanelVisit, *, said: str = "", status: int = 200) -> HttpResponse:
    at = timezone.now()
    found = visit.merchant.partner_keys.order_by("-created_at", "-pk")[:MOST]
    rows = [_row(visit, key, at) for key in found]
    merchant = visit.merchant
    standing = None if merchant.is_sandbox else sandbox_of(merchant)
    is_member = standing is not None and standing.members.filter(user=visit.user).exists()
    context = {
        "is_sandbox": merchant.is_sandbox,
        "has_sandbox": standing is not None,
        "sandbox_keys": reverse("panel:keys", args=[visit.prefix, standing.slug]) if standing and is_member else "",
        "make_sandbox": visit.address("sandbox"),
        "live": [row for row in rows if row["is_live"]],
        "over": [row for row in rows if not row["is_live"]],
        "said": said,
        "new_address": visit.address("new_key"),
        "title": _("API keys"),
        "section": "keys",
    }
    return show(request, visit, "keys", context, status=status)


def _row(visit: PanelVisit, key: PartnerKey, at: datetime) -> dict[str, Any]:
    labels = dict(PartnerKey.Scope.choices)
    return {
        "key": key,
        "is_live": key.is_live(at),
        "scopes": [(scope, labels.get(scope, scope)) for scope in key.scopes],
        "state": _("Revoked") if key.revoked_at else _("Live") if key.is_live(at) else _("Expired"),
        "replace": visit.address("key_replace", key.public_id),
        "revoke": visit.address("key_revoke", key.public_id),
    }


def _form(
    request: HttpRequest, visit: PanelVisit, form: forms.Form, title: str, button: str, *, status: int
) -> HttpResponse:
    context = {"form": form, "button": button, "title": title, "section": "keys", "back": visit.address("keys")}
    return show(request, visit, "key_form", context, status=status)


@sensitive_variables("made")
def _secret(request: HttpRequest, visit: PanelVisit, made: MadeKey) -> HttpResponse:
    context = {"made": made, "title": _("The new key"), "section": "keys", "back": visit.address("keys")}
    return show(request, visit, "key_secret", context)
