"""Requests that may be sent twice and run once.

A row is written and committed before the work: so of two requests at once one finds the other's, and neither runs beside it.
The answer is kept for a day and given again, word for word. An answer that says that we failed is not kept.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from core.errors import Refused
from merchants.models import IdempotentRequest, Merchant

#: How long an answer is kept.
KEPT_FOR = timedelta(hours=24)
#: After so long a run that has not ended was killed: whoever asks again takes its place.
LONGEST_RUN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was given. `headers` are those that are given again."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Run:
    """The right to do the work. Whoever took its place meanwhile has another `token`."""

    request_id: int
    token: str


def begin(merchant: Merchant, key: str, fingerprint: str, *, at: datetime) -> Run | Answer:
    """The right to do the work, or the answer of who has done it. Commits at once: call it outside of a transaction.

    Refuses `idempotency_key_reused` for another request under the same key, `idempotency_running` while the first one runs.
    """
    token = secrets.token_hex(16)
    fresh = {"fingerprint": fingerprint, "run": token, "started_at": at, "status": None, "headers": {}, "body": b""}
    try:
        with transaction.atomic():
            created = IdempotentRequest.objects.create(merchant=merchant, key=key, **fresh)
        return Run(created.pk, token)
    except IntegrityError:
        pass
    old = IdempotentRequest.objects.filter(merchant=merchant, key=key).first()
    if old is None:  # given up or pruned between the two statements
        raise Refused("idempotency_running")
    is_over = Q(started_at__lte=at - KEPT_FOR)
    is_dead = Q(status__isnull=True, started_at__lte=at - LONGEST_RUN, fingerprint=fingerprint)
    if IdempotentRequest.objects.filter(is_over | is_dead, pk=old.pk, run=old.run).update(**fresh):
        return Run(old.pk, token)
    if old.fingerprint != fingerprint:
        raise Refused("idempotency_key_reused")
    if old.status is None:
        raise Refused("idempotency_running")
    return Answer(old.status, old.headers, bytes(old.body))


def finish(run: Run, answer: Answer) -> None:
    """Keep the answer, unless somebody else took the run's place."""
    IdempotentRequest.objects.filter(pk=run.request_id, run=run.token).update(
        status=answer.status, headers=answer.headers, body=answer.body
    )


def give_up(run: Run) -> None:
    """The work failed through no fault of the request: the next one does it again."""
    IdempotentRequest.objects.filter(pk=run.request_id, run=run.token, status__isnull=True).delete()


def prune(*, at: datetime) -> int:
    """Delete what is older than a day. Returns how many."""
    return IdempotentRequest.objects.filter(started_at__lte=at - KEPT_FOR).delete()[0]
