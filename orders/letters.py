"""Letters to buyers: a row with the change that it tells of, sent by a worker, once.

A worker claims a row with one update before it writes, so that two workers write one letter; one that could not be sent is tried
again later.
"""

import logging
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.db.models import F, Q
from django.utils import timezone

from core.jobs import enqueue
from core.mail import letter
from core.money import Money
from orders.links import order_address
from orders.models import Letter, Order, OrderLine, Refund, Shipment

logger = logging.getLogger(__name__)

#: Letters in one run of the task; the next goes on.
BATCH = 100
#: How long after an attempt the next one follows, by how many there were: more than three days in all.
WAITS = tuple(timedelta(minutes=min(10 * 2**number, 360)) for number in range(18))
MOST_ATTEMPTS = len(WAITS)


def write_letter(order: Order, template: str, about: str = "") -> None:
    """The letter of templates/mail/`template`.txt has to go out. The same about the same thing goes out once."""
    row = Letter(order=order, template=template, about=about, created_at=timezone.now())
    Letter.objects.bulk_create([row], ignore_conflicts=True)
    enqueue("orders.send_letters")


def send_letters(*, at: datetime) -> int:
    """Send what waits; returns how many letters went out."""
    due = Letter.objects.filter(
        _free(at), sent_at=None, attempts__lt=MOST_ATTEMPTS, order__market__is_public=True
    ).order_by("pk")
    rows = list(due.select_related("order__market")[:BATCH])
    sent = 0
    try:
        with get_connection() if rows else nullcontext() as connection:
            for row in rows:
                sent += _claim(row, at) and _send(row, at, connection)
    except OSError as error:
        logger.warning("mail.server_away", extra={"error": type(error).__name__})
    return sent


def _free(at: datetime) -> Q:
    """Nobody has it in hand, and it is its turn again."""
    found = Q(claimed_at=None)
    for attempts, wait in enumerate(WAITS, start=1):
        found |= Q(attempts=attempts, claimed_at__lt=at - wait)
    return found


def _claim(row: Letter, at: datetime) -> bool:
    mine = Letter.objects.filter(_free(at), pk=row.pk, sent_at=None)
    return mine.update(claimed_at=at, attempts=F("attempts") + 1) == 1


def _send(row: Letter, at: datetime, connection: Any) -> bool:
    try:
        letter(
            row.template if row.template.startswith("order_") else f"order_{row.template}",
            _context(row),
            to=row.order.email,
            language=row.order.language,
            headers={
                # The same each time: should it be sent twice after a crash, the reader's mail program shows one.
                "Message-ID": f"<letter-{row.pk}.{row.order.public_id}@{settings.MAIL_DOMAIN}>",
                "Auto-Submitted": "auto-generated",
            },
            connection=connection,
        ).send()
    except OSError as error:
        logger.warning("letter.not_sent", extra={"order": row.order.public_id, "error": type(error).__name__})
        return False
    Letter.objects.filter(pk=row.pk).update(sent_at=at)
    return True


def _context(row: Letter) -> dict[str, Any]:
    order = row.order

    def money(amount: int) -> str:
        return Money(amount, order.currency).in_locale(order.language)

    lines = list(order.lines.order_by("position"))
    return {
        "order": order,
        "address": order_address(order),
        "lines": [(line.quantity, line.title_in(order.language), money(line.amount)) for line in lines],
        "goods": money(order.goods_amount),
        "delivery": money(order.delivery_amount),
        "tax": money(order.tax_amount) if order.tax_amount and not order.prices_include_tax else "",
        "total": money(order.total_amount),
        **_about(row, lines, money),
    }


def _about(row: Letter, lines: list[OrderLine], money: Any) -> dict[str, Any]:
    """What the letter is about besides the order: a shipment, a refund."""
    if row.about.startswith("shp_"):
        shipment = Shipment.objects.filter(public_id=row.about).prefetch_related("lines").first()
        title_of = {line.pk: line.title_in(row.order.language) for line in lines}
        sent = [(one.quantity, title_of.get(one.line_id, "")) for one in shipment.lines.all()] if shipment else []
        return {"shipment": shipment, "sent": sent}
    if row.about.startswith("rfd_"):
        refund = Refund.objects.filter(public_id=row.about).first()
        return {"amount": money(refund.amount) if refund else ""}
    if row.about.startswith("pay_"):
        payment = row.order.payments.filter(public_id=row.about).first()
        return {"amount": money(payment.received_amount) if payment else ""}
    return {}
