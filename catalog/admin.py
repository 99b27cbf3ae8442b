"""The desk's pages for the catalogue: all of it to look at. Merchants and importers write it, through services."""

from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin, ReadOnlyInline
from catalog.models import Image, Market, Price, Product, Promotion, ShelfMark, ShelfSpan, Stock, Variant
from core.money import Money


def money(amount: int | None, market: Market) -> str:
    """An amount as the desk reads it, or a dash."""
    return Money(amount, market.currency).in_locale("en") if amount is not None else "–"


@admin.register(Market)
class MarketAdmin(DeskAdmin):
    list_display = ("code", "name_en", "name_zh", "currency", "default_language", "time_zone", "shelf_version")
    search_fields = ("code", "name_en", "name_zh")
    readonly_fields = ("shelf_version",)


class VariantInline(ReadOnlyInline):
    model = Variant
    fields = readonly_fields = ("sku", "options", "gtin", "position")
    show_change_link = True


class ImageInline(ReadOnlyInline):
    model = Image
    related = ("product",)
    fields = readonly_fields = ("file", "channel_file", "width", "height", "alt_en", "alt_zh")


@admin.register(Product)
class ProductAdmin(DeskAdmin):
    list_display = ("title_en", "title_zh", "merchant", "film", "category", "state", "listing", "sku")
    list_filter = ("state", "listing", "category")
    list_select_related = ("merchant", "film", "category")
    search_fields = ("title_en", "title_zh", "sku", "slug", "public_id")
    sortable_by = ()
    inlines = (VariantInline, ImageInline)
    readonly_fields = ("public_id", "created_at", "updated_at")


class PriceInline(ReadOnlyInline):
    model = Price
    related = ("variant", "market")
    fields = readonly_fields = ("market", "shown_amount", "starts_at", "created_at")

    @admin.display(description=_("Price"))
    def shown_amount(self, price: Price) -> str:
        return money(price.amount, price.market)


class StockInline(ReadOnlyInline):
    model = Stock
    related = ("variant",)
    fields = readonly_fields = ("on_hand", "reserved", "updated_at")


@admin.register(Variant)
class VariantAdmin(DeskAdmin):
    list_display = ("sku", "product", "options", "gtin")
    list_select_related = ("product",)
    search_fields = ("sku__exact", "public_id__exact", "gtin__exact", "product__sku__exact")
    search_help_text = _("A code, written out.")
    sortable_by = ()
    inlines = (PriceInline, StockInline)
    readonly_fields = ("public_id",)


@admin.register(Price)
class PriceAdmin(DeskAdmin):
    list_display = ("variant", "market", "shown_amount", "starts_at")
    list_filter = ("market",)
    list_select_related = ("variant", "market")
    search_fields = ("variant__sku__exact", "variant__product__sku__exact", "variant__product__public_id__exact")
    search_help_text = _("A code, written out.")
    sortable_by = ()

    @admin.display(description=_("Price"))
    def shown_amount(self, price: Price) -> str:
        return money(price.amount, price.market)


@admin.register(Stock)
class StockAdmin(DeskAdmin):
    list_display = ("variant", "on_hand", "reserved", "updated_at")
    list_select_related = ("variant",)
    search_fields = ("variant__sku__exact", "variant__public_id__exact", "variant__product__sku__exact")
    search_help_text = _("A code, written out.")
    sortable_by = ()


@admin.register(Promotion)
class PromotionAdmin(DeskAdmin):
    """The window and rank that a campaign's revision handed down. Its offers are too many for a page."""

    list_display = ("public_id", "priority", "starts_at", "ends_at", "is_published", "since")
    list_filter = ("is_published",)
    search_fields = ("public_id__exact",)
    readonly_fields = ("public_id",)


class MomentFilter(admin.SimpleListFilter):
    title = _("moment")
    parameter_name = "moment"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [("now", _("On the shelf now")), ("later", _("Later"))]

    def queryset(self, request: Any, queryset: Any) -> Any:
        at = timezone.now()
        if self.value() == "now":
            return queryset.at(at)
        return queryset.filter(starts_at__gt=at) if self.value() == "later" else queryset


@admin.register(ShelfSpan)
class ShelfSpanAdmin(DeskAdmin):
    """What shoppers see and will see. Derived rows: compiled, never written by hand."""

    list_display = ("product", "market", "kind", "shown_amount", "shown_was", "starts_at", "ends_at", "promotion")
    list_filter = (MomentFilter, "market", "kind")
    list_select_related = ("product", "market", "promotion")
    search_fields = ("product__slug__exact", "product__public_id__exact", "product__sku__exact")
    search_help_text = _("A product's address, public id or code, written out.")
    sortable_by = ()

    @admin.display(description=_("Price"))
    def shown_amount(self, span: ShelfSpan) -> str:
        return money(span.amount, span.market)

    @admin.display(description=_("Regular price"))
    def shown_was(self, span: ShelfSpan) -> str:
        return money(span.was_amount, span.market)


@admin.register(ShelfMark)
class ShelfMarkAdmin(DeskAdmin):
    list_display = ("source", "read_up_to")
