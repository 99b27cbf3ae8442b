"""Telling a merchant's programs what happened: the row is written here, in the change's own transaction."""

from datetime import datetime
from typing import Any

from django.db import models, transaction

from core.jobs import enqueue
from merchants.models import Event, Merchant

#: Every kind of event there is. A kind that is not here is a bug, so that the API's page of kinds is complete.
KINDS = (
    "product.created",
    "product.changed",
    "product.stock_low",
    "import.ended",
    "submission.decided",
    "licence.changed",
    "licence.units_low",
    "campaign.scheduled",
    "campaign.launched",
    "campaign.ended",
    "campaign.withdrawn",
    "order.paid",
    "order.cancelled",
    "order.sent",
    "order.delivered",
    "return.announced",
    "return.ended",
    "statement.closed",
    "merchant.state_changed",
    "webhook.test",
)


def emit(merchant: Merchant | int, kind: str, subject: models.Model | str, *, at: datetime, **data: Any) -> Event:
    """Write down that `kind` happened to `subject` (a row with a public id, or the id). Call inside the change's transaction.

    `data` is what programs are told besides the id: plain values, never what belongs to a buyer or another merchant.
    """
    if kind not in KINDS:
        raise LookupError(f"not a kind of event: {kind}")
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an event is part of its change's transaction")
    event = Event.objects.create(
        merchant_id=merchant if isinstance(merchant, int) else merchant.pk,
        kind=kind,
        subject=subject if isinstance(subject, str) else subject.public_id,  # type: ignore[attr-defined]
        data=data,
        at=at,
    )
    enqueue("merchants.send_events")
    return event


def number_events(*, most: int = 5_000) -> int:
    """Give their positions to events that were committed since; returns how many. Two at once wait for each other by merchant."""
    unnumbered = Event.objects.filter(position__isnull=True)
    merchants = list(unnumbered.order_by("merchant").values_list("merchant", flat=True).distinct()[:most])
    return sum(_number(merchant, most) for merchant in merchants)


@transaction.atomic(durable=True)
def _number(merchant_id: int, most: int) -> int:
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant_id)
    events = Event.objects.filter(merchant=merchant_id)
    last = events.aggregate(last=models.Max("position"))["last"] or 0
    waiting = list(events.filter(position__isnull=True).order_by("pk").only("pk")[:most])
    for position, event in enumerate(waiting, start=last + 1):
        event.position = position
    Event.objects.bulk_update(waiting, ["position"])
    return len(waiting)
