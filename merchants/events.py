"""Telling a merchant's programs what happened: the row is written here, in the change's own transaction.

Positions and deliveries are made after the commit, by a worker: `number_events`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_noop as _

from core.jobs import enqueue
from merchants.models import Delivery, Event, Merchant, WebhookEndpoint

#: Every kind of event there is, and what it says. A kind that is not here is a bug, so that the list of kinds is complete.
KINDS = {
    "product.created": _("A product was made."),
    "product.changed": _(
        "A product, one of its variants or a price was changed. A file of goods says `import.ended` instead."
    ),
    "product.stock_low": _("Stock fell to the number at which the merchant wants to be told."),
    "import.ended": _("A file of goods was brought in, looked at or undone, or has failed."),
    "submission.decided": _("A round of an approval was decided, by a reviewer or by silence."),
    "licence.changed": _("A licence's state, term, territories or conditions changed."),
    "licence.units_low": _("A tenth of the units that a licence allows is left, or none."),
    "campaign.scheduled": _("A campaign with goods of the merchant was scheduled."),
    "campaign.launched": _("A campaign with goods of the merchant went live."),
    "campaign.ended": _("A campaign with goods of the merchant ended."),
    "campaign.withdrawn": _("A campaign with goods of the merchant was taken back."),
    "order.paid": _("A parcel was ordered and paid: it can be sent."),
    "order.cancelled": _("Pieces of a parcel, or all of it, will not be sent."),
    "order.sent": _("A shipment of a parcel left."),
    "order.delivered": _("A shipment of a parcel arrived."),
    "return.announced": _("A buyer, or the studio for one, announced that pieces come back."),
    "return.ended": _("A return was received or refused."),
    "statement.closed": _("A royalty statement was closed and never changes again."),
    "merchant.state_changed": _("The merchant was approved, suspended, reinstated or closed."),
    "webhook.test": _("Somebody asked for a test of one webhook. No other is told."),
}
#: Goes to the endpoint that is tested and to no other.
TEST = "webhook.test"
#: How long an event can be read and its deliveries be sent again.
KEPT_FOR = timedelta(days=30)
_PAGE = 1_000


def emit(merchant: Merchant | int, kind: str, subject: models.Model | str, *, at: datetime, **data: Any) -> Event:
    """Write down that `kind` happened to `subject` (a row with a public id, or the id). Call inside the change's transaction.

    `data` is what programs are told besides the id: plain values, never what belongs to a buyer or another merchant.
    """
    merchant_id = merchant if isinstance(merchant, int) else merchant.pk
    return emit_many([merchant_id], kind, subject, at=at, **data)[0]


def emit_many(
    merchants: Iterable[int], kind: str, subject: models.Model | str, *, at: datetime, **data: Any
) -> list[Event]:
    """As `emit`, the same for each of these merchants, in one statement."""
    if kind not in KINDS:
        raise LookupError(f"not a kind of event: {kind}")
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an event is part of its change's transaction")
    name = subject if isinstance(subject, str) else subject.public_id  # type: ignore[attr-defined]
    events = [Event(merchant_id=pk, kind=kind, subject=name, data=data, at=at) for pk in sorted(set(merchants))]
    if not events:
        return []
    Event.objects.bulk_create(events)
    enqueue("merchants.send_events")
    return events


def number_events(*, at: datetime, most: int = 5_000) -> int:
    """Give their positions to events that were committed since, and write a delivery for each endpoint that wants one; returns
    how many events. Two at once wait for each other by merchant."""
    unnumbered = Event.objects.filter(position__isnull=True)
    merchants = list(unnumbered.order_by("merchant").values_list("merchant", flat=True).distinct()[:most])
    return sum(_number(merchant, at, most) for merchant in merchants)


def number_events_of(merchant: Merchant, *, at: datetime, most: int = 5_000) -> int:
    """As `number_events`, of one merchant: for whoever reads them before a worker came by."""
    return _number(merchant.pk, at, most) if merchant.events.filter(position__isnull=True).exists() else 0


@transaction.atomic(durable=True)
def _number(merchant_id: int, at: datetime, most: int) -> int:
    """Positions and deliveries are one transaction: a worker that is killed leaves both or neither."""
    if Merchant.objects.select_for_update(no_key=True).filter(pk=merchant_id).first() is None:
        return 0
    events = Event.objects.filter(merchant=merchant_id)
    last = events.aggregate(last=models.Max("position"))["last"] or 0
    waiting = list(events.filter(position__isnull=True).order_by("pk").only("pk", "kind")[:most])
    for position, event in enumerate(waiting, start=last + 1):
        event.position = position
    Event.objects.bulk_update(waiting, ["position"], batch_size=_PAGE)
    # Locked, so that none is removed before its deliveries are there.
    enabled = WebhookEndpoint.objects.filter(merchant=merchant_id, state=WebhookEndpoint.State.ENABLED)
    endpoints = list(enabled.select_for_update(no_key=True).order_by("pk"))
    deliveries = [
        Delivery(endpoint=endpoint, event=event, due_at=at)
        for event in waiting
        for endpoint in endpoints
        if event.kind != TEST and (not endpoint.kinds or event.kind in endpoint.kinds)
    ]
    Delivery.objects.bulk_create(deliveries, batch_size=_PAGE, ignore_conflicts=True)
    return len(waiting)


def prune_events(*, at: datetime) -> int:
    """Delete events that are older than thirty days, with their deliveries. Returns how many events.

    The last one of each merchant stays: positions go on behind it, so that no reader's place is counted twice.
    """
    later = Event.objects.filter(merchant=models.OuterRef("merchant"), position__gt=models.OuterRef("position"))
    old = Event.objects.filter(models.Exists(later), at__lte=at - KEPT_FOR)
    total = 0
    while page := list(old.order_by("pk").values_list("pk", flat=True)[:_PAGE]):
        Event.objects.filter(pk__in=page).delete()
        total += len(page)
    return total
