"""What campaigns leave behind, to look at: listings, revisions, runs, due transitions. And the channels."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin
from campaigns.models import Channel, Due, Listing, Revision, SyncRun


@admin.register(Channel)
class ChannelAdmin(DeskAdmin):
    list_display = ("name", "code", "adapter", "distribution", "is_enabled", "batch_size", "batches_per_minute")
    search_fields = ("name", "code")


@admin.register(Listing)
class ListingAdmin(DeskAdmin):
    list_display = (
        "public_id",
        "campaign",
        "product",
        "market",
        "channel",
        "state",
        "is_wanted",
        "attempts",
        "problem",
    )
    list_filter = ("campaign", "channel", "state", "market")
    list_select_related = ("campaign", "product", "market", "channel")
    search_fields = ("public_id__exact", "product__public_id__exact", "product__sku__exact", "product__slug__exact")
    search_help_text = _("A public id, a product's code or address, written out.")
    sortable_by = ()
    readonly_fields = ("public_id",)


@admin.register(Revision)
class RevisionAdmin(DeskAdmin):
    list_display = ("campaign", "number", "state", "starts_at", "ends_at", "created_by", "approved_by", "published_at")
    list_display_links = ("number",)
    list_filter = ("state", "campaign")
    list_select_related = ("campaign", "created_by", "approved_by")
    search_fields = ("campaign__name_en", "campaign__slug")
    sortable_by = ()


@admin.register(SyncRun)
class SyncRunAdmin(DeskAdmin):
    list_display = (
        "public_id",
        "kind",
        "state",
        "campaign",
        "channel",
        *("planned", "staged", "unchanged"),
        *("refused", "pushed", "failed", "created_at", "finished_at"),
    )
    list_filter = ("kind", "state", "campaign")
    list_select_related = ("campaign", "channel")
    search_fields = ("public_id__exact", "campaign__slug__exact")
    sortable_by = ()
    readonly_fields = ("public_id",)


@admin.register(Due)
class DueAdmin(DeskAdmin):
    list_display = ("due_at", "kind", "campaign", "revision_number", "done_at", "result")
    list_filter = ("kind", "campaign")
    list_select_related = ("campaign", "revision")
    search_fields = ("campaign__slug__exact",)
    sortable_by = ()

    @admin.display(description=_("Revision"))
    def revision_number(self, due: Due) -> Any:
        return due.revision.number
