"""Licensing's background work."""

from celery import shared_task
from django.utils import timezone

from licensing import notices, states, telling
from licensing.approvals import silence
from licensing.ledger import statements


@shared_task(name="licensing.prepare_statements", time_limit=3600)
def prepare_statements() -> int:
    return statements.prepare_statements(at=timezone.now())


@shared_task(name="licensing.tend_approvals", time_limit=300)
def tend_approvals() -> int:
    return silence.tend_deadlines(at=timezone.now())


@shared_task(name="licensing.end_terms", time_limit=300)
def end_terms() -> int:
    return states.end_terms(at=timezone.now())


@shared_task(name="licensing.send_notices", time_limit=600)
def send_notices() -> int:
    telling.tell_units_low(at=timezone.now())
    return notices.send_notices(at=timezone.now())
