"""Who acts for a merchant: members, their roles, and invitations. Owners' pages."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from core.errors import Refused
from merchants import invitations, services
from merchants.models import Invitation, Member
from merchstore.languages import LANGUAGE_NAMES, LANGUAGES
from merchstore.panel.visit import OWNER, PanelVisit, page, recently_authenticated, show


class InvitationForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("E-mail"))
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Member.Role.choices, initial=Member.Role.READ_ONLY)
    language = forms.ChoiceField(label=gettext_lazy("Language of the letter"))

    def __init__(self, *args: Any, visit: PanelVisit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [(LANGUAGES[one], LANGUAGE_NAMES[one]) for one in LANGUAGES]  # type: ignore[attr-defined]
        self.fields["language"].initial = visit.language


def members(request: HttpRequest, visit: PanelVisit) -> HttpResponseBase:
    return _page(request, visit)


def invite(request: HttpRequest, visit: PanelVisit) -> HttpResponseBase:
    form = InvitationForm(request.POST, visit=visit)
    if not form.is_valid():
        return _page(request, visit, form=form, status=422)
    try:
        invitations.invite(visit.merchant, **form.cleaned_data, by=visit.user, at=timezone.now())
    except Refused as refusal:
        return _page(request, visit, form=form, refusal=refusal.sentence, status=422)
    return _back(visit)


def invitation_verb(request: HttpRequest, visit: PanelVisit, invitation: str, verb: str) -> HttpResponseBase:
    row = visit.merchant.invitations.filter(public_id=invitation).first()
    if row is None:
        raise Http404
    act = {"send-again": invitations.resend, "revoke": invitations.revoke}[verb]
    return _done(request, visit, lambda: act(row, by=visit.user, at=timezone.now()))


def change_role(request: HttpRequest, visit: PanelVisit, member: str) -> HttpResponseBase:
    row = _member(visit, member)
    role = request.POST.get("role", "")
    return _done(request, visit, lambda: services.change_role(row, role=role, by=visit.user))


def remove(request: HttpRequest, visit: PanelVisit, member: str) -> HttpResponseBase:
    row = _member(visit, member)
    return _done(request, visit, lambda: services.remove_member(row, by=visit.user))


def _member(visit: PanelVisit, user: str) -> Member:
    row = visit.merchant.members.filter(user__public_id=user).first()
    if row is None:
        raise Http404
    return row


def _done(request: HttpRequest, visit: PanelVisit, act: Any) -> HttpResponseBase:
    try:
        act()
    except Refused as refusal:
        return _page(request, visit, refusal=refusal.sentence, status=422)
    return _back(visit)


def _back(visit: PanelVisit) -> HttpResponse:
    return HttpResponseRedirect(visit.address("members"))


def _page(
    request: HttpRequest, visit: PanelVisit, *, form: Any = None, refusal: str = "", status: int = 200
) -> HttpResponse:
    at = timezone.now()
    people = visit.merchant.members.select_related("user").order_by("user__username", "pk")
    context = {
        "title": _("Members"),
        "section": "members",
        "members": [(one, one.user_id == visit.user.pk) for one in people],
        "invitations": [(one, one.expires_at <= at) for one in _waiting(visit)],
        "roles": Member.Role.choices,
        "form": form or InvitationForm(visit=visit),
        "refusal": refusal,
    }
    return show(request, visit, "members", context, status=status)


def _waiting(visit: PanelVisit) -> list[Invitation]:
    return list(invitations.open_invitations(visit.merchant).order_by("-pk"))


def _owners(view: Any, method: Any) -> Any:
    return method(page(recently_authenticated(view), OWNER, before_approval=True))


members = _owners(members, require_safe)
invite = _owners(invite, require_POST)
invitation_verb = _owners(invitation_verb, require_POST)
change_role = _owners(change_role, require_POST)
remove = _owners(remove, require_POST)
