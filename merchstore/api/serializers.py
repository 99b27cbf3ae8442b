"""What goes out. Fields are added, never renamed."""

from datetime import UTC
from functools import cache
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.models import ShelfSpan
from core.money import Money


class Instant(serializers.DateTimeField):
    """RFC 3339 in UTC, whatever zone a thread was left in."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=UTC, **options)


class MoneySerializer(serializers.Serializer):
    amount = serializers.CharField(help_text="Decimal with a point, in the currency's own number of digits.")
    currency = serializers.CharField(help_text="ISO 4217.")


@extend_schema_field(MoneySerializer)
class MoneyField(serializers.Field):
    def to_representation(self, value: Money) -> dict[str, str]:
        return {"amount": str(value), "currency": value.currency}


@extend_schema_field(serializers.URLField())
class FileAddress(serializers.Field):
    def to_representation(self, value: Any) -> str:
        return settings.SITE_URL + value.url


class MarketSerializer(serializers.Serializer):
    code = serializers.CharField()
    name_en = serializers.CharField()
    name_zh = serializers.CharField()
    currency = serializers.CharField(help_text="ISO 4217; every price of the market is in it.")
    countries = serializers.ListField(child=serializers.CharField(), help_text="ISO 3166-1, the main one first.")
    default_language = serializers.CharField()
    time_zone = serializers.CharField()
    prices_include_tax = serializers.BooleanField()


class FilmBriefSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    slug = serializers.CharField()
    title_en = serializers.CharField()
    title_zh = serializers.CharField()


class CreditSerializer(serializers.Serializer):
    role = serializers.CharField()
    name_en = serializers.CharField()
    name_zh = serializers.CharField()


class ReleaseSerializer(serializers.Serializer):
    country = serializers.CharField()
    opens_on = serializers.DateField(help_text="A date on the calendar of `zone`, not an instant.")
    zone = serializers.CharField()


class ArtworkSerializer(serializers.Serializer):
    kind = serializers.CharField()
    url = FileAddress(source="file")
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    alt_en = serializers.CharField()
    alt_zh = serializers.CharField()


class FilmSerializer(serializers.Serializer):
    id = serializers.CharField(source="film.public_id")
    slug = serializers.CharField(source="film.slug")
    title_en = serializers.CharField(source="film.title_en")
    title_zh = serializers.CharField(source="film.title_zh")
    title_original = serializers.CharField(source="film.title_original")
    original_language = serializers.CharField(source="film.original_language")
    year = serializers.IntegerField(source="film.year", allow_null=True)
    runtime_minutes = serializers.IntegerField(source="film.runtime_minutes", allow_null=True)
    countries = serializers.ListField(source="film.countries", child=serializers.CharField())
    genres = serializers.ListField(source="film.genres", child=serializers.CharField())
    synopsis_en = serializers.SerializerMethodField(help_text="Empty while the plot is under embargo.")
    synopsis_zh = serializers.SerializerMethodField(help_text="Empty while the plot is under embargo.")
    credits = CreditSerializer(source="film.credits", many=True)
    releases = ReleaseSerializer(source="film.releases", many=True)
    artworks = ArtworkSerializer(many=True)
    updated_at = Instant(source="film.updated_at")

    def get_synopsis_en(self, row: Any) -> str:
        return row.film.synopsis_en if row.shows_plot else ""

    def get_synopsis_zh(self, row: Any) -> str:
        return row.film.synopsis_zh if row.shows_plot else ""


class LicenceBriefSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    number = serializers.CharField()


class RightsSerializer(serializers.Serializer):
    licence = LicenceBriefSerializer(allow_null=True)
    countries = serializers.ListField(
        child=serializers.CharField(), help_text="Countries of the market where an order would be accepted now."
    )
    until = Instant(allow_null=True, help_text="The first instant after the licence's term.")


class MerchantBriefSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    slug = serializers.CharField()
    name = serializers.CharField()
    name_zh = serializers.CharField()


class CategorySerializer(serializers.Serializer):
    code = serializers.CharField()
    name_en = serializers.CharField()
    name_zh = serializers.CharField()


class ImageSerializer(serializers.Serializer):
    url = FileAddress(source="file")
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    color = serializers.CharField(
        source="colour",
        help_text="The mean of the picture, such as #c04020, to show while it comes; blank where unknown.",
    )
    alt_en = serializers.CharField()
    alt_zh = serializers.CharField()


class PricedSerializer(serializers.Serializer):
    """A price on the shelf, and what has to be said beside it."""

    availability = serializers.ChoiceField(source="span.kind", choices=ShelfSpan.Kind.choices)
    price = MoneyField(help_text="Of the cheapest variant.")
    highest_price = MoneyField(help_text="Of the dearest variant.")
    was = MoneyField(allow_null=True, help_text="The regular price, where a campaign lowers it.")
    lowest_30_days = MoneyField(
        allow_null=True,
        help_text="The lowest price seen in the 30 days before the reduction, if any.",
    )


class ProductSerializer(PricedSerializer):
    id = serializers.CharField(source="product.public_id")
    slug = serializers.CharField(source="product.slug")
    sku = serializers.CharField(source="product.sku")
    title_en = serializers.CharField(source="product.title_en")
    title_zh = serializers.CharField(source="product.title_zh")
    description_en = serializers.CharField(source="product.description_en")
    description_zh = serializers.CharField(source="product.description_zh")
    film = FilmBriefSerializer(source="product.film")
    merchant = MerchantBriefSerializer(source="product.merchant")
    category = CategorySerializer(source="product.category")
    market = serializers.CharField(source="market.code")
    on_sale_at = Instant(source="product.on_sale_at", allow_null=True)
    street_on = serializers.DateField(source="product.street_on", allow_null=True)
    images = ImageSerializer(source="product.images", many=True)
    rights = RightsSerializer()
    updated_at = Instant(source="product.updated_at")


class VariantSerializer(serializers.Serializer):
    id = serializers.CharField(source="variant.public_id")
    sku = serializers.CharField(source="variant.sku")
    options = serializers.DictField(source="variant.options", child=serializers.CharField())
    gtin = serializers.CharField(source="variant.gtin")
    price = MoneyField()
    was = MoneyField(allow_null=True)
    is_in_stock = serializers.BooleanField()


class ProductDetailSerializer(ProductSerializer):
    variants = VariantSerializer(many=True, help_text="Those that have a price in the market.")


class ListedProductSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    slug = serializers.CharField()
    sku = serializers.CharField()
    title_en = serializers.CharField()
    title_zh = serializers.CharField()


class ListingSerializer(serializers.Serializer):
    id = serializers.CharField(source="listing.public_id")
    product = ListedProductSerializer(source="seen.product")
    market = serializers.CharField(source="seen.market.code")
    channel = serializers.CharField(source="listing.channel.code")
    availability = serializers.ChoiceField(source="seen.span.kind", choices=ShelfSpan.Kind.choices)
    price = MoneyField(source="seen.price", help_text="Of the cheapest variant.")
    was = MoneyField(source="seen.was", allow_null=True, help_text="The regular price, where a campaign lowers it.")
    lowest_30_days = MoneyField(source="seen.lowest_30_days", allow_null=True)
    campaign = serializers.CharField(source="campaign.public_id")
    revision = serializers.IntegerField(source="revision.number", help_text="Of the campaign.")
    starts_at = Instant(source="revision.starts_at")
    ends_at = Instant(source="revision.ends_at")
    rights = RightsSerializer(source="seen.rights")


class PlacementSerializer(serializers.Serializer):
    slot = serializers.CharField()
    headline_en = serializers.CharField()
    headline_zh = serializers.CharField()
    lede_en = serializers.CharField()
    lede_zh = serializers.CharField()


class CampaignSerializer(serializers.Serializer):
    id = serializers.CharField(source="campaign.public_id")
    slug = serializers.CharField(source="campaign.slug")
    film = FilmBriefSerializer(allow_null=True)
    phase = serializers.SerializerMethodField(help_text="`announced` or `live`.")
    announced_at = Instant(allow_null=True)
    starts_at = Instant(source="revision.starts_at")
    ends_at = Instant(source="revision.ends_at")
    revision = serializers.IntegerField(source="revision.number")
    markets = serializers.ListField(child=serializers.CharField(), help_text="Of the markets that may know of it.")
    placements = PlacementSerializer(many=True)
    updated_at = Instant(source="campaign.updated_at")

    def get_phase(self, row: Any) -> str:
        return "live" if row.is_live else "announced"


class FaultSerializer(serializers.Serializer):
    pointer = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """RFC 9457."""

    type = serializers.URLField(help_text="A page that says more.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField(help_text="The id of the request, as in `Request-Id`.")
    code = serializers.CharField()
    errors = FaultSerializer(many=True)  # type: ignore[assignment]
    markets = serializers.ListField(child=serializers.CharField(), required=False, help_text="With `unknown_market`.")
    merchants = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Their slugs, with `several_products`."
    )
    current_quantity = serializers.IntegerField(required=False, help_text="Pieces on hand, where stock is not written.")


class ProblemKindSerializer(serializers.Serializer):
    code = serializers.CharField()
    status = serializers.IntegerField()
    title = serializers.CharField()
    explanation = serializers.CharField()


@cache
def page_of(row: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """The envelope of a list of `row`."""
    fields = {
        "data": row(many=True),
        "next_cursor": serializers.CharField(allow_null=True, help_text="Null on the last page."),
    }
    return type(f"{row.__name__.removesuffix('Serializer')}PageSerializer", (serializers.Serializer,), fields)
