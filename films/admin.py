"""The desk's pages for films, their releases and embargoes."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin, ReadOnlyInline, Verb, changed_fields
from films import services
from films.models import Artwork, Credit, Embargo, Film, Release


class ReleaseInline(ReadOnlyInline):
    model = Release
    related = ("film",)
    fields = readonly_fields = ("country", "opens_on", "zone")
    show_change_link = True


class EmbargoInline(ReadOnlyInline):
    model = Embargo
    related = ("film",)
    fields = readonly_fields = ("tier", "country", "lifts_at", "zone")
    show_change_link = True


class CreditInline(ReadOnlyInline):
    model = Credit
    related = ("film",)
    fields = readonly_fields = ("role", "name_en", "name_zh")


class ArtworkInline(ReadOnlyInline):
    model = Artwork
    related = ("film",)
    fields = readonly_fields = ("kind", "file", "reveals", "width", "height")


@admin.register(Film)
class FilmAdmin(DeskAdmin):
    is_editable = can_add = True
    list_display = ("title_en", "title_zh", "year", "slug", "position")
    list_filter = ("year",)
    search_fields = ("title_en", "title_zh", "title_original", "slug")
    ordering = ("position", "id")
    fieldsets = (
        (None, {"fields": ("slug", "title_en", "title_zh", "title_original", "original_language")}),
        (_("Texts"), {"fields": ("lede_en", "lede_zh", "synopsis_en", "synopsis_zh")}),
        (_("Facts"), {"fields": ("year", "runtime_minutes", "countries", "genres")}),
        (_("Look"), {"fields": ("ground", "ink", "voice", "palette", "position")}),
        (_("Origin"), {"fields": ("public_id", "source_key", "created_at", "updated_at")}),
    )
    readonly_fields = ("countries", "genres", "palette", "public_id", "source_key", "created_at", "updated_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Film | None = None) -> Any:
        return self.readonly_fields if obj is None else ("slug", *self.readonly_fields)

    def get_inlines(self, request: HttpRequest, obj: Film | None) -> Any:
        return (ReleaseInline, EmbargoInline, CreditInline, ArtworkInline) if obj else ()

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> Film:
        if change:
            return services.set_film_texts(form.instance, by=request.user, **changed_fields(form))
        return services.create_film(by=request.user, **form.cleaned_data)


@admin.register(Release)
class ReleaseAdmin(DeskAdmin):
    is_editable = can_add = True
    fields = ("film", "country", "opens_on", "zone")
    autocomplete_fields = ("film",)
    list_display = ("film", "country", "opens_on", "zone")
    list_filter = ("country",)
    list_select_related = ("film",)
    search_fields = ("film__title_en", "film__slug")
    verbs = (
        Verb(
            "remove",
            _("Remove release"),
            _("The release has been removed."),
            lambda release, *, by, at: services.remove_release(release, by=by),
            lambda release, at: True,
            consequence=_("The film no longer has a date in this country."),
            asks_first=True,
            is_dangerous=True,
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Release | None = None) -> Any:
        return ("film", "country") if obj else ()

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> Release:
        row = form.instance
        return services.set_release(
            row.film, by=request.user, country=row.country, opens_on=row.opens_on, zone=row.zone
        )


@admin.register(Embargo)
class EmbargoAdmin(DeskAdmin):
    is_editable = can_add = True
    fields = ("film", "tier", "country", "lifts_at", "zone")
    zone_field = "zone"
    autocomplete_fields = ("film",)
    list_display = ("film", "tier", "territory", "local_lift", "zone")
    list_filter = ("tier", "country")
    list_select_related = ("film",)
    search_fields = ("film__title_en", "film__slug")
    verbs = (
        Verb(
            "lift",
            _("Lift now"),
            _("The embargo is lifted."),
            services.lift_embargo,
            lambda embargo, at: embargo.lifts_at > at,
            consequence=_("What the embargo keeps secret can be seen from this moment on. That cannot be taken back."),
            asks_first=True,
            is_dangerous=True,
        ),
    )

    @admin.display(description=_("Lifts"), ordering="lifts_at")
    def local_lift(self, embargo: Embargo) -> str:
        return date_format(embargo.lifts_at.astimezone(ZoneInfo(embargo.zone)), "j M Y, H:i")

    @admin.display(description=_("Where"), ordering="country")
    def territory(self, embargo: Embargo) -> str:
        return embargo.country or str(_("Everywhere"))

    def get_readonly_fields(self, request: HttpRequest, obj: Embargo | None = None) -> Any:
        return ("film", "tier", "country") if obj else ()

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> Embargo:
        row = form.instance
        return services.set_embargo(
            row.film, by=request.user, tier=row.tier, country=row.country, lifts_at=row.lifts_at, zone=row.zone
        )
