"""The checklist of a merchant that comes in: what the studio asks for, what was given, and what it said to it."""

from typing import Any

from django import forms
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import Refused
from merchants import onboarding, papers
from merchants.models import Merchant, Requirement, Submittal
from merchants.onboarding import Item
from merchstore.panel.visit import OWNER, PanelVisit, page, recently_authenticated, show

State = Submittal.State

LABELS = {
    "legal_name": gettext_lazy("Name of the company, as it is registered"),
    "registration_number": gettext_lazy("Registration number"),
    "address": gettext_lazy("Address"),
    "telephone": gettext_lazy("Telephone"),
    "tax_number": gettext_lazy("Tax number"),
    "tax_office": gettext_lazy("Tax office"),
    "account_holder": gettext_lazy("Holder of the account"),
    "bank": gettext_lazy("Bank"),
    "account_number": gettext_lazy("Account number or IBAN"),
    "bic": gettext_lazy("BIC"),
    "accepted_version": gettext_lazy("Accepted version"),
}
_TONES = {State.GIVEN.value: "warn", State.ACCEPTED.value: "ok", State.RETURNED.value: "bad"}


class AnswerForm(forms.Form):
    """The fields of one point of the checklist."""

    def __init__(self, *args: Any, requirement: Requirement, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, is_needed in onboarding.FIELDS[requirement.kind]:
            self.fields[name] = forms.CharField(label=LABELS[name], max_length=500, required=is_needed)
            self.fields[name].widget.attrs["autocomplete"] = "off"
        if requirement.kind == Requirement.Kind.DOCUMENT:
            self.fields["file"] = forms.FileField(label=_("File"), help_text=_("PDF, JPEG or PNG, up to 10 MB."))
            if requirement.has_expiry:
                self.fields["expires_on"] = forms.DateField(
                    label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
                )
        if requirement.kind == Requirement.Kind.AGREEMENT:
            self.fields["accepted"] = forms.BooleanField(label=_("We accept this agreement."))


def checklist(request: HttpRequest, visit: PanelVisit) -> HttpResponseBase:
    return _page(request, visit)


def requirement(request: HttpRequest, visit: PanelVisit, requirement: str) -> HttpResponseBase:
    """One point: what is asked for, what was given, and to owners the form."""
    item = _item(visit, requirement)
    may_give = visit.may(OWNER) and visit.merchant.state != Merchant.State.CLOSED
    if request.method == "POST" and not may_give:
        return show(request, visit, "not_yours", {"title": _("This is not part of your role")}, status=403)
    form = AnswerForm(request.POST or None, request.FILES or None, requirement=item.requirement) if may_give else None
    refusal, status = "", 200
    if request.method == "POST" and form is not None:
        refusal, status = "", 422
        if form.is_valid():
            try:
                _give(visit, item.requirement, form.cleaned_data)
            except Refused as refused:
                refusal = refused.sentence
            else:
                return HttpResponseRedirect(visit.address("checklist"))
    context = {
        "title": item.requirement.name_in(visit.language),
        "text": item.requirement.text_in(visit.language),
        "section": "checklist",
        "form": form,
        "refusal": refusal,
        "back": visit.address("checklist"),
        **_said_of(visit, item),
    }
    return show(request, visit, "requirement", context, status=status)


def file(request: HttpRequest, visit: PanelVisit, submittal: str) -> HttpResponseBase:
    """What the merchant handed in, to its owners: saved, never shown by the browser."""
    row = visit.merchant.submittals.filter(public_id=submittal).exclude(file="").first()
    if row is None:
        raise Http404
    answer = FileResponse(
        row.file.open("rb"), as_attachment=True, filename=row.file_name, content_type="application/octet-stream"
    )
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def ask_review(request: HttpRequest, visit: PanelVisit) -> HttpResponseBase:
    try:
        onboarding.submit_for_review(visit.merchant, by=visit.user, at=timezone.now())
    except Refused as refusal:
        return _page(request, visit, refusal=refusal.sentence, status=422)
    return HttpResponseRedirect(visit.address("checklist"))


def _page(request: HttpRequest, visit: PanelVisit, *, refusal: str = "", status: int = 200) -> HttpResponse:
    items = onboarding.checklist(visit.merchant, at=timezone.now())
    state = visit.merchant.state
    context = {
        "title": _("Checklist"),
        "section": "checklist",
        "state": state,
        "state_in_words": visit.merchant.get_state_display(),
        "items": [_said_of(visit, item) for item in items],
        "may_ask": visit.may(OWNER) and state == Merchant.State.APPLIED,
        "is_complete": all(item.is_given for item in items if item.requirement.is_required),
        "refusal": refusal,
    }
    return show(request, visit, "checklist", context, status=status)


def _said_of(visit: PanelVisit, item: Item) -> dict[str, Any]:
    latest = item.latest
    is_owner = visit.may(OWNER)
    return {
        "item": item,
        "name": item.requirement.name_in(visit.language),
        "address": visit.address("requirement", item.requirement.public_id),
        "latest": latest,
        "in_words": latest.get_state_display() if latest else _("Missing"),
        "tone": _TONES[latest.state] if latest else "",
        "values": [(LABELS.get(key, key), text) for key, text in latest.values.items()] if latest and is_owner else [],
        "file_address": visit.address("requirement_file", latest.public_id)
        if latest and latest.file and is_owner
        else "",
    }


def _item(visit: PanelVisit, public_id: str) -> Item:
    for item in onboarding.checklist(visit.merchant, at=timezone.now()):
        if item.requirement.public_id == public_id:
            return item
    raise Http404


def _give(visit: PanelVisit, requirement: Requirement, given: dict[str, Any]) -> None:
    upload = given.get("file")
    if upload is not None and upload.size > papers.LARGEST:
        raise Refused("paper_too_large", most=papers.LARGEST >> 20)
    values = {name: text for name, text in given.items() if isinstance(text, str)}
    if given.get("accepted"):
        values["accepted"] = "yes"
    onboarding.give(
        visit.merchant,
        requirement,
        by=visit.user,
        at=timezone.now(),
        values=values,
        file=(upload.name, upload.read()) if upload is not None else None,
        expires_on=given.get("expires_on"),
    )


def _needs_recent_sign_in(view: Any) -> Any:
    """Bank data and papers are changed after a fresh sign-in; looked at at any time."""
    careful = recently_authenticated(view)

    def chosen(request: HttpRequest, visit: PanelVisit, **kwargs: Any) -> HttpResponseBase:
        is_change = request.method == "POST" or visit.may(OWNER)
        answer: HttpResponseBase = (careful if is_change else view)(request, visit, **kwargs)
        return answer

    return chosen


checklist = require_safe(page(checklist, before_approval=True))
requirement = require_http_methods(["GET", "HEAD", "POST"])(
    page(_needs_recent_sign_in(requirement), before_approval=True)
)
file = require_safe(page(recently_authenticated(file), OWNER, before_approval=True))
ask_review = require_POST(page(ask_review, OWNER, before_approval=True))
