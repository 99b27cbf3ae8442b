"""Letters to people who have an account or are to have one: a row with the change that it tells of, sent by a worker.

A worker claims a row with one update before it writes, so that two workers write one letter; one that could not be sent is tried
again later, for more than three days.
"""

import logging
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Letter
from core.jobs import enqueue
from core.mail import letter

logger = logging.getLogger(__name__)

#: Letters in one run of the task; the next goes on.
BATCH = 100
#: How long after an attempt the next one follows, by how many there were.
WAITS = tuple(timedelta(minutes=min(10 * 2**number, 360)) for number in range(18))
#: So long after they went out, or were given up, letters are kept.
KEPT = timedelta(days=90)


def write_letter(template: str, *, to: str, language: str, said: dict[str, Any], about: str = "") -> None:
    """The letter of templates/mail/`template`.txt has to go out to `to`, in `language`, with `said` for its text. With `about`
    the same goes out once. `said["stop"]` is where its reader ends letters of the kind."""
    row = Letter(template=template, to=to, language=language, said=said, about=about[:80], created_at=timezone.now())
    Letter.objects.bulk_create([row], ignore_conflicts=True)
    enqueue("accounts.send_letters")


def send_letters(*, at: datetime) -> int:
    """Send what waits; returns how many letters went out."""
    due = Letter.objects.filter(_free(at), sent_at=None, attempts__lt=len(WAITS)).order_by("pk")
    rows = list(due[:BATCH])
    sent = 0
    try:
        with get_connection() if rows else nullcontext() as connection:
            for row in rows:
                sent += _claim(row, at) and _send(row, at, connection)
    except OSError as error:
        logger.warning("mail.server_away", extra={"error": type(error).__name__})
    return sent


def prune_letters(*, at: datetime) -> int:
    """Throw away old ones; returns how many."""
    return Letter.objects.filter(created_at__lt=at - KEPT).delete()[0]


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
    # The same each time: should it be sent twice after a crash, the reader's mail program shows one.
    headers = {"Message-ID": f"<account-letter-{row.pk}@{settings.MAIL_DOMAIN}>", "Auto-Submitted": "auto-generated"}
    if stop := row.said.get("stop"):
        # RFC 8058: the mail program's own button ends such letters.
        headers |= {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    try:
        letter(row.template, row.said, to=row.to, language=row.language, headers=headers, connection=connection).send()
    except OSError as error:
        logger.warning("letter.not_sent", extra={"letter": row.pk, "error": type(error).__name__})
        return False
    Letter.objects.filter(pk=row.pk).update(sent_at=at, said={})
    return True
