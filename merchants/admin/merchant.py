"""The desk's pages for merchants, their members and the keys of their programs."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin, ReadOnlyInline, Verb, VerbForm, changed_fields
from core.clock import end_of_day
from core.territories import zone_of
from merchants import keys, onboarding, services
from merchants.admin.onboarding import ReasonForm, SubmittalInline
from merchants.models import Member, Merchant, PartnerKey

State = Merchant.State


class MemberInline(ReadOnlyInline):
    model = Member
    related = ("user", "merchant")
    fields = readonly_fields = ("user", "role")
    show_change_link = True


class PartnerKeyInline(ReadOnlyInline):
    model = PartnerKey
    related = ("merchant",)
    fields = readonly_fields = ("name", "prefix", "may", "last_used_at", "expires_at", "revoked_at")
    show_change_link = True

    @admin.display(description=_("Allowed"))
    def may(self, key: PartnerKey) -> str:
        return scopes_in_words(key)


def scopes_in_words(key: PartnerKey) -> str:
    labels = dict(PartnerKey.Scope.choices)
    return ", ".join(str(labels.get(scope, scope)) for scope in key.scopes)


class PapersForm(VerbForm):
    documents_expire_on = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("In the merchant's country. Blank: the papers do not expire."),
    )


class WordForm(VerbForm):
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands in the letter to the owners."),
    )  # fmt: skip


VERBS = (
    Verb(
        "approve",
        _("Approve merchant"),
        _("The merchant is approved."),
        lambda merchant, *, by, at, reason: onboarding.approve_merchant(merchant, by=by, reason=reason, at=at),
        lambda merchant, at: merchant.state in (State.APPLIED, State.IN_REVIEW),
        consequence=_("The merchant may list and sell what its licences allow. The owners are told."),
        form=WordForm,
        is_main=True,
    ),
    Verb(
        "give_back",
        _("Give back to the applicant"),
        _("The application is given back."),
        lambda merchant, *, by, at, reason: onboarding.return_to_applicant(merchant, by=by, reason=reason),
        lambda merchant, at: merchant.state == State.IN_REVIEW,
        consequence=_("The owners are told the reason, mend what is missing and ask for the review again."),
        form=ReasonForm,
    ),
    Verb(
        "reinstate",
        _("Reinstate"),
        _("The merchant is reinstated."),
        lambda merchant, *, by, at, reason: services.reinstate_merchant(merchant, by=by, reason=reason),
        lambda merchant, at: merchant.state == State.SUSPENDED,
        form=WordForm,
        is_main=True,
    ),
    Verb(
        "papers",
        _("Set papers"),
        _("The date of the papers is set."),
        lambda merchant, *, by, at, documents_expire_on: services.set_documents_expiry(
            merchant, by=by, expire_on=documents_expire_on
        ),
        lambda merchant, at: merchant.state != State.CLOSED,
        consequence=_("After this day the merchant's goods leave the shelf until new papers are in."),
        form=PapersForm,
    ),
    Verb(
        "suspend",
        _("Suspend"),
        _("The merchant is suspended."),
        lambda merchant, *, by, at, reason: services.suspend_merchant(merchant, by=by, reason=reason),
        lambda merchant, at: merchant.state == State.APPROVED,
        consequence=_("Everything this merchant sells leaves the shelf until it is reinstated."),
        form=ReasonForm,
        is_dangerous=True,
    ),
    Verb(
        "close",
        _("Close"),
        _("The merchant is closed."),
        lambda merchant, *, by, at, reason: services.close_merchant(merchant, by=by, reason=reason),
        lambda merchant, at: merchant.state != State.CLOSED,
        consequence=_(
            "Everything this merchant sells leaves the shelf for good. A closed merchant does not come back."
        ),
        form=ReasonForm,
        is_dangerous=True,
    ),
)


@admin.register(Merchant)
class MerchantAdmin(DeskAdmin):
    is_editable = can_add = True
    fields = ("slug", "name", "name_zh", "city", "country", "state", "documents_expire_on", "public_id", "updated_at")
    list_display = ("name", "name_zh", "state", "city", "country", "documents_expire_on")
    list_filter = ("state", "country")
    search_fields = ("name", "name_zh", "slug", "public_id")
    verbs = VERBS

    def get_readonly_fields(self, request: HttpRequest, obj: Merchant | None = None) -> Any:
        guarded = ("state", "documents_expire_on", "public_id", "updated_at")
        return ("slug", *guarded) if obj else guarded

    def get_inlines(self, request: HttpRequest, obj: Merchant | None) -> Any:
        return (MemberInline, SubmittalInline, PartnerKeyInline) if obj else ()

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> Merchant:
        if change:
            return services.edit_merchant(form.instance, by=request.user, **changed_fields(form))
        return services.create_merchant(by=request.user, **form.cleaned_data)


@admin.register(Member)
class MemberAdmin(DeskAdmin):
    is_editable = can_add = True
    fields = ("merchant", "user", "role")
    autocomplete_fields = ("merchant", "user")
    list_display = ("user", "merchant", "role")
    list_filter = ("role",)
    list_select_related = ("user", "merchant")
    search_fields = ("user__username", "merchant__name", "merchant__slug")
    verbs = (
        Verb(
            "remove",
            _("Remove member"),
            _("The member is removed."),
            lambda member, *, by, at: services.remove_member(member, by=by),
            lambda member, at: True,
            consequence=_("This person no longer acts for the merchant. The account stays."),
            asks_first=True,
            is_dangerous=True,
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Member | None = None) -> Any:
        return ("merchant", "user") if obj else ()

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> Member:
        member = form.instance
        if change:
            return services.change_role(member, role=member.role, by=request.user)
        return services.add_member(member.merchant, member.user, role=member.role, by=request.user)


def last_day_field() -> forms.DateField:
    return forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("In the merchant's country. Blank: it stays valid until it is revoked."),
    )


class PartnerKeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        label=_("Allowed"), choices=PartnerKey.Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    last_day = last_day_field()

    class Meta:
        model = PartnerKey
        fields = ("merchant", "name", "scopes", "last_day")


class RotateForm(VerbForm):
    overlap_days = forms.IntegerField(
        label=_("Days the old key goes on working"),
        min_value=0,
        max_value=keys.LONGEST_OVERLAP.days,
        initial=7,
        help_text=_("So that programs can change over. 0: it stops at once."),
    )
    last_day = last_day_field()


def _end_of(last_day: date | None, merchant: Merchant) -> datetime | None:
    """The instant at which a key expires whose last day in the merchant's country this is."""
    return None if last_day is None else end_of_day(last_day, zone_of(merchant.country))


@admin.register(PartnerKey)
class PartnerKeyAdmin(DeskAdmin):
    """A key is made, replaced and revoked, never edited. Its secret is on the page that answers the making, and nowhere else."""

    can_add = True
    form = PartnerKeyForm
    autocomplete_fields = ("merchant",)
    list_display = ("name", "merchant", "prefix", "may", "last_used_at", "expires_at", "revoked_at")
    list_select_related = ("merchant",)
    search_fields = ("prefix", "public_id", "name", "merchant__name", "merchant__slug")
    verbs = (
        Verb(
            "rotate",
            _("Replace key"),
            _("The key is replaced."),
            lambda key, *, by, at, overlap_days, last_day: keys.rotate_key(
                key,
                by=by,
                at=at,
                overlap=timedelta(days=overlap_days),
                expires_at=_end_of(last_day, key.merchant),
            ),
            lambda key, at: key.is_live(at),
            consequence=_("A new key of the same name may do the same; the old one works on for some days."),
            form=RotateForm,
        ),
        Verb(
            "revoke",
            _("Revoke key"),
            _("The key is revoked."),
            lambda key, *, by, at: keys.revoke_key(key, by=by, at=at),
            lambda key, at: key.revoked_at is None,
            consequence=_("From now on the key opens nothing, whatever uses it. It cannot be brought back."),
            asks_first=True,
            is_dangerous=True,
        ),
    )

    @admin.display(description=_("Allowed"))
    def may(self, key: PartnerKey) -> str:
        return scopes_in_words(key)

    def get_fields(self, request: HttpRequest, obj: PartnerKey | None = None) -> Any:
        if obj is None:
            return ("merchant", "name", "scopes", "last_day")
        return (
            "merchant",
            "name",
            "prefix",
            "may",
            "created_at",
            "last_used_at",
            "expires_at",
            "revoked_at",
            "public_id",
        )

    def get_readonly_fields(self, request: HttpRequest, obj: PartnerKey | None = None) -> Any:
        return self.get_fields(request, obj) if obj else ()

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> PartnerKey:
        told = form.cleaned_data
        made = keys.make_key(
            told["merchant"],
            name=told["name"],
            scopes=told["scopes"],
            by=request.user,
            at=timezone.now(),
            expires_at=_end_of(told["last_day"], told["merchant"]),
        )
        request.made_key = made  # type: ignore[attr-defined]  # the answer shows it, see response_add
        return made.key

    def response_add(self, request: HttpRequest, obj: PartnerKey, post_url_continue: Any = None) -> HttpResponse:
        return self._secret_page(request, request.made_key)  # type: ignore[attr-defined]

    def answer_done(self, request: HttpRequest, row: PartnerKey, verb: Verb, result: Any) -> HttpResponse:
        if isinstance(result, keys.MadeKey):
            return self._secret_page(request, result)
        return super().answer_done(request, row, verb, result)

    def _secret_page(self, request: HttpRequest, made: keys.MadeKey) -> HttpResponse:
        """Answered at once, not after a redirect: between two requests the secret would have to lie somewhere."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("The new key"),
            "subtitle": str(made.key),
            "opts": self.opts,
            "made": made,
            "home_url": self.home_url(made.key),
        }
        return TemplateResponse(request, "admin/merchants/secret.html", context).render()
