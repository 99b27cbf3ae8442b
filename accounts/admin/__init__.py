"""The desk's pages for people and the trail of what they did."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import second_steps
from accounts.admin.base import DeskAdmin, Verb
from accounts.models import AuditEntry, User
from accounts.services import record

admin.site.site_header = "merchstore desk"
admin.site.site_title = "merchstore desk"
admin.site.index_title = _("Everything")

#: Only a superuser hands out power; somebody who may edit accounts could otherwise promote the own one.
POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    actions = None
    list_display = ("username", "email", "first_name", "last_name", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active")
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        mine = ("last_login", "date_joined")
        return mine if request.user.is_superuser else (*mine, *POWERS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A superuser's account, with its password, is changed by superusers."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (request.user.is_superuser or obj is None or not obj.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Accounts are switched off; a merchant's member and a campaign's author stay known."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        names = sorted(name for name in form.changed_data if "password" not in name)
        record("user.edited" if change else "user.created", obj, by=request.user, fields=names)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            record("user.password_set", User.objects.get(pk=id), by=request.user)
        return response


# Pages of the library that edit rows past every service; of second steps the desk has its own.
for _model in (EmailAddress, Authenticator, UserSession):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


@admin.register(Authenticator)
class AuthenticatorAdmin(DeskAdmin):
    """Passkeys and apps by which people sign in. Looked at, and taken away from who has lost them; their secrets are not shown."""

    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")
    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")
    verbs = (
        Verb(
            "remove",
            _("Remove second step"),
            _("The second step is removed."),
            lambda row, *, by, at: second_steps.remove_second_step(row, by=by),
            lambda row, at: True,
            consequence=_(
                "Be sure who asks: from now on the password alone opens the account, until its owner sets up a new step."
            ),
            asks_first=True,
            is_dangerous=True,
        ),
    )


@admin.register(AuditEntry)
class AuditEntryAdmin(DeskAdmin):
    list_display = ("at", "who", "verb", "subject_type", "subject_id")
    list_display_links = ("at",)
    list_filter = ("subject_type",)
    list_select_related = ("actor",)
    search_fields = ("subject_id__exact", "actor__username__exact", "verb__exact")
    search_help_text = _("A public id, a user name or a verb, written out.")
    sortable_by = ()

    @admin.display(description=_("Who"))
    def who(self, entry: AuditEntry) -> str:
        return entry.actor.get_username() if entry.actor else str(_("The system"))
