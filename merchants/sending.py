"""Deliveries on their way: claimed by one worker each, sent with no transaction open, written down, tried again by the schedule.

Standard Webhooks 1.0. One endpoint has one delivery in the air at a time, and its requests run beside those of the others:
who is slow keeps nobody waiting. Threads only send; the database is this thread's.
"""

import base64
import hashlib
import hmac
import json
import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.services import record
from core.outbound import Network, Resolve, resolve
from merchants import webhooks
from merchants.letters import tell_owners
from merchants.models import Delivery, DeliveryAttempt, Event, WebhookEndpoint
from merchants.posting import TOTAL_SECONDS, Outcome, post

logger = logging.getLogger(__name__)

_SECOND, _MINUTE, _HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
#: How long after the try before each one is made; the first at once.
SCHEDULE = (
    0 * _SECOND, 5 * _SECOND, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR,
    24 * _HOUR,
)  # fmt: skip
#: A wait is so much longer at most, so that what failed together does not come back together.
JITTER = 0.1
#: After so long of nothing but failures an endpoint is disabled.
PATIENCE = timedelta(days=5)
#: A claim is older than any request can be: its worker was killed, and another may take it.
CLAIMED_FOR = timedelta(seconds=4 * TOTAL_SECONDS)
#: One run takes on nothing new after so many seconds, has so many requests in the air, and sends one endpoint so many.
RUN_SECONDS, IN_THE_AIR, PER_ENDPOINT = 30.0, 16, 200
_LOOK_AGAIN = 0.5

_State = Delivery.State
_dice = random.SystemRandom()


def send_deliveries(
    *, at: datetime, network: Network | None = None, resolve: Resolve = resolve, post: Callable[..., Outcome] = post
) -> int:
    """Send what is due; returns how many tries were made."""
    return _Run(at, network or webhooks.NETWORK, resolve, post).run()


class _Run:
    def __init__(self, at: datetime, network: Network, resolve: Resolve, post: Callable[..., Outcome]) -> None:
        self._at, self._began = at, time.monotonic()
        self._network, self._resolve, self._post = network, resolve, post
        self._flying: dict[Future[Outcome], Delivery] = {}
        self._sent: dict[int, int] = {}
        #: Endpoints that failed, or had their share: the next run goes on.
        self._rest: set[int] = set()

    @property
    def now(self) -> datetime:
        return self._at + timedelta(seconds=time.monotonic() - self._began)

    def run(self) -> int:
        tries = 0
        with ThreadPoolExecutor(IN_THE_AIR, thread_name_prefix="webhook") as pool:
            while self._take_off(pool) or self._flying:
                landed, _others = wait(self._flying, timeout=_LOOK_AGAIN, return_when=FIRST_COMPLETED)
                for future in landed:
                    self._land(self._flying.pop(future), future.result())
                    tries += 1
        return tries

    def _take_off(self, pool: ThreadPoolExecutor) -> bool:
        """Claim and send what may be sent beside what is in the air. False when there was nothing."""
        any_sent = False
        while len(self._flying) < IN_THE_AIR and time.monotonic() - self._began < RUN_SECONDS:
            busy = self._rest | {delivery.endpoint_id for delivery in self._flying.values()}
            delivery = _due(self.now).exclude(endpoint__in=busy).order_by("due_at", "pk").first()
            if delivery is None:
                break
            if _claim(delivery, self.now):
                any_sent = self._send(delivery, pool) or any_sent
        return any_sent

    def _send(self, delivery: Delivery, pool: ThreadPoolExecutor) -> bool:
        endpoint, now = delivery.endpoint, self.now
        secrets = webhooks.secrets_of(endpoint, at=now)
        if not secrets:
            _put_off(delivery)
            _disable(endpoint, "secret_lost", at=now)
            return False
        body = body_of(delivery.event)
        headers = headers_of(delivery.event, body, secrets, at=now)
        future = pool.submit(self._post, endpoint.url, body, headers, network=self._network, resolve=self._resolve)
        self._flying[future] = delivery
        return True

    def _land(self, delivery: Delivery, outcome: Outcome) -> None:
        endpoint = delivery.endpoint_id
        self._sent[endpoint] = self._sent.get(endpoint, 0) + 1
        if not outcome.is_success or self._sent[endpoint] >= PER_ENDPOINT:
            self._rest.add(endpoint)
        _write_down(delivery, outcome, at=self.now)


def body_of(event: Event) -> bytes:
    """What is signed and sent: the same bytes each time."""
    told = {
        "type": event.kind,
        "timestamp": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": {**event.data, "id": event.subject},
    }
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()


def headers_of(event: Event, body: bytes, secrets: list[str], *, at: datetime) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    signed = b".".join([event.public_id.encode(), stamp.encode(), body])
    return {
        "Content-Type": "application/json",
        "User-Agent": f"merchstore-webhooks (+{settings.SITE_URL})",
        "Accept-Encoding": "identity",
        "webhook-id": event.public_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{_signature(secret, signed)}" for secret in secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(webhooks.SECRET_PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _due(at: datetime) -> Any:
    nobody_has_it = Q(claimed_at=None) | Q(claimed_at__lt=at - CLAIMED_FOR)
    may_be_sent = Q(endpoint__not_before=None) | Q(endpoint__not_before__lte=at)
    waiting = Delivery.objects.filter(nobody_has_it, may_be_sent, state=_State.WAITING, due_at__lte=at)
    return waiting.filter(endpoint__state=WebhookEndpoint.State.ENABLED).select_related("endpoint", "event")


def _claim(delivery: Delivery, at: datetime) -> bool:
    """One update with its own condition: of two workers one has it."""
    mine = Delivery.objects.filter(pk=delivery.pk, state=_State.WAITING, claimed_at=delivery.claimed_at)
    delivery.claimed_at = at
    return mine.update(claimed_at=at) == 1


def _put_off(delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk, claimed_at=delivery.claimed_at).update(claimed_at=None)


@transaction.atomic(durable=True)
def _write_down(delivery: Delivery, outcome: Outcome, *, at: datetime) -> None:
    """The try in the log, and what follows. Whose claim was taken over meanwhile leaves the delivery alone."""
    endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).filter(pk=delivery.endpoint_id).first()
    mine = (
        Delivery.objects.select_for_update(no_key=True)
        .filter(pk=delivery.pk, state=_State.WAITING, claimed_at=delivery.claimed_at)
        .first()
    )
    if endpoint is None or not Delivery.objects.filter(pk=delivery.pk).exists():
        return  # removed meanwhile, and its log with it
    DeliveryAttempt.objects.create(
        delivery=delivery, at=at, status=outcome.status, problem=_problem(outcome), milliseconds=outcome.milliseconds,
        answer=outcome.answer,
    )  # fmt: skip
    if mine is not None:
        _move_on(mine, outcome, at)
    _follow(endpoint, outcome, at)


def _problem(outcome: Outcome) -> str:
    return "redirects" if outcome.status is not None and 300 <= outcome.status < 400 else outcome.problem


def _move_on(delivery: Delivery, outcome: Outcome, at: datetime) -> None:
    delivery.attempts, delivery.claimed_at = delivery.attempts + 1, None
    if outcome.is_success:
        delivery.state, delivery.ended_at = _State.DELIVERED, at
    elif outcome.status == 410 or delivery.attempts >= len(SCHEDULE):
        delivery.state, delivery.ended_at = _State.GIVEN_UP, at
    else:
        pause = SCHEDULE[delivery.attempts] * _dice.uniform(1, 1 + JITTER)
        delivery.due_at = at + max(pause, timedelta(seconds=outcome.wait))
    delivery.save(update_fields=["attempts", "claimed_at", "state", "ended_at", "due_at"])


def _follow(endpoint: WebhookEndpoint, outcome: Outcome, at: datetime) -> None:
    """What a try says of its endpoint: that it works, that it wants a pause, that it is gone."""
    failing_since = None if outcome.is_success else endpoint.failing_since or at
    not_before = at + timedelta(seconds=outcome.wait) if outcome.wait else endpoint.not_before
    if (failing_since, not_before) != (endpoint.failing_since, endpoint.not_before):
        endpoint.failing_since, endpoint.not_before = failing_since, not_before
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=failing_since, not_before=not_before)
    if outcome.status == 410:
        _disabled(endpoint, "gone")
    elif failing_since is not None and at - failing_since >= PATIENCE:
        _disabled(endpoint, "failing")


@transaction.atomic(durable=True)
def _disable(endpoint: WebhookEndpoint, reason: str, *, at: datetime) -> None:
    _disabled(WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk), reason)


def _disabled(endpoint: WebhookEndpoint, reason: str) -> None:
    if endpoint.state == WebhookEndpoint.State.DISABLED:
        return
    endpoint.state, endpoint.disabled_reason = WebhookEndpoint.State.DISABLED, reason
    endpoint.save(update_fields=["state", "disabled_reason", "updated_at"])
    record("webhook.disabled", endpoint, by=None, of=endpoint.merchant, reason=reason)
    tell_owners(endpoint.merchant, "webhook_disabled", page="webhooks/", url=endpoint.url, why=reason)
    logger.warning("webhook.disabled", extra={"endpoint": endpoint.public_id, "reason": reason})
