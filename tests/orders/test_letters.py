"""Letters: one about each thing, in the order's language, by one worker, and again when the mail server was away."""

import threading
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connections
from django.test import override_settings

from catalog.models import Variant
from orders import letters
from orders.closing import cancel_order
from orders.letters import send_letters, write_letter
from orders.links import order_address
from orders.models import Letter, Order
from tests.factories import NOW
from tests.orders.conftest import Place, buyer
from tests.orders.test_results import tell

pytestmark = pytest.mark.django_db
TEMPLATES = (
    "order_paid", "order_cancelled", "payment_late", "refund_made", "shipped", "return_announced", "return_received",
    "return_refused", "order_link",
)  # fmt: skip


@pytest.fixture
def order(place: Place, variant: Variant) -> Order:
    order = place(variant, 2)
    tell(order.payments.get())
    return order


def test_the_letter_of_a_paid_order_says_what_was_bought_and_where_to_follow_it(order: Order) -> None:
    assert send_letters(at=NOW) == 1

    [sent] = mail.outbox
    assert sent.to == ["wei@example.com"]
    assert sent.subject == f"Your order {order.number}"
    assert f"2 × {order.lines.get().title_en}: $76.00" in sent.body
    assert "Together: $95.04" in sent.body
    assert order_address(order) in sent.body
    assert send_letters(at=NOW) == 0


def test_a_letter_is_in_the_order_s_language(place: Place, variant: Variant) -> None:
    order = place(variant, 1, by=buyer(language="zh-hans"))
    tell(order.payments.get())

    send_letters(at=NOW)

    assert order.number in mail.outbox[0].subject
    assert "/zh/orders/" in mail.outbox[0].body
    assert "Thank you" not in mail.outbox[0].body


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_letter_can_be_written(order: Order, template: str, language: str) -> None:
    Letter.objects.all().delete()
    Order.objects.update(language=language)
    write_letter(order, template, about=order.payments.get().public_id)

    assert send_letters(at=NOW) == 1
    assert mail.outbox[0].subject
    assert order_address(Order.objects.get()) in mail.outbox[0].body


def test_the_same_about_the_same_is_told_once(order: Order) -> None:
    write_letter(order, "order_paid")
    cancel_order(order, by=None, at=NOW)

    assert [letter.template for letter in Letter.objects.all()] == ["order_paid", "order_cancelled"]


def test_a_worker_that_comes_second_writes_nothing(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    real = letters._send

    def while_another_works(*arguments: Any) -> bool:
        assert send_letters(at=NOW) == 0
        return real(*arguments)

    monkeypatch.setattr(letters, "_send", while_another_works)

    assert send_letters(at=NOW) == 1
    assert len(mail.outbox) == 1


def test_the_letter_of_an_order_that_was_never_paid_speaks_of_no_money_back(place: Place, variant: Variant) -> None:
    order = place(variant, 1)
    cancel_order(order, by=None, at=NOW)

    send_letters(at=NOW)

    assert "nothing was charged" in mail.outbox[0].body
    assert "given back whole" not in mail.outbox[0].body


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
@pytest.mark.parametrize("claims", [True, False])
def test_two_workers_at_once_write_one_letter(order: Order, monkeypatch: pytest.MonkeyPatch, claims: bool) -> None:
    """Both have found the row before either claims it. The control does without the claim, and writes two."""
    meeting, claim = threading.Barrier(2, timeout=10), letters._claim
    sent: list[int] = []

    def met(row: Letter, at: datetime) -> bool:
        meeting.wait()
        return claim(row, at) or not claims

    monkeypatch.setattr(letters, "_claim", met)

    def work() -> None:
        sent.append(send_letters(at=NOW))
        connections.close_all()

    workers = [threading.Thread(target=work) for _worker in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)

    assert len(sent) == 2
    assert len(mail.outbox) == (1 if claims else 2)


def test_a_letter_that_fails_holds_up_no_other(
    order: Order, place: Place, variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = place(variant, 1, by=buyer(email="other@example.com"))
    tell(other.payments.get())
    real = EmailMessage.send

    def send(message: EmailMessage, *arguments: Any, **named: Any) -> int:
        if message.to == ["wei@example.com"]:
            raise SMTPRecipientsRefused({"wei@example.com": (550, b"no")})
        return real(message, *arguments, **named)

    monkeypatch.setattr(EmailMessage, "send", send)

    assert send_letters(at=NOW) == 1
    assert [letter.to for letter in mail.outbox] == [["other@example.com"]]


def test_each_failure_is_waited_for_longer_and_the_letter_keeps_its_name(order: Order) -> None:
    minutes, tried = 0, []
    with override_settings(EMAIL_BACKEND="tests.orders.test_letters.Away"):
        for minutes in range(0, 72, 1):
            before = Letter.objects.get().attempts
            send_letters(at=NOW + timedelta(minutes=minutes))
            tried += [minutes] * (Letter.objects.get().attempts - before)
    send_letters(at=NOW + timedelta(hours=3))

    assert tried == [0, 11, 32]  # 10, 20 and then 40 minutes lie between
    [sent] = mail.outbox
    assert sent.extra_headers["Message-ID"] == f"<letter-{Letter.objects.get().pk}.{order.public_id}@localhost>"
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"


def test_what_goods_are_called_adds_no_header(order: Order) -> None:
    order.lines.update(title_en="Mug\r\nBcc: victim@example.com")

    send_letters(at=NOW)

    message = mail.outbox[0].message()
    assert (message["Bcc"], message["Subject"]) == (None, f"Your order {order.number}")
    assert mail.outbox[0].recipients() == ["wei@example.com"]


def test_a_mail_server_that_is_away_is_tried_again_later(order: Order) -> None:
    with override_settings(EMAIL_BACKEND="tests.orders.test_letters.Away"):
        assert send_letters(at=NOW) == 0
    assert send_letters(at=NOW) == 0  # still claimed

    assert send_letters(at=NOW + timedelta(minutes=11)) == 1
    assert Letter.objects.get().attempts == 2


class Away:
    def __init__(self, **_options: Any) -> None:
        pass

    def __enter__(self) -> "Away":
        return self

    def __exit__(self, *_trouble: object) -> None:
        pass

    def send_messages(self, _messages: Any) -> int:
        raise ConnectionRefusedError
