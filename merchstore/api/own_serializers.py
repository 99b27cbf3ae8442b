"""What goes out to a merchant's own programs. Fields are added, never renamed."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.money import Money
from licensing.gate import Action, Stage
from licensing.models import Licence, LicenceDocument, SaleLine, Statement
from merchstore.api.serializers import (
    CategorySerializer,
    FilmBriefSerializer,
    Instant,
    LicenceBriefSerializer,
    MoneySerializer,
)

#: A draft is the studio's own paper.
LICENCE_STATES = [choice for choice in Licence.State.choices if choice[0] != Licence.State.DRAFT]


class GrantSerializer(serializers.Serializer):
    category = CategorySerializer(allow_null=True, help_text="Null: every category.")
    countries = serializers.ListField(child=serializers.CharField(), help_text="ISO 3166-1, or `*` for the world.")
    excluded_countries = serializers.ListField(child=serializers.CharField(), help_text="They beat `countries`.")
    channels = serializers.ListField(child=serializers.CharField(), help_text="Of distribution, or `*` for all.")


class TermSerializer(serializers.Serializer):
    starts_on = serializers.DateField(source="licence.starts_on")
    ends_on = serializers.DateField(source="licence.ends_on", help_text="The last day.")
    time_zone = serializers.CharField(source="licence.time_zone", help_text="The zone of all days of the licence.")
    starts_at = Instant()
    ends_at = Instant(help_text="The first instant after the term.")
    grace_days = serializers.IntegerField(
        source="licence.grace_days", help_text="Days after it in which what was paid before may be shipped."
    )


class SellOffSerializer(serializers.Serializer):
    days = serializers.IntegerField(help_text="Calendar days after the term.")
    ends_on = serializers.DateField()
    ends_at = Instant()
    stated_on = serializers.DateField(
        source="inventory.stated_on", allow_null=True, default=None, help_text="Of the inventory that counts."
    )
    units_left = serializers.IntegerField(
        allow_null=True, help_text="Declared and not sold since, all articles; null until an inventory was declared."
    )


class UnitsSerializer(serializers.Serializer):
    cap = serializers.IntegerField(source="licence.unit_cap", allow_null=True, help_text="Null: no limit.")
    used = serializers.IntegerField(source="licence.units_used")
    left = serializers.IntegerField(source="units_left", allow_null=True)


class DocumentSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(choices=LicenceDocument.Kind.choices)
    title = serializers.CharField()
    sha256 = serializers.CharField(help_text="Of the file; empty without one.")
    expires_on = serializers.DateField(allow_null=True, help_text="The last day on which it is valid.")
    is_required = serializers.BooleanField(help_text="The merchant is authorised only while it is valid.")


class LicenceSerializer(serializers.Serializer):
    id = serializers.CharField(source="licence.public_id")
    number = serializers.CharField(source="licence.number")
    film = FilmBriefSerializer(source="licence.film")
    state = serializers.ChoiceField(source="licence.state", choices=LICENCE_STATES)
    term = TermSerializer(source="*")
    sell_off = SellOffSerializer(allow_null=True, help_text="Null: none was granted.")
    units = UnitsSerializer(source="*")
    grants = GrantSerializer(source="licence.grants", many=True)
    is_exclusive = serializers.BooleanField(source="licence.is_exclusive")
    is_scheduled = serializers.BooleanField(
        source="licence.is_scheduled", help_text="Only articles on its schedule are licensed."
    )
    price_floors = serializers.SerializerMethodField(help_text="The least an article may be offered for.")
    needs_approval = serializers.BooleanField(source="licence.needs_approval")
    needs_page_approval = serializers.BooleanField(source="licence.needs_page_approval")
    needs_labels = serializers.BooleanField(source="licence.needs_labels")
    review_days = serializers.IntegerField(
        source="licence.review_days", help_text="Business days in which a submission is decided."
    )
    legal_line_en = serializers.CharField(source="licence.legal_line_en")
    legal_line_zh = serializers.CharField(source="licence.legal_line_zh")
    documents = DocumentSerializer(source="licence.documents", many=True, help_text="Without their files.")
    updated_at = Instant(source="licence.updated_at")

    @extend_schema_field(MoneySerializer(many=True))
    def get_price_floors(self, row: Any) -> list[dict[str, str]]:
        floors = sorted(row.licence.price_floors.all(), key=lambda floor: floor.currency)
        return [{"amount": str(Money(floor.amount, floor.currency)), "currency": floor.currency} for floor in floors]


class LicenceDetailSerializer(LicenceSerializer):
    schedule = serializers.ListField(
        child=serializers.CharField(), help_text="Product codes. They count when the licence is scheduled."
    )


class ReasonSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="Stable; in the order of docs/gate.md, the first is the main one.")
    licence = serializers.CharField(allow_null=True, help_text="The number of the licence that it is about.")
    sentence = serializers.CharField()
    condition = serializers.DictField(help_text="The facts that decided.")
    heals = serializers.CharField(help_text="What would heal it.")


class CoveringTermSerializer(serializers.Serializer):
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    zone = serializers.CharField()
    starts_at = Instant()
    ends_at = Instant()


class CoveringSerializer(serializers.Serializer):
    licence = serializers.CharField(help_text="Its number.")
    term = CoveringTermSerializer()
    sell_off_until = Instant(allow_null=True)
    sell_off_units_left = serializers.IntegerField(allow_null=True)
    units_left = serializers.IntegerField(allow_null=True, help_text="Of the licence's unit cap; null without one.")


class DecisionSerializer(serializers.Serializer):
    """The gate's answer for one action."""

    product = serializers.CharField()
    sku = serializers.CharField()
    action = serializers.ChoiceField(choices=[str(action) for action in Action])
    country = serializers.CharField()
    channel = serializers.CharField()
    at = Instant()
    paid_at = Instant(allow_null=True)
    quantity = serializers.IntegerField()
    labelled = serializers.BooleanField()
    allowed = serializers.BooleanField()
    stage = serializers.ChoiceField(
        choices=[stage.name.lower() for stage in Stage], help_text="How far the goods are in that country by then."
    )
    flags = serializers.ListField(child=serializers.CharField())
    main_reason = serializers.CharField(allow_null=True)
    reasons = ReasonSerializer(many=True)
    covered_by = CoveringSerializer(many=True, help_text="Licences that let it pass.")


class DecisionsSerializer(serializers.Serializer):
    """The gate's answers for all three actions."""

    product = serializers.CharField()
    sku = serializers.CharField()
    country = serializers.CharField()
    channel = serializers.CharField()
    at = Instant()
    allowed = serializers.BooleanField(help_text="All of them are.")
    decisions = DecisionSerializer(many=True, help_text="LIST, SELL, SHIP.")


class SaleRowSerializer(serializers.Serializer):
    """A line of docs/royalties.md: these fields, and the others that are described there. Amounts are text or numbers."""

    licence = serializers.CharField(required=False, help_text="Public id or number; needed without the parameter.")
    kind = serializers.ChoiceField(choices=SaleLine.Kind.choices, required=False, help_text="`sale` unless given.")
    id = serializers.CharField(max_length=200, help_text="Yours. Each is counted once per licence and kind.")
    date = serializers.DateField(required=False, help_text="The day on the licence's calendar; or `at`, or `period`.")
    at = Instant(required=False, help_text="The instant instead of the day.")
    of = serializers.CharField(required=False, help_text="Of a return or deduction: the id of its sale.")
    article = serializers.CharField(required=False, help_text="The product's code; also `sku`.")
    property = serializers.CharField(required=False)
    category = serializers.CharField(required=False)
    territory = serializers.CharField(required=False, help_text="ISO 3166-1 code of the buyer's country.")
    channel = serializers.CharField(required=False, help_text="Of distribution.")
    basis = serializers.CharField(required=False, help_text="`DTC`, `WHOLESALE`, `FOB` or `RETAIL`.")
    quantity = serializers.IntegerField(required=False, min_value=0)
    unit_price = serializers.CharField(required=False, help_text="Without tax; or `unit_price_with_tax` and `vat`.")
    amount = serializers.CharField(required=False, help_text="Of the whole line, instead of a unit price.")
    currency = serializers.CharField(required=False, help_text="ISO 4217; the agreement's unless given.")
    vat = serializers.CharField(required=False)
    type = serializers.CharField(required=False, help_text="Of a deduction.")


class RowResultSerializer(serializers.Serializer):
    """What became of one row. `code`, `pointer` and `detail` are there when it was refused, the others when it was not."""

    id = serializers.CharField(allow_null=True, help_text="The row's own; null when it could not be read.")
    status = serializers.ChoiceField(choices=["created", "unchanged", "refused"])
    period = serializers.CharField(required=False, help_text="Of the statement in which it counts.")
    is_late = serializers.BooleanField(
        required=False, help_text="Its own period is closed, so it counts in a later one."
    )
    is_waiting = serializers.BooleanField(
        required=False, help_text="It counts once the sale that it points at has come."
    )
    code = serializers.CharField(required=False)
    pointer = serializers.CharField(
        required=False, help_text="Into the rows, from 0: `/3/quantity` is the fourth row's quantity, also of a table."
    )
    detail = serializers.CharField(required=False)


class SalesResultSerializer(serializers.Serializer):
    created = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()
    data = RowResultSerializer(many=True, help_text="One for each row, in their order.")


@extend_schema_field(MoneySerializer)
class MinorAmount(serializers.Field):
    """Minor units of a row's own currency."""

    def get_attribute(self, row: Any) -> Money:
        return Money(getattr(row, self.source), row.currency)

    def to_representation(self, value: Money) -> dict[str, str]:
        return {"amount": str(value), "currency": value.currency}


class StatementSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    licence = LicenceBriefSerializer()
    number = serializers.IntegerField()
    period = serializers.CharField()
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    state = serializers.ChoiceField(
        choices=Statement.State.choices, help_text="A closed statement stands as it is for good."
    )
    payable = MinorAmount(help_text="What it asks for.")
    due_on = serializers.DateField(allow_null=True)
    computed_at = Instant(allow_null=True)
    is_current = serializers.SerializerMethodField(help_text="False: something has moved since it was computed.")
    closed_at = Instant(allow_null=True)
    digest = serializers.CharField(
        help_text="SHA-256 of everything that it was made from; empty until it was computed."
    )

    def get_is_current(self, row: Statement) -> bool:
        return not row.is_stale


class StatementDetailSerializer(StatementSerializer):
    figures = serializers.DictField(
        help_text="The statement as docs/royalties.md describes it, without the ids of its lines; empty until computed."
    )
