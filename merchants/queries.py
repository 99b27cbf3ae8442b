"""What pages and programs read of a merchant's events and webhooks."""

from datetime import datetime
from typing import NamedTuple

from core.paging import Page
from merchants.events import number_events_of
from merchants.models import Delivery, Event, Merchant, WebhookEndpoint


class EventPosition(NamedTuple):
    """Where a page of events ended."""

    position: int


class DeliveryPosition(NamedTuple):
    """Where a page of deliveries ended."""

    pk: int


def events_page(
    merchant: Merchant, *, kind: str | None, after: EventPosition | None, limit: int, at: datetime
) -> Page[Event]:
    """The merchant's events in the order in which they became visible, behind `after`. What was committed just now is among
    them: nobody has to wait for a worker."""
    number_events_of(merchant, at=at)
    rows = merchant.events.filter(position__gt=after.position if after else 0).order_by("position")
    if kind is not None:
        rows = rows.filter(kind=kind)
    found = list(rows[: limit + 1])
    last = EventPosition(found[limit - 1].position) if len(found) > limit else None  # type: ignore[arg-type]
    return Page(found[:limit], last)


def own_event(merchant: Merchant, public_id: str, *, at: datetime) -> Event | None:
    number_events_of(merchant, at=at)
    return merchant.events.filter(public_id=public_id).first()


def own_endpoint(merchant: Merchant, public_id: str, *, is_locked: bool = False) -> WebhookEndpoint | None:
    rows = merchant.webhook_endpoints.all()
    if is_locked:
        rows = rows.select_for_update(no_key=True)
    return rows.filter(public_id=public_id).first()


def deliveries_page(
    endpoint: WebhookEndpoint, *, state: str | None, after: DeliveryPosition | None, limit: int
) -> Page[Delivery]:
    """What was sent to the endpoint, the newest first, each with its tries. Two queries, however many."""
    rows = endpoint.deliveries.select_related("event").prefetch_related("tries").order_by("-pk")
    if state is not None:
        rows = rows.filter(state=state)
    if after is not None:
        rows = rows.filter(pk__lt=after.pk)
    found = list(rows[: limit + 1])
    last = DeliveryPosition(found[limit - 1].pk) if len(found) > limit else None
    return Page(found[:limit], last)


def own_delivery(endpoint: WebhookEndpoint, public_id: str) -> Delivery | None:
    deliveries = endpoint.deliveries.select_related("event", "endpoint").prefetch_related("tries")
    return deliveries.filter(public_id=public_id).first()
