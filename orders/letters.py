"""Letters to buyers: a row with the change that it tells of, sent by a worker, once."""

from datetime import datetime

from django.utils import timezone

from core.jobs import enqueue
from orders.models import Letter, Order


def write_letter(order: Order, template: str, about: str = "") -> None:
    """The letter of templates/mail/`template`.txt has to go out. The same about the same thing goes out once."""
    Letter.objects.get_or_create(order=order, template=template, about=about, defaults={"created_at": timezone.now()})
    enqueue("orders.send_letters")


def send_letters(*, at: datetime) -> int:
    """AFTER is writing this."""
    return 0
