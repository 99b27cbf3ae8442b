"""A merchant's own goods: what goes out, and the shapes of what comes in. Fields are added, never renamed."""

from typing import Any, ClassVar

from django.conf import settings
from django.utils.translation import override
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.models import Image, Product, ShelfSpan, StockChange
from catalog.models.goods import TaxClass
from core.errors import Refused
from films.models import Tier
from merchstore.api.serializers import (
    CategorySerializer,
    FilmBriefSerializer,
    Instant,
    LicenceBriefSerializer,
    MoneyField,
)
from merchstore.api.shapes import Choice, Day, FilePart, MoneyOf, Shape, Text, Whole
from merchstore.api.shapes import Instant as InstantOf

_MOST_OPTIONS, _LONGEST_OPTION = 10, 100
_MOST_VARIANTS = 500
_GTIN = r"^([0-9]{8}|[0-9]{12,14})\Z"


# -- what goes out -----------------------------------------------------------------------------------


class OwnVariantBriefSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    sku = serializers.CharField()
    options = serializers.DictField(child=serializers.CharField())
    gtin = serializers.CharField()


class OwnVariantsSerializer(serializers.Serializer):
    data = OwnVariantBriefSerializer(many=True, help_text="In the order in which the page shows them.")


class OwnProductSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    slug = serializers.CharField(help_text="The product's address. It does not follow a new title.")
    sku = serializers.CharField()
    state = serializers.ChoiceField(choices=Product.State.choices)
    film = FilmBriefSerializer()
    category = CategorySerializer()
    licence = LicenceBriefSerializer(
        allow_null=True, help_text="The one that the product names; `covered_by` says what covers it."
    )
    title_en = serializers.CharField()
    title_zh = serializers.CharField()
    description_en = serializers.CharField()
    description_zh = serializers.CharField()
    listing = serializers.ChoiceField(choices=Product.Listing.choices)
    reveals = serializers.ChoiceField(choices=Tier.choices, help_text="How much of the film it gives away.")
    tax_class = serializers.ChoiceField(choices=TaxClass.choices)
    per_person = serializers.IntegerField(
        allow_null=True, help_text="Pieces that one person may buy; null: any number."
    )
    on_sale_at = Instant(allow_null=True)
    street_on = serializers.DateField(allow_null=True)
    variants = OwnVariantBriefSerializer(many=True)
    created_at = Instant()
    updated_at = Instant()


class CoveringLicenceSerializer(serializers.Serializer):
    id = serializers.CharField(source="licence.public_id")
    number = serializers.CharField(source="licence.number")
    until = Instant(help_text="The first instant after the term, or in the sell-off after that.")
    is_sell_off = serializers.BooleanField()
    units_left = serializers.IntegerField(allow_null=True, help_text="Null: no limit.")


class ListingReasonSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="`not_active`, `no_price`, `price_later`, `no_campaign`, or the gate's own.")
    sentence = serializers.CharField()


class MarketStandingSerializer(serializers.Serializer):
    market = serializers.CharField(source="market.code")
    is_listed = serializers.BooleanField()
    availability = serializers.ChoiceField(
        source="kind", choices=[*ShelfSpan.Kind.choices, ("", "Not listed")], help_text="Empty where it is not listed."
    )
    reasons = serializers.SerializerMethodField(help_text="Why it is not listed; first what the merchant can change.")
    countries = serializers.ListField(child=serializers.CharField(), help_text="Where the rights allow it now.")
    licences = serializers.ListField(child=serializers.CharField(), help_text="Numbers of those that cover it there.")
    until = Instant(allow_null=True, help_text="When the first of them ends.")

    @extend_schema_field(ListingReasonSerializer(many=True))
    def get_reasons(self, row: Any) -> list[dict[str, str]]:
        with override("en"):
            return [{"code": str(reason.code), "sentence": reason.sentence} for reason in row.reasons]


class OwnProductDetailSerializer(OwnProductSerializer):
    covered_by = CoveringLicenceSerializer(source="standing.covered_by", many=True)
    markets = MarketStandingSerializer(source="standing.listings", many=True)


class ProductNameSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    sku = serializers.CharField()


class PriceNowSerializer(serializers.Serializer):
    market = serializers.CharField()
    price = MoneyField()


class StockSerializer(serializers.Serializer):
    on_hand = serializers.IntegerField(help_text="Pieces that are here.")
    reserved = serializers.IntegerField(help_text="Of them, promised to orders.")
    available = serializers.IntegerField(help_text="`on_hand` less `reserved`.")
    sold = serializers.IntegerField(help_text="Sent to buyers, less what came back.")
    pre_order_cap = serializers.IntegerField(help_text="Pieces that may be promised before they arrive.")
    low_at = serializers.IntegerField(
        allow_null=True, help_text="The merchant is told when no more than this are left; null: not told."
    )

    def to_representation(self, stock: Any) -> dict[str, Any]:
        names = ("on_hand", "reserved", "sold", "pre_order_cap", "low_at")
        told = {name: getattr(stock, name) for name in names}
        return told | {"available": max(0, stock.on_hand - stock.reserved)}


class OwnVariantSerializer(OwnVariantBriefSerializer):
    product = ProductNameSerializer()
    prices = PriceNowSerializer(source="now", many=True, help_text="The regular ones in force.")
    stock = StockSerializer(source="stock_now")


class PriceStepSerializer(serializers.Serializer):
    state = serializers.ChoiceField(choices=["past", "in_force", "planned"])
    starts_at = Instant()
    ends_at = Instant(allow_null=True, help_text="Null: until another is set.")
    price = MoneyField(allow_null=True, help_text="Null: it is not sold there.")


class MarketPricesSerializer(serializers.Serializer):
    market = serializers.CharField()
    currency = serializers.CharField()
    steps = PriceStepSerializer(many=True, help_text="In order of time: history, what holds, what is planned.")


class PricesSerializer(serializers.Serializer):
    data = MarketPricesSerializer(many=True, help_text="A row for each market.")


class OwnImageSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    state = serializers.ChoiceField(choices=Image.State.choices)
    url = serializers.SerializerMethodField(help_text="What pages show; null until it is ready.")
    source = serializers.CharField(help_text="Where it was fetched; empty for one that was sent.")
    refusal = serializers.SerializerMethodField(help_text="Why it was refused.")
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    alt_en = serializers.CharField()
    alt_zh = serializers.CharField()
    position = serializers.IntegerField()

    def get_url(self, image: Image) -> str | None:
        return settings.SITE_URL + image.file.url if image.state == Image.State.READY and image.file else None

    @extend_schema_field(ListingReasonSerializer(allow_null=True))
    def get_refusal(self, image: Image) -> dict[str, str] | None:
        if not image.refusal:
            return None
        with override("en"):
            return {"code": image.refusal, "sentence": Refused(image.refusal).sentence}


class OwnImagesSerializer(serializers.Serializer):
    data = OwnImageSerializer(many=True, help_text="In the order in which the page shows them.")


# -- what comes in -----------------------------------------------------------------------------------


class Sku(Text):
    """A merchant's code of something: what can be printed."""

    def __init__(self, **given: Any) -> None:
        super().__init__(max_length=80, **given)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not text.isprintable():
            self.fail("invalid")
        return text


class Options(serializers.DictField):
    """What tells variants apart: names and values."""

    default_error_messages: ClassVar = {"many": "There are too many options, or the name of one is too long or empty."}

    def __init__(self, **given: Any) -> None:
        super().__init__(child=Text(max_length=_LONGEST_OPTION), **given)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        found: dict[str, str] = super().to_internal_value(data)
        if len(found) > _MOST_OPTIONS or not all(0 < len(name) <= _LONGEST_OPTION for name in found):
            self.fail("many")
        return found


class VariantShape(Shape):
    sku = Sku()
    options = Options(required=False, help_text='Such as {"size": "M"}.')
    gtin = serializers.RegexField(
        _GTIN, required=False, allow_blank=True, help_text="8, 12, 13 or 14 digits, or empty."
    )


class NewVariantShape(VariantShape):
    prices = serializers.DictField(
        child=MoneyOf(), required=False, help_text="By the market's code, each in the market's currency, from now on."
    )
    stock = Whole(required=False, help_text="Pieces on hand.")


class VariantsShape(Shape):
    """The whole list."""

    variants = VariantShape(many=True, allow_empty=False, max_length=_MOST_VARIANTS)

    def validate_variants(self, variants: Any) -> Any:
        return once_each(variants)


class ProductChangeShape(Shape):
    sku = Sku(help_text="The merchant's own code.")
    film = Text(max_length=160, help_text="Public id or slug.")
    category = Text(max_length=160, help_text="The category's code.")
    licence = Text(max_length=160, required=False, allow_null=True, help_text="Public id or number.")
    title_en = Text(max_length=200)
    title_zh = Text(max_length=200, required=False, allow_blank=True)
    description_en = Text(max_length=20_000, required=False, allow_blank=True)
    description_zh = Text(max_length=20_000, required=False, allow_blank=True)
    listing = Choice(choices=Product.Listing.choices, required=False)
    reveals = Choice(choices=Tier.choices, required=False)
    on_sale_at = InstantOf(required=False, allow_null=True, help_text="Before it: coming soon.")
    street_on = Day(required=False, allow_null=True, help_text="Before it: pre-order.")


class ProductShape(ProductChangeShape):
    variants = NewVariantShape(
        many=True,
        required=False,
        allow_empty=False,
        max_length=_MOST_VARIANTS,
        help_text="One with the product's own code unless given.",
    )

    def validate_variants(self, variants: Any) -> Any:
        return once_each(variants)


class PriceShape(Shape):
    price = MoneyOf(allow_null=True, help_text="Null: it is not sold there.")
    starts_at = InstantOf(required=False, help_text="Now unless given.")


class StockShape(Shape):
    quantity = Whole(help_text="Pieces that are here.")
    expected_quantity = Whole(help_text="`on_hand` as it was read: 409 with the current one when it is another.")
    reason = Choice(choices=StockChange.Reason.choices, required=False, help_text="`count` unless given.")
    note = Text(max_length=200, required=False, allow_blank=True)


class StockTermsShape(Shape):
    pre_order_cap = Whole()
    low_at = Whole(allow_null=True)


class ImageFieldsShape(Shape):
    alt_en = Text(max_length=200, required=False, allow_blank=True)
    alt_zh = Text(max_length=200, required=False, allow_blank=True)
    position = Whole(required=False, max_value=32_767)


class ImageAddressShape(ImageFieldsShape):
    url = Text(max_length=1_000, help_text="`https://…` or `http://…`, fetched by the worker.")


class ImageFormSerializer(serializers.Serializer):
    file = FilePart()
    alt_en = serializers.CharField(required=False, max_length=200)
    alt_zh = serializers.CharField(required=False, max_length=200)
    position = serializers.IntegerField(required=False, min_value=0, max_value=32_767)


class ImageChangeShape(Shape):
    alt_en = Text(max_length=200, allow_blank=True)
    alt_zh = Text(max_length=200, allow_blank=True)
    position = Whole(max_value=32_767)


def once_each(variants: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Refuses a code that is there twice."""
    skus = [variant["sku"] for variant in variants]
    if len(set(skus)) < len(skus):
        twice = next(sku for sku in skus if skus.count(sku) > 1)
        raise serializers.ValidationError(f"The SKU “{twice}” is there twice.", "duplicate")
    return variants
