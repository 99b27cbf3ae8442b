"""Events are numbered after the commit, and each goes to each endpoint that wants it, once."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from merchants import webhooks
from merchants.events import KEPT_FOR, emit, emit_many, number_events, prune_events
from merchants.models import Delivery, Event
from tests.factories import NOW, make_merchant


def told(merchant, kind="order.paid", subject="par_1", **data):
    with transaction.atomic():
        return emit(merchant, kind, subject, at=NOW, **data)


def endpoint(merchant, **given):
    return webhooks.add_endpoint(merchant, url="https://hooks.example/", by=None, at=NOW, **given).endpoint


@pytest.mark.django_db(transaction=True)
def test_an_event_belongs_to_its_transaction_and_has_a_kind():
    merchant = make_merchant()
    with pytest.raises(RuntimeError, match="transaction"):
        emit(merchant, "order.paid", "par_1", at=NOW)
    with pytest.raises(LookupError, match=r"order\.lost"):
        told(merchant, "order.lost")
    with transaction.atomic():
        emit(merchant, "order.paid", "par_1", at=NOW)
        transaction.set_rollback(True)

    assert not Event.objects.exists()


@pytest.mark.django_db
def test_each_enabled_endpoint_that_wants_the_kind_gets_each_event_once():
    merchant, rival = make_merchant(), make_merchant()
    everything, paid = endpoint(merchant), endpoint(merchant, kinds=["order.paid"])
    off = endpoint(merchant)
    webhooks.disable_endpoint(off, by=None, at=NOW)
    endpoint(rival)
    first, second = told(merchant), told(merchant, "order.sent")

    assert [number_events(at=NOW), number_events(at=NOW)] == [2, 0]

    found = set(Delivery.objects.values_list("endpoint", "event", "state", "due_at"))
    assert found == {
        (where.pk, what.pk, "waiting", NOW)
        for where, what in ((everything, first), (everything, second), (paid, first))
    }


@pytest.mark.django_db
def test_positions_count_each_merchant_s_own_events(django_assert_num_queries):
    one, other = make_merchant(), make_merchant()
    told(one)
    with transaction.atomic(), django_assert_num_queries(1):
        emit_many([other.pk, one.pk, one.pk], "campaign.launched", "cmp_1", at=NOW)
    told(one)

    number_events(at=NOW)

    assert list(Event.objects.order_by("merchant", "position").values_list("merchant", "position")) == [
        (one.pk, 1), (one.pk, 2), (one.pk, 3), (other.pk, 1)
    ]  # fmt: skip


@pytest.mark.django_db
def test_old_events_go_and_positions_go_on():
    merchant = make_merchant()
    endpoint(merchant)
    for days in (40, 35, 31):
        with transaction.atomic():
            emit(merchant, "order.paid", "par_1", at=NOW - timedelta(days=days))
    number_events(at=NOW)

    assert prune_events(at=NOW) == 2
    assert list(Event.objects.values_list("position", flat=True)) == [3]
    assert Delivery.objects.count() == 1
    told(merchant)
    number_events(at=NOW)
    assert sorted(Event.objects.values_list("position", flat=True)) == [3, 4]
    assert prune_events(at=NOW + KEPT_FOR - timedelta(seconds=1)) == 1


class _Reader:
    """A program that reads on behind the last event it saw, by `field`."""

    def __init__(self, field: str) -> None:
        self._field, self._last, self.seen = field, 0, []

    def look(self) -> None:
        rows = Event.objects.filter(position__isnull=False, **{f"{self._field}__gt": self._last})
        for last, subject in rows.order_by(self._field).values_list(self._field, "subject"):
            self._last = last
            self.seen.append(subject)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_who_commits_late_is_read_by_position_and_would_be_lost_by_id():
    merchant = make_merchant()
    by_position, by_id = _Reader("position"), _Reader("pk")
    written, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                emit(merchant, "order.paid", "slow", at=NOW)
                written.set()
                go_on.wait(10)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(10)
    told(merchant, subject="quick")
    number_events(at=NOW)
    by_position.look(), by_id.look()
    go_on.set()
    thread.join()
    number_events(at=NOW)
    by_position.look(), by_id.look()

    assert by_position.seen == ["quick", "slow"]
    assert by_id.seen == ["quick"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_that_number_at_once_number_each_event_once():
    merchant = make_merchant()
    endpoint(merchant)
    for number in range(20):
        told(merchant, subject=f"par_{number}")
    begin = threading.Barrier(3)

    def number() -> None:
        try:
            begin.wait(10)
            number_events(at=NOW)
        finally:
            connection.close()

    threads = [threading.Thread(target=number) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(Event.objects.values_list("position", flat=True)) == list(range(1, 21))
    assert Delivery.objects.count() == 20
