"""A merchant's webhooks: the addresses that are told of its events, their secrets, and sending again by hand."""

import base64
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.db import transaction

from accounts.models import User
from accounts.services import record
from core.errors import Refused
from core.jobs import enqueue
from core.outbound import Network
from core.sealing import seal, unseal
from merchants.events import KINDS, TEST, emit
from merchants.models import Delivery, Merchant, WebhookEndpoint

State = WebhookEndpoint.State

#: Where webhooks may go: other people's servers, over TLS. A test's own server is named in `also`, and may do without.
NETWORK = Network(ports=(443, 8443))
#: So many addresses has a merchant at most.
MOST_ENDPOINTS = 10
#: How long the secret that was replaced goes on signing, and at most.
OVERLAP, LONGEST_OVERLAP = timedelta(hours=24), timedelta(days=7)
SECRET_PREFIX = "whsec_"  # noqa: S105
_VISIBLE = re.compile(r"[\x21-\x7e]{1,500}")


class Made(NamedTuple):
    """An endpoint and its secret, which is shown once."""

    endpoint: WebhookEndpoint
    secret: str


@transaction.atomic(durable=True)
def add_endpoint(
    merchant: Merchant, *, url: str, kinds: Iterable[str] = (), description: str = "", by: User | None, at: datetime
) -> Made:
    """Tell `url` of the merchant's events from now on; of these kinds, or of all.

    Refuses `webhook_address_not_allowed`, `unknown_event_kind` and `too_many_endpoints`.
    """
    _check_url(url)
    wanted = _known_kinds(kinds)
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    if merchant.webhook_endpoints.count() >= MOST_ENDPOINTS:
        raise Refused("too_many_endpoints", most=MOST_ENDPOINTS)
    secret = new_secret()
    endpoint = WebhookEndpoint.objects.create(
        merchant=merchant, url=url, kinds=wanted, description=description.strip(), secret=seal(secret), created_at=at
    )
    record("webhook.added", endpoint, by=by, of=merchant, url=url, kinds=wanted)
    return Made(endpoint, secret)


@transaction.atomic(durable=True)
def edit_endpoint(endpoint: WebhookEndpoint, *, by: User | None, at: datetime, **given: Any) -> WebhookEndpoint:
    """Write the given `url`, `kinds` and `description`; what is not named stays. Refuses as `add_endpoint` does."""
    if unknown := given.keys() - {"url", "kinds", "description"}:
        raise TypeError(f"not an endpoint's: {sorted(unknown)}")
    locked = _lock(endpoint)
    if "url" in given:
        _check_url(given["url"])
    if "kinds" in given:
        given["kinds"] = _known_kinds(given["kinds"])
    changes = {name: [getattr(locked, name), value] for name, value in given.items() if getattr(locked, name) != value}
    for name, (_old, value) in changes.items():
        setattr(locked, name, value)
    if changes:
        if "url" in changes:  # another receiver: what the one before asked for and failed at is not its own
            locked.not_before, locked.failing_since = None, None
        locked.save()
        record("webhook.edited", locked, by=by, of=locked.merchant, **changes)
    return locked


@transaction.atomic(durable=True)
def remove_endpoint(endpoint: WebhookEndpoint, *, by: User | None, at: datetime) -> None:
    """Nothing is sent there any more, and its log is gone. Refuses `already_done`."""
    locked = _lock(endpoint)
    record("webhook.removed", locked, by=by, of=locked.merchant, url=locked.url)
    locked.delete()


@transaction.atomic(durable=True)
def enable_endpoint(endpoint: WebhookEndpoint, *, by: User | None, at: datetime) -> WebhookEndpoint:
    """What waited goes on. What happened meanwhile was not kept for it: `GET /events` has it. Refuses `already_done`, and
    `webhook_secret_lost` until its secret was replaced."""
    locked = _lock(endpoint)
    if locked.state == State.ENABLED:
        raise Refused("already_done")
    if not secrets_of(locked, at=at):
        raise Refused("webhook_secret_lost")
    locked.state, locked.disabled_reason, locked.failing_since, locked.not_before = State.ENABLED, "", None, None
    locked.save()
    record("webhook.enabled", locked, by=by, of=locked.merchant)
    enqueue("merchants.deliver_webhooks")
    return locked


@transaction.atomic(durable=True)
def disable_endpoint(
    endpoint: WebhookEndpoint, *, by: User | None, at: datetime, reason: str = "by_hand"
) -> WebhookEndpoint:
    """Nothing is sent there until it is enabled again. Refuses `already_done`."""
    locked = _lock(endpoint)
    if locked.state == State.DISABLED:
        raise Refused("already_done")
    locked.state, locked.disabled_reason = State.DISABLED, reason
    locked.save()
    record("webhook.disabled", locked, by=by, of=locked.merchant, reason=reason)
    return locked


@transaction.atomic(durable=True)
def rotate_secret(endpoint: WebhookEndpoint, *, by: User | None, at: datetime, overlap: timedelta = OVERLAP) -> Made:
    """Another secret. The one before goes on signing beside it for `overlap`; the one before that is gone at once.
    Refuses `bad_webhook_overlap`."""
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise Refused("bad_webhook_overlap", most=LONGEST_OVERLAP.days)
    locked = _lock(endpoint)
    secret = new_secret()
    locked.previous_secret, locked.previous_until = (locked.secret, at + overlap) if overlap else ("", None)
    locked.secret = seal(secret)
    locked.save()
    record("webhook.secret_rotated", locked, by=by, of=locked.merchant, hours=round(overlap.total_seconds() / 3600, 2))
    return Made(locked, secret)


@transaction.atomic(durable=True)
def send_test(endpoint: WebhookEndpoint, *, by: User | None, at: datetime) -> Delivery:
    """Send it an event `webhook.test`, whatever kinds it wants. Refuses `webhook_disabled`."""
    locked = _lock(endpoint)
    if locked.state == State.DISABLED:
        raise Refused("webhook_disabled")
    event = emit(locked.merchant_id, TEST, locked, at=at)
    delivery = Delivery.objects.create(endpoint=locked, event=event, due_at=at)
    record("webhook.tested", locked, by=by, of=locked.merchant)
    enqueue("merchants.deliver_webhooks")
    return delivery


@transaction.atomic(durable=True)
def redeliver(delivery: Delivery, *, by: User | None, at: datetime) -> Delivery:
    """Send it again, now and then by the whole schedule, under the same `webhook-id`. Refuses `webhook_disabled`, and
    `delivery_waiting` for one that is on its way anyway."""
    endpoint = _lock(delivery.endpoint)
    if endpoint.state == State.DISABLED:
        raise Refused("webhook_disabled")
    again = Delivery.objects.exclude(state=Delivery.State.WAITING).filter(pk=delivery.pk)
    fresh = {"state": Delivery.State.WAITING, "attempts": 0, "due_at": at, "claimed_at": None, "ended_at": None}
    if not again.update(**fresh):
        raise Refused("delivery_waiting")
    record("webhook.redelivered", endpoint, by=by, of=endpoint.merchant, delivery=delivery.public_id)
    enqueue("merchants.deliver_webhooks")
    delivery.refresh_from_db()
    return delivery


def new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def secrets_of(endpoint: WebhookEndpoint, *, at: datetime) -> list[str]:
    """The secrets that sign at `at`, the newest first. Empty when the newest can no longer be read."""
    try:
        found = [unseal(endpoint.secret)]
    except ValueError:
        return []
    if endpoint.previous_secret and endpoint.previous_until and at < endpoint.previous_until:
        try:
            found.append(unseal(endpoint.previous_secret))
        except ValueError:
            pass
    return found


def _lock(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    locked = (
        WebhookEndpoint.objects.select_for_update(no_key=True, of=("self",))
        .select_related("merchant")
        .filter(pk=endpoint.pk)
        .first()
    )
    if locked is None:
        raise Refused("already_done")
    return locked


def _known_kinds(kinds: Iterable[str]) -> list[str]:
    wanted = set(kinds)
    if unknown := sorted(wanted - KINDS.keys()):
        raise Refused("unknown_event_kind", kind=unknown[0])
    return [kind for kind in KINDS if kind in wanted]


def _check_url(url: str) -> None:
    """What can be said of an address without asking anybody; what its name means is looked at whenever it is sent to."""
    if not _is_allowed(url, NETWORK):
        raise Refused("webhook_address_not_allowed")


def _is_allowed(url: str, network: Network) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return False
    host = parts.hostname or ""
    if not _VISIBLE.fullmatch(url) or not host or "@" in parts.netloc or parts.fragment or "\\" in url:
        return False
    if f"{host}:{port}" in network.also:
        return parts.scheme in ("http", "https")
    if parts.scheme != "https" or port not in network.ports:
        return False
    try:
        ip_address(host)
    except ValueError:
        return True
    return network.allows(host, port)
