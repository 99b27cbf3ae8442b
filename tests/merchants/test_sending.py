"""Deliveries on their way: the schedule, what answers mean, who waits for whom, and two workers at once."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from accounts.models import AuditEntry, Letter
from merchants import sending, webhooks
from merchants.events import emit, number_events
from merchants.models import Delivery, DeliveryAttempt, WebhookEndpoint
from merchants.posting import Outcome
from merchants.sending import SCHEDULE, send_deliveries
from tests.factories import NOW, make_merchant, make_user
from tests.merchants.receivers import receiving

HOUR = timedelta(hours=1)


@pytest.fixture
def receiver(monkeypatch):
    with receiving() as there:
        monkeypatch.setattr(webhooks, "NETWORK", there.network)
        yield there


def endpoint_at(url, merchant=None):
    return webhooks.add_endpoint(merchant or make_merchant(), url=url, by=None, at=NOW)


def happen(merchant, *, at=NOW, times=1):
    for number in range(times):
        with transaction.atomic():
            emit(merchant, "order.paid", f"par_{number}", at=at, order=f"2026-{number}")
    number_events(at=at)


def answering(*outcomes):
    """A sender that is told what comes back, the last one for good; and the times at which it was asked."""
    left, asked = list(outcomes), []

    def answer(url, _body, headers, **_given):
        asked.append((url, headers["webhook-id"]))
        return left.pop(0) if len(left) > 1 else left[0]

    return answer, asked


OK, DOWN = Outcome(3, 200, answer="ok"), Outcome(3, 500)


@pytest.mark.django_db
def test_what_happened_arrives_signed_and_stands_in_the_log(receiver):
    made = endpoint_at(receiver.url("/in"))
    now = timezone.now()
    happen(made.endpoint.merchant, at=now)

    assert send_deliveries(at=now) == 1
    assert send_deliveries(at=now) == 0

    [request] = receiver.requests
    told = Webhook(made.secret).verify(request.body, request.headers)
    assert (told["type"], told["data"]) == ("order.paid", {"order": "2026-0", "id": "par_0"})
    assert request.body == json.dumps(told, separators=(",", ":")).encode()
    delivery, attempt = Delivery.objects.get(), DeliveryAttempt.objects.get()
    assert (delivery.state, delivery.attempts, delivery.claimed_at) == ("delivered", 1, None)
    assert (attempt.status, attempt.problem, attempt.answer) == (200, "", "seen")


@pytest.mark.django_db
def test_who_refuses_is_asked_ten_times_by_the_schedule_under_one_id_and_then_given_up():
    made, now, pauses = endpoint_at("https://hooks.example/"), NOW, []
    happen(made.endpoint.merchant)
    post, asked = answering(DOWN)

    for _try in range(20):
        send_deliveries(at=now, post=post)
        delivery = Delivery.objects.get()
        if delivery.state != "waiting":
            break
        before = delivery.due_at - timedelta(milliseconds=1)
        assert send_deliveries(at=before - timedelta(seconds=1), post=post) == 0
        pauses.append(delivery.due_at - now)
        now = delivery.due_at

    assert (delivery.state, delivery.attempts, len(asked), len(set(asked))) == ("given_up", 10, 10, 1)
    for pause, planned in zip(pauses, SCHEDULE[1:], strict=True):
        assert planned <= pause <= planned * 1.1 + timedelta(seconds=2)
    assert sum(SCHEDULE, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


@pytest.mark.django_db
def test_who_takes_it_again_is_sent_the_rest_and_an_old_one_by_hand_under_its_own_id():
    made = endpoint_at("https://hooks.example/")
    happen(made.endpoint.merchant)
    post, asked = answering(DOWN, OK)
    send_deliveries(at=NOW, post=post)
    send_deliveries(at=NOW + timedelta(seconds=7), post=post)
    assert Delivery.objects.get().state == "delivered"

    webhooks.redeliver(Delivery.objects.get(), by=None, at=NOW + HOUR)
    assert send_deliveries(at=NOW + HOUR, post=post) == 1

    assert (len(asked), len(set(asked)), DeliveryAttempt.objects.count()) == (3, 1, 3)


@pytest.mark.django_db
def test_410_disables_the_endpoint_and_tells_its_owners(receiver, django_capture_on_commit_callbacks):
    receiver.answers["/gone"] = (410, {})
    made = endpoint_at(receiver.url("/gone"))
    made.endpoint.merchant.members.create(user=make_user("owner", email="owner@example.com"), role="owner")
    happen(made.endpoint.merchant, times=2)

    send_deliveries(at=NOW)
    send_deliveries(at=NOW + HOUR)

    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.state, endpoint.disabled_reason, len(receiver.requests)) == ("disabled", "gone", 1)
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["given_up", "waiting"]
    assert Letter.objects.values_list("template", "to").get() == ("webhook_disabled", "owner@example.com")
    assert AuditEntry.objects.filter(verb="webhook.disabled").count() == 1
    happen(made.endpoint.merchant)
    assert Delivery.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_holds_back_all_of_the_endpoint_and_nobody_else(receiver, status):
    receiver.answers["/busy"] = (status, {"Retry-After": "900"})
    made = endpoint_at(receiver.url("/busy"))
    endpoint_at(receiver.url("/free"), made.endpoint.merchant)
    happen(made.endpoint.merchant, times=2)

    send_deliveries(at=NOW)
    receiver.answers.clear()
    send_deliveries(at=NOW + timedelta(seconds=890))
    assert [request.path for request in receiver.requests].count("/busy") == 1
    assert [request.path for request in receiver.requests].count("/free") == 2
    send_deliveries(at=NOW + timedelta(seconds=910))

    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


@pytest.mark.django_db
def test_a_redirect_is_a_failure_and_said_so(receiver):
    receiver.answers["/moved"] = (302, {"Location": receiver.url("/else")})
    happen(endpoint_at(receiver.url("/moved")).endpoint.merchant)

    send_deliveries(at=NOW)

    attempt = DeliveryAttempt.objects.get()
    assert (attempt.status, attempt.problem, Delivery.objects.get().state) == (302, "redirects", "waiting")
    assert [request.path for request in receiver.requests] == ["/moved"]


@pytest.mark.django_db
def test_a_name_that_means_a_private_address_is_never_connected_to(receiver):
    endpoint_at("https://hooks.example/")
    happen(WebhookEndpoint.objects.get().merchant)

    send_deliveries(at=NOW, resolve=lambda *_asked: ["10.0.0.1"])

    assert DeliveryAttempt.objects.get().problem == "address_not_allowed"


@pytest.mark.django_db
def test_five_days_of_nothing_but_failures_disable_and_one_success_begins_anew():
    made = endpoint_at("https://hooks.example/")
    day, merchant = timedelta(days=1), made.endpoint.merchant
    down, _asked = answering(DOWN)
    up, _asked = answering(OK)

    def after(days, sender):
        happen(merchant, at=NOW + days * day)
        send_deliveries(at=NOW + days * day, post=sender)
        return WebhookEndpoint.objects.get().state

    assert [after(0, down), after(4, up), after(5, down), after(9, down)] == ["enabled"] * 4
    assert after(10.01, down) == "disabled"
    assert WebhookEndpoint.objects.get().disabled_reason == "failing"
    webhooks.enable_endpoint(made.endpoint, by=None, at=NOW + 10 * day)
    assert after(11, down) == "enabled"


@pytest.mark.django_db
def test_a_secret_that_cannot_be_read_disables_instead_of_sending_unsigned():
    happen(endpoint_at("https://hooks.example/").endpoint.merchant)
    post, asked = answering(OK)

    with override_settings(SECRET_KEY="another" * 9):
        assert send_deliveries(at=NOW, post=post) == 0

    assert (WebhookEndpoint.objects.get().disabled_reason, asked) == ("secret_lost", [])
    assert Delivery.objects.values_list("state", "claimed_at").get() == ("waiting", None)


@pytest.mark.django_db
def test_who_hangs_keeps_nobody_waiting_and_costs_one_try_per_run():
    slow, quick = endpoint_at("https://hooks.example/hangs"), endpoint_at("https://hooks.example/quick")
    happen(slow.endpoint.merchant, times=3)
    happen(quick.endpoint.merchant, times=20)
    answered, all_others_answered = [], threading.Event()

    def post(url, *_given, **_named):
        name = url.rpartition("/")[2]
        if name == "hangs":
            assert all_others_answered.wait(30)
        answered.append(name)
        if answered.count("quick") == 20:
            all_others_answered.set()
        return OK if name == "quick" else Outcome(15_000, problem="timeout")

    send_deliveries(at=NOW, post=post)

    assert answered == ["quick"] * 20 + ["hangs"]
    assert sorted(Delivery.objects.filter(endpoint=slow.endpoint).values_list("attempts", flat=True)) == [0, 0, 1]


@pytest.mark.django_db
def test_one_endpoint_with_many_leaves_the_others_their_share(monkeypatch):
    monkeypatch.setattr(sending, "PER_ENDPOINT", 3)
    merchant = endpoint_at("https://hooks.example/").endpoint.merchant
    happen(merchant, times=5)
    post, asked = answering(OK)

    assert [send_deliveries(at=NOW, post=post) for _run in range(3)] == [3, 2, 0]
    assert len(set(asked)) == 5


@pytest.mark.django_db
def test_an_endpoint_that_is_removed_while_it_is_sent_to_leaves_nothing():
    made = endpoint_at("https://hooks.example/")
    happen(made.endpoint.merchant)

    def removing(*_given, **_named):
        return OK

    original = sending._claim

    def claimed_then_removed(delivery, at):
        is_mine = original(delivery, at)
        webhooks.remove_endpoint(made.endpoint, by=None, at=NOW)
        return is_mine

    sending._claim = claimed_then_removed
    try:
        assert send_deliveries(at=NOW, post=removing) == 1
    finally:
        sending._claim = original
    assert not Delivery.objects.exists()
    assert not DeliveryAttempt.objects.exists()


@pytest.mark.django_db
def test_a_claim_of_a_worker_that_was_killed_ends_after_a_while():
    happen(endpoint_at("https://hooks.example/").endpoint.merchant)
    Delivery.objects.update(claimed_at=NOW)
    post, _asked = answering(OK)

    assert send_deliveries(at=NOW + sending.CLAIMED_FOR - timedelta(seconds=1), post=post) == 0
    assert send_deliveries(at=NOW + sending.CLAIMED_FOR + timedelta(seconds=1), post=post) == 1


def _two_workers(post):
    begin = threading.Barrier(2)

    def work():
        try:
            begin.wait(10)
            send_deliveries(at=NOW, post=post)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _worker in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_delivery_once():
    for _number in range(3):
        happen(endpoint_at("https://hooks.example/").endpoint.merchant, times=10)
    post, asked = answering(OK)

    _two_workers(post)

    assert (len(asked), len(set(asked))) == (30, 30)
    assert DeliveryAttempt.objects.count() == 30


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_claim_two_workers_would_send_twice(monkeypatch):
    monkeypatch.setattr(sending, "_claim", lambda *_given: True)
    happen(endpoint_at("https://hooks.example/").endpoint.merchant)
    both = threading.Barrier(2)
    asked = []

    def post(_url, _body, headers, **_given):
        asked.append(headers["webhook-id"])
        both.wait(10)
        return OK

    _two_workers(post)

    assert (len(asked), len(set(asked))) == (2, 1)
