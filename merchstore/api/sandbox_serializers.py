"""What a sandbox says of itself."""

from rest_framework import serializers

from merchstore.api.serializers import Instant


class SandboxSerializer(serializers.Serializer):
    id = serializers.CharField(source="merchant.public_id", help_text="The sandbox: a merchant of its own.")
    slug = serializers.CharField(source="merchant.slug")
    market = serializers.CharField(source="market.code", help_text="Where its goods are sold, and nobody else's.")
    country = serializers.CharField(help_text="What its licences grant. No country of the world.")
    currency = serializers.CharField(source="market.currency", help_text="ISO 4217's code for tests.")
    clock = Instant(help_text="What `X-Clock` shows; without it, now.")
    now = Instant(help_text="The server's own time.")


class RanSerializer(serializers.Serializer):
    clock = Instant(help_text="Up to when it was brought.")
    refunds_given = serializers.IntegerField()
    sales_told = serializers.IntegerField(help_text="Sales and returns that the royalty ledger has now.")
    statements_computed = serializers.IntegerField()
    statements_closed = serializers.IntegerField(help_text="Those whose period was over.")
    licences_expired = serializers.IntegerField(help_text="Those whose term and sell-off were over.")
