"""The catalogue's background work."""

from celery import shared_task
from django.utils import timezone

from catalog import upkeep


@shared_task(name="catalog.catch_up_shelf", time_limit=1800)
def catch_up_shelf() -> int:
    return upkeep.catch_up_shelf(at=timezone.now())


@shared_task(name="catalog.prune_shelf", time_limit=300)
def prune_shelf() -> int:
    return upkeep.prune_shelf(at=timezone.now())
