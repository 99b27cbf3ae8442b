"""What a JSON body may say: serializers that take nothing for something else, and refuse what they do not know by name."""

import re
from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.errors import Refused
from core.money import Money
from merchstore.api.serializers import MoneySerializer

#: The largest number that every column of whole numbers holds.
MOST = 2_147_483_647


class Shape(serializers.Serializer):
    """The fields of a body or of a part of it. What is not named here is refused by name."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = [name for name in data if name not in self.fields] if isinstance(data, dict) else []
        faults: dict[str, Any] = {}
        if unknown:
            sentence = f"There is no such field here. There are: {', '.join(self.fields)}."
            faults = {name: [serializers.ErrorDetail(sentence, "unknown")] for name in unknown}
        try:
            found = super().to_internal_value(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({**error.detail, **faults}) from None  # type: ignore[dict-item]
        if faults:
            raise serializers.ValidationError(faults)
        return found


class Text(serializers.CharField):
    """A string: a number is not one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Choice(serializers.ChoiceField):
    """One of the words, as a string."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=type(data).__name__)
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A whole number as a number, from 0 unless told otherwise, that the database can hold."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": MOST, **given})

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int | float) or data != int(data):
            self.fail("invalid")
        return int(data)


class Truth(serializers.BooleanField):
    """`true` or `false`, and no word for it."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=type(data).__name__)
        return data


@extend_schema_field({"type": "string", "format": "binary"})
class FilePart(serializers.FileField):
    """The part of a form that is a file. REST framework's own is described as the address that it answers with."""


class Instant(serializers.DateTimeField):
    """RFC 3339, with its offset; within the years that calendars can count with."""

    default_error_messages: ClassVar = {
        "invalid": "This is an instant as in RFC 3339, with its offset: 2026-11-22T12:00:00Z.",
        "range": "The year is from 1970 to 2199.",
    }
    _FORM = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not self._FORM.fullmatch(data):
            self.fail("invalid")
        try:
            instant = super().to_internal_value(data.upper())
        except (ValueError, OverflowError):
            self.fail("invalid")
        if not 1970 < instant.year < 2199:
            self.fail("range")
        return instant


class Day(serializers.DateField):
    """A day: 2026-11-22."""

    default_error_messages: ClassVar = {
        "invalid": "This is a day: 2026-11-22.",
        "range": "The year is from 1970 to 2199.",
    }
    _FORM = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not self._FORM.fullmatch(data):
            self.fail("invalid")
        day = super().to_internal_value(data)
        if not 1970 < day.year < 2199:
            self.fail("range")
        return day


class _MoneyShape(Shape):
    amount = Text(max_length=40)
    currency = serializers.RegexField(r"^[A-Z]{3}\Z")


@extend_schema_field(MoneySerializer)
class MoneyOf(serializers.Field):
    """`{"amount": "19.90", "currency": "CNY"}`, of a whole number of the currency's smallest unit."""

    def to_internal_value(self, data: Any) -> Money:
        shape = _MoneyShape(data=data)
        shape.is_valid(raise_exception=True)
        amount, currency = shape.validated_data["amount"], shape.validated_data["currency"]
        if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,4})?", amount, re.ASCII):
            raise serializers.ValidationError({"amount": "This is a decimal with a point: “19.90”."}, "invalid")
        try:
            return Money.parse(amount, currency)
        except Refused as refusal:
            raise serializers.ValidationError({"amount": refusal.sentence}, refusal.code) from None


class _ClosedShape(OpenApiSerializerExtension):
    target_class = Shape
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**schema, "additionalProperties": False}
