"""Coming in from outside: the application, its confirmation, and invitations. Open to everybody who has the address or the link."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.models import User
from core.errors import Refused
from core.territories import country_name, every_country
from merchants import invitations, onboarding
from merchants.models import Invitation
from merchstore.languages import LANGUAGES
from merchstore.limits import is_too_often, who_asks
from merchstore.panel.own_account import door_frame, problem, too_often
from merchstore.panel.visit import private
from merchstore.signing_in import confirm_address, let_in

#: Applications from one place and to one address in an hour, and attempts at links from one place in a quarter.
MOST_PER_PLACE, MOST_PER_ADDRESS, HOUR = 10, 3, 3600
MOST_LINKS, QUARTER = 60, 900

_read_and_write = require_http_methods(["GET", "HEAD", "POST"])


class ApplicationForm(forms.Form):
    company = forms.CharField(label=gettext_lazy("Company"), max_length=120)
    country = forms.ChoiceField(label=gettext_lazy("Country"))
    contact = forms.CharField(label=gettext_lazy("Your name"), max_length=120)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), help_text=gettext_lazy("We write to it to see that it is yours.")
    )
    interest = forms.CharField(
        label=gettext_lazy("Which films, and which goods"), max_length=2000, required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = sorted((country_name(code, language), code) for code in every_country())
        self.fields["country"].choices = [("", ""), *((code, name) for name, code in named)]  # type: ignore[attr-defined]


class AccountForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Your name"), max_length=150)
    password = forms.CharField(
        label=gettext_lazy("Password"), max_length=256, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, User(username=self.email, email=self.email))
        return password


@_read_and_write
def apply(request: HttpRequest, prefix: str) -> HttpResponseBase:
    """Who wants to sell. The answer is the same whatever address was given."""
    form = ApplicationForm(request.POST or None, language=LANGUAGES[prefix])
    if request.method != "POST":
        return _show(request, "apply", {"form": form})
    at, place = timezone.now(), who_asks(request)
    email = request.POST.get("email", "").strip().lower()
    if place and is_too_often("apply", place, most=MOST_PER_PLACE, seconds=HOUR, at=at):
        return too_often(request)
    if not form.is_valid():
        return _show(request, "apply", {"form": form}, status=422)
    # To one address no more than this is written; whoever asks again is told the same.
    if not is_too_often("apply-to", email, most=MOST_PER_ADDRESS, seconds=HOUR, at=at):
        onboarding.apply(**form.cleaned_data, language=LANGUAGES[prefix], at=at)
    return HttpResponseRedirect(reverse("panel:applied", args=[prefix]))


@require_http_methods(["GET", "HEAD"])
def applied(request: HttpRequest, prefix: str) -> HttpResponse:
    return _show(request, "applied", {})


@_read_and_write
def confirm(request: HttpRequest, prefix: str, token: str) -> HttpResponseBase:
    """The link of an application's letter: one button, since mail programs look at links, too."""
    at = timezone.now()
    if _guesses(request):
        return too_often(request)
    found = onboarding.application_of(token, at=at)
    if found is None:
        return problem(request, Refused("application_over").sentence, status=404)
    if request.method != "POST":
        return _show(request, "apply_confirm", {"application": found})
    try:
        invitation = onboarding.confirm_application(token, at=at)
    except Refused as refusal:
        return problem(request, refusal.sentence, status=409)
    return HttpResponseRedirect(reverse("panel:invitation", args=[prefix, invitation]))


@_read_and_write
def invitation(request: HttpRequest, prefix: str, token: str) -> HttpResponseBase:
    """The link of an invitation: who has an account signs in and says yes, everybody else makes one."""
    at = timezone.now()
    if _guesses(request):
        return too_often(request)
    found = invitations.of_token(token, at=at)
    if found is None:
        return problem(request, Refused("invitation_over").sentence, status=404)
    user = request.user if request.user.is_authenticated else None
    form = None
    if user is None and not invitations.has_account(found.email):
        form = AccountForm(request.POST or None, email=found.email)
    context: dict[str, Any] = {
        "invitation": found,
        "form": form,
        "is_other": bool(user and user.email.lower() != found.email),
    }
    if request.method != "POST":
        return _show(request, "invitation", context)
    try:
        return _answer(request, prefix, token, found, form)
    except Refused as refusal:
        return _show(request, "invitation", context | {"refusal": refusal.sentence}, status=422)


def _answer(
    request: HttpRequest, prefix: str, token: str, found: Invitation, form: AccountForm | None
) -> HttpResponseBase:
    at = timezone.now()
    home = reverse("panel:checklist", args=[prefix, found.merchant.slug])
    if form is None:
        if not isinstance(request.user, User):
            raise Refused("account_exists", email=found.email)
        invitations.accept(token, request.user, at=at)
        confirm_address(request.user)  # the link was in a letter to it
        return HttpResponseRedirect(home)
    if not form.is_valid():
        return _show(request, "invitation", {"invitation": found, "form": form}, status=422)
    user = invitations.accept_with_new_account(
        token, password=form.cleaned_data["password"], name=form.cleaned_data["name"], at=at
    )
    return let_in(request, user, to=home)


def _guesses(request: HttpRequest) -> bool:
    place = who_asks(request)
    return bool(place) and is_too_often("link", place, most=MOST_LINKS, seconds=QUARTER, at=timezone.now())


def _show(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    response = render(request, f"panel/{template}.html", door_frame(request) | context, status=status)
    # The address of a link opens something: it goes to nobody else.
    response["Referrer-Policy"] = "same-origin"
    return private(response)
