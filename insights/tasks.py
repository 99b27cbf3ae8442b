"""What is learnt at night."""

from celery import shared_task
from django.utils import timezone

from insights import services


@shared_task(name="insights.count_companions", soft_time_limit=1700, time_limit=1800)
def count_companions() -> None:
    """Count anew which products are bought together."""
    services.count_companions(at=timezone.now())
