"""Events, webhook endpoints and deliveries: what goes out, and the shapes of what comes in."""

from typing import Any

from rest_framework import serializers

from merchants.events import KINDS
from merchants.models import Delivery, Event, WebhookEndpoint
from merchstore.api.serializers import Instant
from merchstore.api.shapes import Choice, Shape, Text, Whole

_MOST_HOURS = 168
EVENT_TYPES = [(kind, kind) for kind in KINDS]


class EventSerializer(serializers.Serializer):
    """The same as the body of a webhook, with the event's id."""

    id = serializers.CharField(source="public_id", help_text="The header `webhook-id` of what is sent.")
    type = serializers.ChoiceField(source="kind", choices=EVENT_TYPES)
    timestamp = Instant(source="at")
    data = serializers.SerializerMethodField(help_text="`id`: what it happened to; and what else is to say of it.")

    def get_data(self, event: Event) -> dict[str, Any]:
        return {"id": event.subject, **event.data}


class WebhookEndpointSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    url = serializers.CharField()
    description = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField(), help_text="Which events; empty: all.")
    state = serializers.ChoiceField(choices=WebhookEndpoint.State.choices)
    disabled_reason = serializers.CharField(
        help_text="`by_hand`, `gone` (it answered 410), `failing` for days, `secret_lost`; empty while it is enabled."
    )
    previous_secret_until = Instant(
        source="previous_until", allow_null=True, help_text="So long the secret before signs beside the new one."
    )
    created_at = Instant()
    updated_at = Instant()


class MadeWebhookEndpointSerializer(WebhookEndpointSerializer):
    secret = serializers.CharField(
        allow_null=True, help_text="Shown this once. Null when the answer is the first one's, given again."
    )


class TrySerializer(serializers.Serializer):
    at = Instant()
    status = serializers.IntegerField(allow_null=True, help_text="Null: no answer came, `problem` says why.")
    problem = serializers.CharField()
    milliseconds = serializers.IntegerField()
    answer = serializers.CharField(help_text="How the answer began.")


class WebhookDeliverySerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    event = serializers.CharField(source="event.public_id")
    type = serializers.CharField(source="event.kind")
    state = serializers.ChoiceField(choices=Delivery.State.choices)
    attempts = serializers.IntegerField()
    next_try_at = serializers.SerializerMethodField(allow_null=True)
    ended_at = Instant(allow_null=True)
    tries = TrySerializer(many=True)

    def get_next_try_at(self, delivery: Delivery) -> str | None:
        if delivery.state != Delivery.State.WAITING:
            return None
        return str(Instant().to_representation(delivery.due_at))


class EndpointShape(Shape):
    url = Text(max_length=500, help_text="https, on somebody else's public server.")
    kinds = serializers.ListField(child=Choice(choices=EVENT_TYPES), required=False, max_length=len(KINDS))
    description = Text(max_length=120, required=False, allow_blank=True)


class EndpointChangeShape(EndpointShape):
    state = Choice(choices=WebhookEndpoint.State.choices, required=False)


class RotationShape(Shape):
    overlap_hours = Whole(
        max_value=_MOST_HOURS, required=False, help_text="How long the old secret goes on signing; 24 unless given."
    )
