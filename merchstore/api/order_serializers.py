"""What goes out of orders, shipments and returns, and what comes in about them. Fields are added, never renamed."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.money import Money
from merchstore.api.serializers import Instant, MoneyField, MoneySerializer
from merchstore.api.shapes import Shape, Text, Truth, Whole
from orders.forms import TRACKING_ADDRESS
from orders.models import Parcel, Return, Shipment
from orders.partners import CODES, OwnLine, OwnOrder
from orders.sendable import Stop

_MOST_LINES = 200
ORDER_STATES = [(code, code) for code in CODES]


def _longest(model: Any, name: str) -> int:
    """As the column holds it, so that form, program and database agree."""
    return int(model._meta.get_field(name).max_length)


# -- in ----------------------------------------------------------------------------------------------


class _NamedLine(Shape):
    """A line of the order, by its id or, where only one line has it, by the variant's code."""

    line = Text(required=False, max_length=40, help_text="The line's id (`oli_…`).")
    sku = Text(required=False, max_length=80, help_text="Or the variant's code, where one line of the order has it.")

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        if ("line" in said) == ("sku" in said):
            raise serializers.ValidationError("Say which line: by `line` or by `sku`, one of them.", "one_of")
        return said


class PiecesShape(_NamedLine):
    pieces = Whole(min_value=1)


class ShipmentShape(Shape):
    lines = PiecesShape(many=True, allow_empty=False, max_length=_MOST_LINES, help_text="What leaves now.")
    carrier = Text(required=False, allow_blank=True, max_length=_longest(Shipment, "carrier"))
    tracking_number = Text(required=False, allow_blank=True, max_length=_longest(Shipment, "tracking"))
    tracking_url = Text(
        required=False,
        allow_blank=True,
        max_length=_longest(Shipment, "tracking_url"),
        validators=[TRACKING_ADDRESS],
        help_text="Where the buyer can follow it: http or https.",
    )
    is_labelled = Truth(
        required=False, help_text="Each piece carries its authenticity label. Where the licence asks for it, it has to."
    )


class CancellationShape(Shape):
    lines = PiecesShape(many=True, allow_empty=False, max_length=_MOST_LINES, help_text="What will not be sent.")
    reason = Text(max_length=200, help_text="Why; the studio reads it.")


class ReceivedShape(_NamedLine):
    received = Whole(help_text="How many came.")
    resaleable = Whole(help_text="How many of those can be sold again: they go back into stock.")


class ReceiptShape(Shape):
    lines = ReceivedShape(many=True, allow_empty=False, max_length=_MOST_LINES)


class RefusalShape(Shape):
    reason = Text(max_length=_longest(Return, "answer"), help_text="Why it is not taken back; the buyer reads it.")


# -- out ---------------------------------------------------------------------------------------------


class StopSerializer(serializers.Serializer):
    codes = serializers.ListField(child=serializers.CharField(), help_text="The gate's, as in docs/gate.md.")
    sentences = serializers.ListField(child=serializers.CharField())
    waits = serializers.BooleanField(help_text="For nothing but its street date.")
    street_on = serializers.DateField(allow_null=True)


class DiscountSerializer(serializers.Serializer):
    """Of all pieces of the line. `studio` and `merchant` are who pays for it."""

    total = MoneySerializer()
    studio = MoneySerializer()
    merchant = MoneySerializer()


class OrderLineSerializer(serializers.Serializer):
    id = serializers.CharField(source="line.public_id")
    product = serializers.CharField(source="line.product.public_id", allow_null=True, default=None)
    variant = serializers.CharField(source="line.variant.public_id", allow_null=True, default=None)
    sku = serializers.CharField(source="line.variant.sku", allow_null=True, default=None, help_text="The variant's.")
    article = serializers.CharField(source="line.sku", help_text="The code that licences and royalties know.")
    title_en = serializers.CharField(source="line.title_en")
    title_zh = serializers.CharField(source="line.title_zh")
    options = serializers.SerializerMethodField()
    licence = serializers.CharField(source="line.licence.number", allow_null=True, default=None)
    is_pre_order = serializers.BooleanField(source="line.is_pre_order")
    ordered = serializers.IntegerField(source="line.quantity")
    cancelled = serializers.IntegerField(source="line.cancelled")
    sent = serializers.IntegerField(source="line.shipped")
    returned = serializers.IntegerField(source="line.returned")
    to_send = serializers.IntegerField(source="line.to_ship", help_text="Neither sent nor cancelled.")
    stop = serializers.SerializerMethodField(help_text="Why what is left may not be sent now; null: it may.")
    unit_price = serializers.SerializerMethodField(
        help_text="As it was asked, with tax where the order's prices have it."
    )
    regular_price = serializers.SerializerMethodField(help_text="Of one piece, without the campaign.")
    tax_rate = serializers.CharField(source="line.tax_rate", allow_null=True, help_text="`0.08000` is 8 %.")
    tax = serializers.SerializerMethodField(help_text="Of all pieces.")
    total = serializers.SerializerMethodField(help_text="Of all pieces, with tax: what was paid.")
    discount = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_options(self, row: OwnLine) -> dict[str, str]:
        return {str(name): str(value) for name, value in row.line.options.items()}

    @extend_schema_field(StopSerializer(allow_null=True))
    def get_stop(self, row: OwnLine) -> dict[str, Any] | None:
        return stop_body(row.stop)

    @extend_schema_field(MoneySerializer)
    def get_unit_price(self, row: OwnLine) -> dict[str, str]:
        return _money(row.money(row.line.unit_amount))

    @extend_schema_field(MoneySerializer)
    def get_regular_price(self, row: OwnLine) -> dict[str, str]:
        return _money(row.money(row.line.regular_amount))

    @extend_schema_field(MoneySerializer)
    def get_tax(self, row: OwnLine) -> dict[str, str]:
        return _money(row.money(row.line.tax_amount))

    @extend_schema_field(MoneySerializer)
    def get_total(self, row: OwnLine) -> dict[str, str]:
        return _money(row.money(row.line.total_amount))

    @extend_schema_field(DiscountSerializer)
    def get_discount(self, row: OwnLine) -> dict[str, Any]:
        total, studio = row.line.discount_amount, row.line.studio_discount
        amounts = {"total": total, "studio": studio, "merchant": total - studio}
        return {name: _money(row.money(amount)) for name, amount in amounts.items()}


class SentLineSerializer(serializers.Serializer):
    line = serializers.CharField(source="line.public_id")
    sku = serializers.CharField(source="line.variant.sku", allow_null=True, default=None)
    pieces = serializers.IntegerField(source="quantity")


class ShipmentSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    order = serializers.CharField(source="parcel.public_id")
    carrier = serializers.CharField()
    tracking_number = serializers.CharField(source="tracking")
    tracking_url = serializers.CharField()
    lines = SentLineSerializer(many=True)
    sent_at = Instant(source="shipped_at")
    delivered_at = Instant(allow_null=True, help_text="Null: not known to have arrived.")


class ReturnLineSerializer(SentLineSerializer):
    received = serializers.IntegerField(help_text="How many of them came.")
    resaleable = serializers.IntegerField(help_text="How many of those could be sold again.")


class ReturnSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    order = serializers.CharField(source="parcel.public_id")
    order_number = serializers.CharField(source="parcel.order.number")
    state = serializers.ChoiceField(choices=Return.State.choices)
    reason = serializers.ChoiceField(choices=Return.Reason.choices)
    note = serializers.CharField(help_text="The buyer's words.")
    answer = serializers.CharField(help_text="Why it was refused; empty otherwise.")
    lines = ReturnLineSerializer(many=True)
    requested_at = Instant()
    settled_at = Instant(allow_null=True)


class DeliverySerializer(serializers.Serializer):
    code = serializers.ChoiceField(choices=Parcel._meta.get_field("code").choices)
    price = serializers.SerializerMethodField()
    total = serializers.SerializerMethodField(help_text="With tax.")
    arrives_from = serializers.DateField(allow_null=True, help_text="What was promised: the first day.")
    arrives_to = serializers.DateField(allow_null=True, help_text="And the last.")

    @extend_schema_field(MoneySerializer)
    def get_price(self, parcel: Parcel) -> dict[str, str]:
        return _money(Money(parcel.amount, parcel.order.currency))

    @extend_schema_field(MoneySerializer)
    def get_total(self, parcel: Parcel) -> dict[str, str]:
        return _money(Money(parcel.total_amount, parcel.order.currency))


class OrderSerializer(serializers.Serializer):
    id = serializers.CharField(source="parcel.public_id", help_text="Of the merchant's own part of the order.")
    number = serializers.CharField(source="order.number", help_text="Of the whole order, as the buyer knows it.")
    state = serializers.ChoiceField(choices=ORDER_STATES)
    market = serializers.CharField(source="order.market.code")
    country = serializers.CharField(source="order.country", help_text="Where it is sent: ISO 3166-1.")
    pieces = serializers.IntegerField(help_text="Ordered and not cancelled.")
    to_send = serializers.IntegerField()
    open_returns = serializers.IntegerField(help_text="Announced, and neither received nor refused.")
    paid_at = Instant(source="order.paid_at")
    updated_at = Instant(source="parcel.updated_at")


class AddressSerializer(serializers.Serializer):
    name = serializers.CharField()
    street_address = serializers.CharField()
    postal_code = serializers.CharField()
    city = serializers.CharField()
    city_area = serializers.CharField()
    country_area = serializers.CharField()
    country_code = serializers.CharField()
    phone = serializers.CharField()


class OrderDetailSerializer(OrderSerializer):
    currency = serializers.CharField(source="order.currency")
    prices_include_tax = serializers.BooleanField(source="order.prices_include_tax")
    lines = OrderLineSerializer(many=True)
    delivery = DeliverySerializer(source="parcel")
    address = serializers.SerializerMethodField(
        help_text="Where to send it: for keys that may send (`orders:write`), null for others."
    )
    gift_message = serializers.SerializerMethodField(
        help_text="From the buyer to the receiver, for the slip in the parcel; empty: no gift. Null for keys that may not send."
    )
    shipments = ShipmentSerializer(many=True)
    returns = ReturnSerializer(many=True)

    def get_gift_message(self, row: OwnOrder) -> str | None:
        return row.order.gift_message if self.context["shows_address"] else None

    @extend_schema_field(AddressSerializer(allow_null=True))
    def get_address(self, row: OwnOrder) -> dict[str, str] | None:
        if not self.context["shows_address"]:
            return None
        told = {**row.order.address, "phone": row.order.phone}
        return {name: str(told.get(name) or "") for name in AddressSerializer().fields}


class PickSerializer(serializers.Serializer):
    order = serializers.CharField(source="parcel.public_id")
    number = serializers.CharField(source="parcel.order.number")
    paid_at = Instant(source="parcel.order.paid_at")
    country = serializers.CharField(source="parcel.order.country")
    line = serializers.CharField(source="line.public_id")
    article = serializers.CharField(source="line.sku")
    sku = serializers.CharField(source="line.variant.sku", allow_null=True, default=None)
    title_en = serializers.CharField(source="line.title_en")
    title_zh = serializers.CharField(source="line.title_zh")
    pieces = serializers.IntegerField(source="line.to_ship")
    stop = serializers.SerializerMethodField(help_text="Why they may not be sent now; null: they may.")

    @extend_schema_field(StopSerializer(allow_null=True))
    def get_stop(self, row: Any) -> dict[str, Any] | None:
        return stop_body(row.stop)


def stop_body(stop: Stop | None) -> dict[str, Any] | None:
    if stop is None:
        return None
    return {
        "codes": list(stop.codes),
        "sentences": list(stop.sentences),
        "waits": stop.waits,
        "street_on": stop.street_on and stop.street_on.isoformat(),
    }


def _money(value: Money) -> dict[str, str]:
    return MoneyField().to_representation(value)
