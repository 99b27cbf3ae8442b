"""A worker that is killed between the commit and the sending delivers after it was started again: real Celery, real broker, SIGKILL."""

import os
import signal
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from core.jobs import enqueue
from merchants import webhooks
from merchants.events import emit
from merchants.models import Delivery, DeliveryAttempt, Event
from tests import factories
from tests.merchants.receivers import receiving
from tests.system.servers import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def test_a_worker_killed_between_commit_and_sending_delivers_after_restart(broker, start_worker, tmp_path, monkeypatch):
    with receiving() as receiver:
        monkeypatch.setattr(webhooks, "NETWORK", receiver.network)
        place = tmp_path / "webhook"
        place.touch()
        made = webhooks.add_endpoint(factories.make_merchant(), url=receiver.url("/in"), by=None, at=timezone.now())
        options = {"STAGING_PAGE": "2", "STAND_STILL_AT": str(tmp_path), "WEBHOOKS_ALSO": receiver.network.also[0]}
        worker = start_worker(**options)
        with transaction.atomic():
            emit(made.endpoint.merchant, "order.paid", "par_0123456789abcdef", at=timezone.now(), order="2026-1")

        wait_until(
            lambda: place.read_text() or not worker.is_running, "the worker has claimed the delivery", patience=90
        )
        assert worker.is_running, worker.log
        os.kill(int(place.read_text()), signal.SIGKILL)
        worker.kill()
        assert (receiver.requests, Event.objects.get().position) == ([], 1)
        assert Delivery.objects.get().claimed_at is not None

        start_worker(**options)
        # A minute goes by, and beat looks again.
        Delivery.objects.update(claimed_at=F("claimed_at") - timedelta(minutes=2))
        enqueue("merchants.deliver_webhooks")
        wait_until(lambda: Delivery.objects.get().state == "delivered", "the delivery has arrived", patience=90)

        [request] = receiver.requests
        told = Webhook(made.secret).verify(request.body, request.headers)
        assert told["data"] == {"order": "2026-1", "id": "par_0123456789abcdef"}
        assert DeliveryAttempt.objects.count() == 1
