"""What happened to a merchant's things, and the addresses that are told of it.

Deliveries are sent by the server's own clock, so a sandbox's `X-Clock` moves nothing here: one that is due next year
would not leave.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from rest_framework.response import Response

from core.paging import Page, Position
from core.paging import page_of as rows_of
from core.transactions import inside
from merchants import queries, webhooks
from merchants.models import Delivery, PartnerKey, WebhookEndpoint
from merchants.queries import DeliveryPosition, EventPosition
from merchstore.api import parameters as named_parameters
from merchstore.api import webhook_serializers as serializers
from merchstore.api.answers import OwnReadView, OwnView, named
from merchstore.api.cursors import read_cursor
from merchstore.api.problems import Fault, Problem
from merchstore.api.schema import documented, documented_change, documented_post
from merchstore.api.serializers import page_of
from merchstore.api.writing import OwnObject, done_once, given_in, written_once

Scope = PartnerKey.Scope
_JSON = "application/json"
_DELIVERY = (("delivery", "The delivery's id."),)


@documented("List events", page_of(serializers.EventSerializer), example="events", is_own=True)
class Events(OwnReadView):
    """What happened in the last thirty days, in the order in which it became visible; none is ever put in between.

    A program that was away asks with the last `id` that it has worked on as `after`, and goes on until `next_cursor` is null.
    """

    scope = Scope.EVENTS_READ
    parameters = (
        named_parameters.AFTER_EVENT,
        named_parameters.EVENT_KIND,
        named_parameters.LIMIT,
        named_parameters.CURSOR,
    )

    def get(self, _request: Any) -> Response:
        after = read_cursor("events", self.given["cursor"], EventPosition) or self._behind()
        page = queries.events_page(
            self.merchant, kind=self.given["kind"], after=after, limit=self.given["limit"], at=timezone.now()
        )
        return self.with_link(Response(self.page("events", page, serializers.EventSerializer)))

    def _behind(self) -> EventPosition | None:
        name = self.given["after"]
        if name is None:
            return None
        event = queries.own_event(self.merchant, name, at=timezone.now())
        if event is None or event.position is None:
            detail = (
                "There is no such event of yours, or it is older than thirty days. Without `after` the oldest comes."
            )
            raise Problem("invalid_parameters", errors=[Fault("/query/after", "invalid", detail)])
        return EventPosition(event.position)


@documented("Get an event", serializers.EventSerializer, example="event", is_own=True, by_name="event")
class EventView(OwnReadView):
    """One event, as its webhook says it."""

    scope = Scope.EVENTS_READ

    def get(self, _request: Any, name: str) -> Response:
        event = queries.own_event(self.merchant, named(name), at=timezone.now())
        if event is None:
            raise Problem("not_found")
        return Response(serializers.EventSerializer(event).data)


class _EndpointObject(OwnObject):
    scope = write_scope = Scope.WEBHOOKS_WRITE

    def find(self, name: str, *, is_locked: bool) -> WebhookEndpoint:
        endpoint = queries.own_endpoint(self.merchant, named(name), is_locked=is_locked)
        if endpoint is None:
            raise Problem("not_found")
        return endpoint

    def body(self, row: WebhookEndpoint) -> Mapping[str, Any]:
        return serializers.WebhookEndpointSerializer(row).data

    def with_secret(self, made: webhooks.Made, *, status: int) -> Response:
        """The endpoint and, this once, its secret."""
        endpoint = self.find(made.endpoint.public_id, is_locked=False)
        shown = self.body(endpoint)
        headers = {"ETag": self.etag_of(shown)}
        if status == 201:
            headers["Location"] = reverse("api:webhook_endpoint", kwargs={"name": endpoint.public_id})
        return Response({**shown, "secret": made.secret}, status=status, headers=headers)


@documented("List webhook endpoints", page_of(serializers.WebhookEndpointSerializer), example="endpoints", is_own=True)
@documented_post(
    "Add a webhook endpoint",
    serializers.MadeWebhookEndpointSerializer,
    request=serializers.EndpointShape,
    example="made_endpoint",
    request_examples=((_JSON, "new_endpoint"),),
    status=201,
)
class WebhookEndpoints(_EndpointObject):
    """The addresses that are told of the merchant's events. POST adds one and shows its secret, this once."""

    http_method_names = ("get", "head", "post")
    parameters = (named_parameters.LIMIT, named_parameters.CURSOR)

    def get(self, _request: Any) -> Response:  # type: ignore[override]
        after = read_cursor("webhook-endpoints", self.given["cursor"], Position)
        page = Page(*rows_of(self.merchant.webhook_endpoints.all(), after, self.given["limit"]))
        return self.with_link(Response(self.page("webhook-endpoints", page, serializers.WebhookEndpointSerializer)))

    def post(self, _request: Any) -> HttpResponse:
        return written_once(self, serializers.EndpointShape, self._add, shown_once="secret")

    def _add(self, given: dict[str, Any]) -> Response:
        return self.with_secret(webhooks.add_endpoint(self.merchant, **given, by=None, at=timezone.now()), status=201)


@documented(
    "Get a webhook endpoint",
    serializers.WebhookEndpointSerializer,
    example="endpoint",
    is_own=True,
    by_name="endpoint",
)
@documented_change(
    "patch",
    "Change a webhook endpoint",
    serializers.WebhookEndpointSerializer,
    request=serializers.EndpointChangeShape,
    example="endpoint",
    request_examples=((_JSON, "endpoint_change"),),
    by_name="endpoint",
)
@documented_change("delete", "Remove a webhook endpoint", None, by_name="endpoint")
class WebhookEndpointView(_EndpointObject):
    """One of them. PATCH with `state` disables it or enables it again; DELETE takes its log with it."""

    http_method_names = ("get", "head", "patch", "delete")

    def patch(self, _request: Any, name: str) -> Response:
        given = given_in(self, serializers.EndpointChangeShape, partial=True)
        return self.change(name, lambda row: self._write(row, given))

    def delete(self, _request: Any, name: str) -> Response:
        self.changed(name, lambda row: inside(webhooks.remove_endpoint)(row, by=None, at=timezone.now()))
        return Response(status=204)

    def _write(self, row: WebhookEndpoint, given: dict[str, Any]) -> None:
        state = given.pop("state", row.state)
        inside(webhooks.edit_endpoint)(row, by=None, at=timezone.now(), **given)
        if state != row.state:
            is_on = state == WebhookEndpoint.State.ENABLED
            inside(webhooks.enable_endpoint if is_on else webhooks.disable_endpoint)(row, by=None, at=timezone.now())


@documented_post(
    "Rotate the secret of a webhook endpoint",
    serializers.MadeWebhookEndpointSerializer,
    request=serializers.RotationShape,
    example="made_endpoint",
    request_examples=((_JSON, "rotation"),),
    by_name="endpoint",
)
class RotateSecret(_EndpointObject):
    """Another secret, shown this once. The one before signs beside it for `overlap_hours`, so that receivers can change over."""

    http_method_names = ("post",)

    def post(self, _request: Any, name: str) -> HttpResponse:
        endpoint = self.find(name, is_locked=False)
        return written_once(
            self, serializers.RotationShape, lambda given: self._rotate(endpoint, given), shown_once="secret"
        )

    def _rotate(self, endpoint: WebhookEndpoint, given: dict[str, Any]) -> Response:
        overlap = timedelta(hours=given["overlap_hours"]) if "overlap_hours" in given else webhooks.OVERLAP
        return self.with_secret(
            webhooks.rotate_secret(endpoint, by=None, at=timezone.now(), overlap=overlap), status=200
        )


@documented_post(
    "Test a webhook endpoint",
    serializers.WebhookDeliverySerializer,
    request=None,
    example="delivery",
    status=202,
    by_name="endpoint",
)
class TestEndpoint(_EndpointObject):
    """Send it an event `webhook.test`, whichever kinds it wants. The answer is the delivery; its log says what came of it."""

    http_method_names = ("post",)

    def post(self, _request: Any, name: str) -> HttpResponse:
        endpoint = self.find(name, is_locked=False)
        return done_once(self, lambda: _accepted(endpoint, webhooks.send_test(endpoint, by=None, at=timezone.now())))


@documented(
    "List deliveries of a webhook endpoint",
    page_of(serializers.WebhookDeliverySerializer),
    example="deliveries",
    is_own=True,
    by_name="endpoint",
)
class Deliveries(OwnReadView):
    """What was sent there, the newest first, with each try: what came back and how long it took."""

    scope = Scope.WEBHOOKS_WRITE
    parameters = (named_parameters.DELIVERY_STATE, named_parameters.LIMIT, named_parameters.CURSOR)

    def get(self, _request: Any, name: str) -> Response:
        endpoint = queries.own_endpoint(self.merchant, named(name))
        if endpoint is None:
            raise Problem("not_found")
        after = read_cursor("deliveries", self.given["cursor"], DeliveryPosition)
        page = queries.deliveries_page(endpoint, state=self.given["state"], after=after, limit=self.given["limit"])
        return self.with_link(Response(self.page("deliveries", page, serializers.WebhookDeliverySerializer)))


@documented_post(
    "Redeliver to a webhook endpoint",
    serializers.WebhookDeliverySerializer,
    request=None,
    example="delivery",
    status=202,
    by_name="endpoint",
    also_named=_DELIVERY,
)
class Redeliver(OwnView):
    """Send it again, now and then by the whole schedule, under the same `webhook-id`."""

    http_method_names = ("post",)
    scope = Scope.WEBHOOKS_WRITE

    def post(self, _request: Any, name: str, delivery: str) -> HttpResponse:
        endpoint = queries.own_endpoint(self.merchant, named(name))
        row = queries.own_delivery(endpoint, named(delivery)) if endpoint else None
        if endpoint is None or row is None:
            raise Problem("not_found")
        return done_once(self, lambda: _accepted(endpoint, webhooks.redeliver(row, by=None, at=timezone.now())))


def _accepted(endpoint: WebhookEndpoint, delivery: Delivery) -> Response:
    """202 with the delivery as it is now, and where its log is."""
    row = queries.own_delivery(endpoint, delivery.public_id)
    headers = {"Location": reverse("api:webhook_deliveries", kwargs={"name": endpoint.public_id})}
    return Response(serializers.WebhookDeliverySerializer(row).data, status=202, headers=headers)
