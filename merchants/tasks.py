"""The merchants' background work."""

from celery import shared_task
from django.utils import timezone

from core.jobs import enqueue
from merchants import events, idempotency, onboarding, sending


@shared_task(name="merchants.prune_idempotency", time_limit=300)
def prune_idempotency() -> int:
    return idempotency.prune(at=timezone.now())


@shared_task(name="merchants.send_events", time_limit=300)
def send_events() -> int:
    numbered = events.number_events(at=timezone.now())
    if numbered:
        enqueue("merchants.deliver_webhooks")
    return numbered


@shared_task(name="merchants.deliver_webhooks", time_limit=120)
def deliver_webhooks() -> int:
    return sending.send_deliveries(at=timezone.now())


@shared_task(name="merchants.prune_events", time_limit=1800)
def prune_events() -> int:
    return events.prune_events(at=timezone.now())


@shared_task(name="merchants.remind_of_documents", time_limit=300)
def remind_of_documents() -> int:
    return onboarding.remind_of_documents(at=timezone.now())
