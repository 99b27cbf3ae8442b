"""The desk's pages for the catalogue: all of it to look at. Merchants and importers write it, through services."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin, ReadOnlyInline, Verb, VerbForm
from catalog.admin import imports as imports
from catalog.admin import variants as variants
from catalog.admin.images import ADD_PICTURE, ImageInline
from catalog.admin.prices import money
from catalog.models import Market, Product, Promotion, ShelfMark, ShelfSpan, TaxClass, Variant
from catalog.queries.listing import listing_reasons
from catalog.tax import set_tax_class


@admin.register(Market)
class MarketAdmin(DeskAdmin):
    list_display = ("code", "name_en", "name_zh", "currency", "default_language", "time_zone", "shelf_version")
    search_fields = ("code", "name_en", "name_zh")
    readonly_fields = ("shelf_version",)


class VariantInline(ReadOnlyInline):
    model = Variant
    fields = readonly_fields = ("sku", "options", "gtin", "position")
    show_change_link = True


class TaxClassForm(VerbForm):
    tax_class = forms.ChoiceField(label=_("Tax class"), choices=TaxClass.choices)


def _set_tax_class(product: Product, *, by: Any, at: datetime, tax_class: str) -> None:
    set_tax_class(product, tax_class, by=by)


@admin.register(Product)
class ProductAdmin(DeskAdmin):
    list_display = ("title_en", "title_zh", "merchant", "film", "category", "state", "listing", "sku")
    list_filter = ("state", "listing", "category")
    list_select_related = ("merchant", "film", "category")
    search_fields = ("title_en", "title_zh", "sku", "slug", "public_id")
    sortable_by = ()
    inlines = (VariantInline, ImageInline)
    readonly_fields = ("public_id", "created_at", "updated_at", "shown_listing")
    verbs = (
        Verb(
            "set-tax-class",
            _("Set the tax class"),
            _("The tax class is set."),
            _set_tax_class,
            lambda _product, _at: True,
            consequence=_("The product's pages name the rate of this class from now on."),
            form=TaxClassForm,
        ),
        ADD_PICTURE,
    )

    @admin.display(description=_("On the shelf now"))
    def shown_listing(self, product: Product) -> str:
        """Each market, and why not."""
        rows = [
            (
                listing.market,
                " ".join(reason.sentence for reason in listing.reasons) or ShelfSpan.Kind(listing.kind).label,
            )
            for listing in listing_reasons(product, at=timezone.now())
        ]
        return format_html_join(SafeString("<br>"), "{}: {}", rows)


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
