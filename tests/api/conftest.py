"""The clock stands still, and a small shop stands on it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from campaigns.models import Campaign, Placement
from campaigns.services import schedule_campaign
from campaigns.staging import stage_revision
from licensing.approvals.drafts import add_file, start_draft
from licensing.approvals.versions import start_version
from licensing.models import Licence
from merchants.events import emit, number_events
from merchants.keys import make_key
from merchants.models import Delivery, Merchant, PartnerKey
from merchants.webhooks import add_endpoint
from orders.placing import place_lines
from orders.quoting import Wanted
from orders.returning import announce_return
from orders.shipping import ship
from tests.factories import NOW, make_merchant, make_product
from tests.orders.conftest import buyer, sells, terms
from tests.orders.test_results import tell

_numbers = count(1)


@dataclass
class Clock:
    at: datetime


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """`timezone.now()` says what this says; it begins at NOW and moves by hand."""
    clock = Clock(NOW)
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock.at)
    return clock


Get = Callable[..., Any]


@pytest.fixture
def get(db: None, clock: Clock, client: Client) -> Get:
    """GET an address of the API by what follows /api/v1/."""
    return lambda address, **headers: client.get(f"/api/v1/{address}", headers=headers)


def publish(campaign: Campaign, *, announced_at: datetime | None = None) -> Campaign:
    """Schedule and stage the campaign, as the desk and the worker would."""
    if announced_at is not None:
        Placement.objects.create(
            campaign=campaign, slot="home_hero", headline_en="Corridors", headline_zh="长廊", announced_at=announced_at
        )
    stage_revision(schedule_campaign(campaign, by=None, at=NOW).pk)
    campaign.refresh_from_db()
    return campaign


@dataclass
class Partner:
    """A merchant's program with its key."""

    merchant: Merchant
    key: PartnerKey
    secret: str
    client: Client = field(default_factory=Client)

    def get(self, address: str, **headers: str) -> Any:
        return self.client.get(f"/api/v1/{address}", headers=self._with_key(headers))

    def post(self, address: str, body: Any, *, content_type: str = "application/json", **headers: str) -> Any:
        """POST `body` (text and bytes as they are, anything else as JSON), under a new Idempotency-Key unless one is given."""
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        content = content.encode() if isinstance(content, str) else content
        told = {"idempotency-key": f"k-{next(_numbers)}"} | {name.replace("_", "-"): headers[name] for name in headers}
        # Told twice: the client leaves the type of an empty body out.
        return self.client.generic(
            "POST", f"/api/v1/{address}", content, content_type, CONTENT_TYPE=content_type, headers=self._with_key(told)
        )

    def send(
        self, method: str, address: str, body: Any = b"", *, content_type: str = "application/json", **headers: str
    ) -> Any:
        """PATCH, PUT or DELETE, with `if_match` where it is given."""
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        content = content.encode() if isinstance(content, str) else content
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method.upper(),
            f"/api/v1/{address}",
            content,
            content_type,
            CONTENT_TYPE=content_type,
            headers=self._with_key(told),
        )

    def change(self, method: str, address: str, body: Any = b"") -> Any:
        """As `send`, with the ETag that the address has now."""
        return self.send(method, address, body, if_match=self.get(address.partition("?")[0])["ETag"])

    def _with_key(self, headers: dict[str, str]) -> dict[str, str]:
        return {"authorization": f"Bearer {self.secret}"} | headers


def make_partner(merchant: Merchant | None = None, *, scopes: Any = tuple(PartnerKey.Scope), **told: Any) -> Partner:
    """A partner whose key may do everything that a key can be allowed, unless told otherwise."""
    merchant = merchant or make_merchant()
    defaults = {"name": f"Key {next(_numbers)}", "by": None, "at": NOW}
    made = make_key(merchant, scopes=[str(scope) for scope in scopes], **defaults | told)
    return Partner(merchant, made.key, made.secret)


@pytest.fixture
def partner(db: None, clock: Clock) -> Partner:
    return make_partner()


def make_runs(merchant: Merchant) -> dict[str, str]:
    """Runs of the merchant, as a worker has left them: a dry run, one that was stopped, one that is done."""
    made = {}
    for name, state in (("looked_at", "done"), ("stopped", "stopped"), ("done", "done")):
        run = merchant.import_runs.create(
            state=state, is_dry_run=name == "looked_at", file_name="a.csv", upload="imports/a.bin", started_at=NOW
        )
        made[name] = run.public_id
    return made


def make_parcel(licence: Licence) -> dict[str, str]:
    """A paid order of which a piece was sent, and is announced to come back."""
    product = make_product(licence=licence, sku="sent-sku")
    market = sells(product).market
    wanted = [Wanted(product.variants.get().pk, 4)]
    order = place_lines(wanted, market, buyer(), terms(market, wanted), at=NOW)
    tell(order.payments.get(), at=NOW)
    parcel = order.parcels.get()
    line = parcel.lines.get()
    shipment = ship(parcel, {line: 1}, by=None, at=NOW)
    back = announce_return(parcel, {line: 1}, reason="wrong", by=None, at=NOW)
    return {"order": parcel.public_id, "shipment": shipment.public_id, "return": back.public_id}


def make_draft(licence: Licence) -> dict[str, str]:
    """A version of an article with a draft of its first stage, and a file of it."""
    version = start_version(licence, "DRAFT-1", by=licence.merchant, at=NOW)
    draft = start_draft(version.submissions.get(track="product"), by=licence.merchant, at=NOW)
    file = add_file(draft, b"%PDF-1.4", kind="artwork", name="a.pdf", by=licence.merchant, at=NOW)
    return {"submission": version.public_id, "file": file.public_id}


def make_webhook(merchant: Merchant) -> dict[str, str]:
    """An endpoint that was sent one event and did not take it."""
    endpoint = add_endpoint(merchant, url="https://orders.example/hook", by=None, at=NOW).endpoint
    with transaction.atomic():
        event = emit(merchant, "order.paid", "par_0000000000000001", at=NOW)
    number_events(at=NOW)
    delivery = endpoint.deliveries.get(event=event)
    Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.GIVEN_UP, ended_at=NOW)
    return {"endpoint": endpoint.public_id, "event": event.public_id, "delivery": delivery.public_id}
