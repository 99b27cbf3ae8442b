"""The merchants' background work."""

from celery import shared_task
from django.utils import timezone

from merchants import events, idempotency


@shared_task(name="merchants.prune_idempotency", time_limit=300)
def prune_idempotency() -> int:
    return idempotency.prune(at=timezone.now())


@shared_task(name="merchants.send_events", time_limit=300)
def send_events() -> int:
    return events.number_events()
