"""What fans are told later. Every task may run twice, and finds its work in the rows."""

from celery import shared_task
from django.utils import timezone

from fans import follows, wishes


@shared_task(name="fans.tell_news", soft_time_limit=240, time_limit=300)
def tell_news() -> None:
    """Find what is new of films, and write to those who follow them."""
    follows.find_news(at=timezone.now())
    follows.tell_news(at=timezone.now())


@shared_task(name="fans.prune_follows", soft_time_limit=240, time_limit=300)
def prune_follows() -> None:
    """Forget addresses that nobody has confirmed."""
    follows.prune_follows(at=timezone.now())


@shared_task(name="fans.tell_wishes", soft_time_limit=240, time_limit=300)
def tell_wishes() -> None:
    """Write to members whose wish costs less, or can be had again."""
    wishes.tell_wishes(at=timezone.now())
