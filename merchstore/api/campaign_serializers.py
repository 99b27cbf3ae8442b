"""What goes out and comes in of a merchant's campaigns. Fields are added, never renamed."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.models import Campaign, Entry, Listing, Revision
from campaigns.queries.plan import Change
from catalog.models import Offer
from core.money import Money
from merchstore.api import shapes
from merchstore.api.serializers import FilmBriefSerializer, Instant, ListedProductSerializer, MoneySerializer

#: What was taken back is not shown.
ENTRY_STATES = [choice for choice in Entry.State.choices if choice[0] != Entry.State.WITHDRAWN]
_SIGNS = {"+": "added", "~": "changed", "−": "removed"}


class _Names(serializers.ListField):
    """A list of names, without the same one twice being any trouble."""

    def __init__(self, **given: Any) -> None:
        super().__init__(child=shapes.Text(max_length=160), max_length=1_000, **given)


class RuleShape(shapes.Shape):
    """What the campaign is about. Each list that is there narrows the choice; of the merchant's own goods in any case."""

    films = _Names(required=False, help_text="Slugs of films that the merchant has a licence for.")
    categories = _Names(required=False, help_text="Codes of categories.")
    licences = _Names(required=False, help_text="Numbers of the merchant's licences.")
    products = _Names(required=False, help_text="Public ids of the merchant's products.")

    def get_fields(self) -> dict[str, Any]:
        left_out = _Names(required=False, help_text="Public ids of products that are left out.")
        return super().get_fields() | {"except": left_out}


class DiscountShape(shapes.Shape):
    """What it gives: the merchant funds all of it."""

    kind = shapes.Choice(Offer.Kind.choices)
    percent = shapes.Text(required=False, max_length=8, help_text="With `percent`: above 0 and below 100.")
    by_market = serializers.DictField(
        child=shapes.Text(max_length=20),
        required=False,
        help_text="With `amount` (taken off) and `fixed` (the price): a decimal in the currency of each market, by its code.",
    )


class OwnCampaignShape(shapes.Shape):
    """The whole document."""

    name_en = shapes.Text(max_length=120)
    name_zh = shapes.Text(max_length=120, allow_blank=True, default="")
    film = shapes.Text(
        max_length=160, allow_null=True, default=None, help_text="The slug of the film that it is about."
    )
    starts_at = shapes.Instant()
    ends_at = shapes.Instant()
    time_zone = shapes.Text(max_length=40, help_text="In which people read its times, such as `Asia/Shanghai`.")
    markets = _Names(allow_empty=False, help_text="Codes of markets.")
    channels = _Names(allow_empty=False, help_text="Codes of the channels that the studio opens to merchants.")
    rule = RuleShape()
    discount = DiscountShape()


class EntriesShape(shapes.Shape):
    products = serializers.ListField(
        child=shapes.Text(max_length=24), max_length=500, help_text="Public ids of all products that are offered."
    )


class OwnCampaignDocumentSerializer(serializers.Serializer):
    """As PUT takes it."""

    name_en = serializers.CharField()
    name_zh = serializers.CharField()
    film = serializers.CharField(source="film.slug", allow_null=True, default=None)
    starts_at = Instant()
    ends_at = Instant()
    time_zone = serializers.CharField()
    markets = serializers.SerializerMethodField()
    channels = serializers.SerializerMethodField()
    rule = serializers.DictField()
    discount = serializers.DictField()

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_markets(self, campaign: Campaign) -> list[str]:
        return sorted(market.code for market in campaign.markets.all())

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_channels(self, campaign: Campaign) -> list[str]:
        return sorted(channel.code for channel in campaign.channels.all())


class OwnCampaignSerializer(serializers.Serializer):
    """Needs `at` in its context."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField(source="own_slug", help_text="The merchant's own, at which it was put.")
    document = OwnCampaignDocumentSerializer(source="*", help_text="What the next `apply` freezes.")
    state = serializers.ChoiceField(choices=Campaign.State.choices)
    phase = serializers.SerializerMethodField(help_text="What the state means now: the clock launches and ends.")
    revision = serializers.SerializerMethodField(help_text="The published one; null before the first.")
    awaits_approval = serializers.SerializerMethodField(
        help_text="The revision that the studio has to approve, if any."
    )
    updated_at = Instant()

    @extend_schema_field(serializers.ChoiceField(choices=Campaign.Phase.choices))
    def get_phase(self, campaign: Campaign) -> str:
        return str(campaign.phase(self.context["at"]))

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_revision(self, campaign: Campaign) -> int | None:
        return campaign.published.number if campaign.published else None

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_awaits_approval(self, campaign: Campaign) -> int | None:
        waiting = (r.number for r in campaign.revisions.all() if r.state == Revision.State.AWAITING_APPROVAL)
        return max(waiting, default=None)


class PlanTotalsSerializer(serializers.Serializer):
    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    removed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()


class PlanChangeSerializer(serializers.Serializer):
    change = serializers.SerializerMethodField()
    product = serializers.CharField(source="product_id")
    title = serializers.CharField(source="product")
    market = serializers.CharField()
    before = serializers.SerializerMethodField(
        help_text="The price at the start without the campaign; null: not seen then."
    )
    after = serializers.SerializerMethodField(help_text="The price with it; null: not listed any more.")

    @extend_schema_field(serializers.ChoiceField(choices=["added", "changed", "removed"]))
    def get_change(self, row: Change) -> str:
        return _SIGNS[row.sign]

    @extend_schema_field(MoneySerializer(allow_null=True))
    def get_before(self, row: Change) -> dict[str, str] | None:
        return _money(row.old_amount, row.currency)

    @extend_schema_field(MoneySerializer(allow_null=True))
    def get_after(self, row: Change) -> dict[str, str] | None:
        return _money(row.new_amount, row.currency)


class ChannelPlanSerializer(serializers.Serializer):
    channel = serializers.CharField(source="channel.code")
    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    removed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    changes = PlanChangeSerializer(many=True, help_text="The first 50 of the channel.")


class PlanRefusalSerializer(serializers.Serializer):
    product = serializers.CharField(source="product_id")
    title = serializers.CharField(source="product")
    market = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField(), help_text="Codes, the main one first.")


class PlanConflictSerializer(serializers.Serializer):
    product = serializers.CharField(source="product_id")
    title = serializers.CharField(source="product")
    market = serializers.CharField()
    other = serializers.CharField(help_text="The other campaign's name, where it is the merchant's own.")
    winner = serializers.CharField(help_text="Whose price counts.")


class CampaignPlanSerializer(serializers.Serializer):
    """What `apply` would do. Lists hold the first 50 rows, totals count all."""

    totals = PlanTotalsSerializer()
    is_empty = serializers.BooleanField(help_text="Nothing would change.")
    channels = ChannelPlanSerializer(many=True)
    refusals = PlanRefusalSerializer(many=True, help_text="What will not be listed, and why.")
    conflicts = PlanConflictSerializer(many=True, help_text="What other campaigns cover in the same time.")


class RollbackSerializer(serializers.Serializer):
    rolled_back = serializers.IntegerField(help_text="The revision that was taken back.")
    restored = serializers.IntegerField(allow_null=True, help_text="The revision that counts again; null: none.")
    conflicts = serializers.ListField(
        child=serializers.DictField(), help_text="Edits that people made since: they are kept."
    )
    conflicts_total = serializers.IntegerField()
    campaign = OwnCampaignSerializer()


class ListingLicenceSerializer(serializers.Serializer):
    licence = serializers.CharField(help_text="Its number.")
    starts_at = Instant()
    ends_at = Instant(help_text="The first instant after the term.")
    sell_off_until = Instant(allow_null=True)
    sell_off_units_left = serializers.IntegerField(allow_null=True)
    units_left = serializers.IntegerField(allow_null=True, help_text="Of the licence's unit cap; null without one.")


class ListingRightsSerializer(serializers.Serializer):
    countries = serializers.ListField(
        child=serializers.CharField(), help_text="Of the market, where it may be listed now."
    )
    reasons = serializers.ListField(child=serializers.CharField(), help_text="Codes of why not elsewhere.")
    covered_by = ListingLicenceSerializer(many=True)


class OwnListingSerializer(serializers.Serializer):
    id = serializers.CharField(source="listing.public_id")
    campaign = serializers.CharField(source="listing.campaign.public_id")
    revision = serializers.IntegerField(source="listing.revision_number", help_text="Of the campaign.")
    product = ListedProductSerializer(source="listing.product")
    market = serializers.CharField(source="listing.market.code")
    channel = serializers.CharField(source="listing.channel.code")
    state = serializers.ChoiceField(source="listing.state", choices=Listing.State.choices)
    is_wanted = serializers.BooleanField(source="listing.is_wanted", help_text="False: it is being taken down.")
    digest = serializers.CharField(source="listing.digest", help_text="Of what it says now.")
    acknowledged_digest = serializers.CharField(
        source="listing.acknowledged_digest", help_text="Of what the channel took last; empty before it has."
    )
    problem = serializers.CharField(source="listing.problem", help_text="What the channel said, where it refused.")
    acknowledged_at = Instant(source="listing.acknowledged_at", allow_null=True)
    seen_at = Instant(source="listing.seen_at", allow_null=True, help_text="When it was last found at the channel.")
    rights = ListingRightsSerializer(source="*")


class InvitationSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    slug = serializers.CharField()
    name_en = serializers.CharField()
    name_zh = serializers.CharField()
    film = FilmBriefSerializer(allow_null=True)
    starts_at = Instant()
    ends_at = Instant()
    time_zone = serializers.CharField()
    invites_until = Instant(help_text="Goods may be offered before it.")
    markets = serializers.SerializerMethodField()
    channels = serializers.SerializerMethodField()
    discount = serializers.DictField(help_text="`studio_share` is the part in per cent that the studio funds.")
    updated_at = Instant()

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_markets(self, campaign: Campaign) -> list[str]:
        return sorted(market.code for market in campaign.markets.all())

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_channels(self, campaign: Campaign) -> list[str]:
        return sorted(channel.code for channel in campaign.channels.all())


class EntrySerializer(serializers.Serializer):
    product = ListedProductSerializer()
    state = serializers.ChoiceField(choices=ENTRY_STATES)
    reason = serializers.CharField(help_text="Why it was declined.")
    at = Instant(help_text="When it was offered or decided.")


class EntriesSerializer(serializers.Serializer):
    campaign = serializers.CharField()
    is_open = serializers.BooleanField(help_text="Whether goods can be offered now.")
    products = serializers.ListField(child=serializers.CharField(), help_text="As PUT takes them.")
    entries = EntrySerializer(many=True)


def _money(amount: int | None, currency: str) -> dict[str, str] | None:
    return None if amount is None else {"amount": str(Money(amount, currency)), "currency": currency}
