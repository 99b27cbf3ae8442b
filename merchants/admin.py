"""The desk's pages for merchants and their members."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin, ReadOnlyInline, Verb, VerbForm, changed_fields
from merchants import services
from merchants.models import Member, Merchant

State = Merchant.State


class MemberInline(ReadOnlyInline):
    model = Member
    related = ("user", "merchant")
    fields = readonly_fields = ("user", "role")
    show_change_link = True


class PapersForm(VerbForm):
    documents_expire_on = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("In the merchant's country. Blank: the papers do not expire."),
    )


VERBS = (
    Verb(
        "approve",
        _("Approve merchant"),
        _("The merchant is approved."),
        lambda merchant, *, by, at: services.approve_merchant(merchant, by=by),
        lambda merchant, at: merchant.state == State.APPLIED,
        is_main=True,
    ),
    Verb(
        "reinstate",
        _("Reinstate"),
        _("The merchant is reinstated."),
        lambda merchant, *, by, at: services.reinstate_merchant(merchant, by=by),
        lambda merchant, at: merchant.state == State.SUSPENDED,
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
        lambda merchant, *, by, at: services.suspend_merchant(merchant, by=by),
        lambda merchant, at: merchant.state == State.APPROVED,
        consequence=_("Everything this merchant sells leaves the shelf until it is reinstated."),
        asks_first=True,
        is_dangerous=True,
    ),
    Verb(
        "close",
        _("Close"),
        _("The merchant is closed."),
        lambda merchant, *, by, at: services.close_merchant(merchant, by=by),
        lambda merchant, at: merchant.state != State.CLOSED,
        consequence=_(
            "Everything this merchant sells leaves the shelf for good. A closed merchant does not come back."
        ),
        asks_first=True,
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
        return (MemberInline,) if obj else ()

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
