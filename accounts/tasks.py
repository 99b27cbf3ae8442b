"""The background work of people's accounts."""

from celery import shared_task
from django.utils import timezone

from accounts import letters


@shared_task(name="accounts.send_letters", time_limit=300)
def send_letters() -> int:
    return letters.send_letters(at=timezone.now())


@shared_task(name="accounts.prune_letters", time_limit=300)
def prune_letters() -> int:
    return letters.prune_letters(at=timezone.now())
