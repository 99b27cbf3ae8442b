"""The catalogue's background work."""

from celery import shared_task
from django.utils import timezone

from catalog import alerts, upkeep
from catalog.images import services as images
from catalog.importing import run, runs, undo


@shared_task(name="catalog.catch_up_shelf", time_limit=1800)
def catch_up_shelf() -> int:
    return upkeep.catch_up_shelf(at=timezone.now())


@shared_task(name="catalog.prune_shelf", time_limit=300)
def prune_shelf() -> int:
    return upkeep.prune_shelf(at=timezone.now())


@shared_task(name="catalog.send_alerts", time_limit=600)
def send_alerts() -> int:
    return alerts.send_due_alerts(at=timezone.now())


@shared_task(name="catalog.tell_low_stock", time_limit=600)
def tell_low_stock() -> int:
    return alerts.tell_low_stock(at=timezone.now())


@shared_task(name="catalog.prune_alerts", time_limit=300)
def prune_alerts() -> int:
    return alerts.prune_alerts(at=timezone.now())


@shared_task(name="catalog.run_import", time_limit=6 * 3600)
def run_import(run_id: int) -> None:
    run.run_import(run_id)


@shared_task(name="catalog.undo_import", time_limit=6 * 3600)
def undo_import(run_id: int) -> None:
    undo.go_on_undoing(run_id)


@shared_task(name="catalog.tend_imports", time_limit=60)
def tend_imports() -> int:
    return runs.tend(at=timezone.now())


@shared_task(name="catalog.process_images", time_limit=300)
def process_images() -> int:
    return images.process_waiting(at=timezone.now())


@shared_task(name="catalog.sweep_images", time_limit=1800)
def sweep_images() -> int:
    return images.sweep(at=timezone.now())
