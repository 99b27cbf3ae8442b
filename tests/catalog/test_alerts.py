"""Letters about stock: one each, when it is true, also with two workers; and gone after a while."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.core import mail, signing
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.utils import timezone

from catalog import alerts, stock
from catalog.invariants import alerts_sent_twice
from catalog.models import Price, Product, Stock, StockAlert, Variant
from catalog.shelf_store import recompile_products
from merchants.services import add_member
from tests.factories import NOW, make_film, make_licence, make_market, make_merchant, make_product, make_user

DAY = timedelta(days=1)


def ask(variant: Variant, *, email: str = "fan@example.com", market: str = "us", language: str = "en") -> StockAlert:
    alerts.ask_for_alert(variant, make_market(market), email=email, language=language, at=NOW)
    return StockAlert.objects.latest("pk")


def arrive(variant: Variant, pieces: int = 5) -> None:
    Stock.objects.filter(variant=variant).update(on_hand=pieces)


def sold_out(**overrides: Any) -> Variant:
    return make_product(
        **{"stock": 0, "slug": "mug", "title_en": "River mug", "title_zh": "河杯"} | overrides
    ).variants.get()


# -- asking -----------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_asking_twice_is_asking_once_however_the_address_is_written() -> None:
    variant = sold_out()

    ask(variant)
    ask(variant, email=" Fan@Example.com ", language="zh-hans")
    ask(variant, email="other@example.com")

    assert list(StockAlert.objects.order_by("pk").values_list("email", "language", "sent_at")) == [
        ("fan@example.com", "en", None), ("other@example.com", "en", None),
    ]  # fmt: skip


# -- when it is true --------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_letter_is_written_once_when_the_piece_is_there_again() -> None:
    variant = sold_out()
    alert = ask(variant)

    too_early = alerts.send_due_alerts(at=NOW)
    arrive(variant)
    sent = [alerts.send_due_alerts(at=NOW + timedelta(minutes=n)) for n in range(3)]

    assert (too_early, sent) == (0, [1, 0, 0])
    [letter] = mail.outbox
    address = f"http://localhost:8000/us/en/goods/p/mug/?v={variant.public_id}"
    assert (letter.to, letter.subject) == (["fan@example.com"], "You can have it now: River mug")
    assert letter.body.startswith(f"You asked us to tell you when this piece can be had:\n\nRiver mug\n{address}\n")
    stop = f"http://localhost:8000/us/en/tell-me/stop/{alerts.token_of(alert.public_id)}/"
    assert stop in letter.body
    assert letter.extra_headers["List-Unsubscribe"] == f"<{stop}>"
    assert letter.extra_headers["Message-ID"] == f"<{alert.public_id}@localhost>"
    alert.refresh_from_db()
    assert alert.sent_at == NOW


@pytest.mark.django_db
def test_a_letter_is_in_the_language_it_was_asked_in_and_leads_to_that_market() -> None:
    variant = sold_out(prices={"cn": 19900})
    Variant.objects.filter(pk=variant.pk).update(options={"size": "M & L"})
    ask(variant, market="cn", language="zh-hans")
    arrive(variant)

    alerts.send_due_alerts(at=NOW)

    [letter] = mail.outbox
    assert letter.subject == "现在可以买到了:河杯".replace(":", "：")
    assert "河杯, M & L\nhttp://localhost:8000/cn/zh/goods/p/mug/" in letter.body


def not_on_the_shelf(variant: Variant) -> None:
    Product.objects.filter(pk=variant.product_id).update(state="archived")
    recompile_products([variant.product_id])


def without_a_price(variant: Variant) -> None:
    other = Variant.objects.create(product=variant.product, sku="other", position=5)
    Price.objects.filter(variant=variant).update(variant=other)
    recompile_products([variant.product_id])


def still_coming(variant: Variant) -> None:
    Product.objects.filter(pk=variant.product_id).update(on_sale_at=NOW + DAY)
    recompile_products([variant.product_id])


def all_promised(variant: Variant) -> None:
    Stock.objects.filter(variant=variant).update(reserved=5)


def only_elsewhere(variant: Variant) -> None:
    StockAlert.objects.update(market=make_market("eu"))


@pytest.mark.django_db
@pytest.mark.parametrize("why", [not_on_the_shelf, without_a_price, still_coming, all_promised, only_elsewhere])
def test_no_letter_is_written_while_it_cannot_be_bought_there(why: Callable[[Variant], None]) -> None:
    variant, told = sold_out(), sold_out(slug="cup")
    ask(variant, email="waits@example.com")
    arrive(variant)
    why(variant)
    ask(told)
    arrive(told)

    sent = alerts.send_due_alerts(at=NOW)

    assert (sent, [letter.to for letter in mail.outbox]) == (1, [["fan@example.com"]])


@pytest.mark.django_db
def test_what_was_coming_soon_is_told_on_its_day_by_the_clock_alone() -> None:
    variant = sold_out(stock=3, on_sale_at=NOW + DAY)
    ask(variant)

    assert [alerts.send_due_alerts(at=at) for at in (NOW + DAY - timedelta(microseconds=1), NOW + DAY)] == [0, 1]


@pytest.mark.django_db
def test_a_pre_order_can_be_had_from_its_cap_until_the_street_date() -> None:
    street_on = (NOW + 10 * DAY).date()
    variant, late = (sold_out(street_on=street_on, slug=slug) for slug in ("one", "two"))
    for each in (variant, late):
        ask(each)
        Stock.objects.filter(variant=each).update(pre_order_cap=2)

    sent = alerts.send_due_alerts(at=NOW)
    StockAlert.objects.filter(variant=late).update(sent_at=None, claimed_at=None)

    assert (sent, alerts.send_due_alerts(at=NOW + 20 * DAY)) == (2, 0)
    assert "It can be ordered before it arrives." in mail.outbox[0].body


@pytest.mark.django_db
def test_a_letter_that_could_not_be_sent_is_tried_again_an_hour_later(monkeypatch: Any) -> None:
    variant = sold_out()
    alert = ask(variant)
    arrive(variant)

    def fail(*_arguments: object) -> int:
        raise ConnectionRefusedError

    with monkeypatch.context() as away:
        away.setattr(EmailBackend, "send_messages", fail)
        failed = alerts.send_due_alerts(at=NOW)
    soon = alerts.send_due_alerts(at=NOW + timedelta(minutes=59))
    later = alerts.send_due_alerts(at=NOW + timedelta(minutes=61))

    assert (failed, soon, later, len(mail.outbox)) == (0, 0, 1, 1)
    assert mail.outbox[0].extra_headers["Message-ID"] == f"<{alert.public_id}@localhost>"


@pytest.mark.django_db
@pytest.mark.parametrize("code, is_left", [(550, False), (450, True)])
def test_an_address_that_is_refused_for_good_is_forgotten(monkeypatch: Any, code: int, is_left: bool) -> None:
    variant = sold_out()
    ask(variant)
    arrive(variant)

    def refuse(*_arguments: object) -> int:
        raise SMTPRecipientsRefused({"fan@example.com": (code, b"no")})

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)

    assert alerts.send_due_alerts(at=NOW) == 0
    assert StockAlert.objects.filter(sent_at=None).exists() is is_left


@pytest.mark.django_db
def test_a_server_that_is_away_is_not_asked_when_nobody_waits_and_asked_again_at_once(monkeypatch: Any) -> None:
    variant = sold_out()
    ask(variant)
    opened: list[bool] = []

    def open_(_backend: object) -> None:
        opened.append(True)
        raise ConnectionRefusedError

    monkeypatch.setattr(EmailBackend, "open", open_)
    nobody = (alerts.send_due_alerts(at=NOW), len(opened))
    arrive(variant)

    assert (nobody, alerts.send_due_alerts(at=NOW), len(opened)) == ((0, 0), 0, 1)
    monkeypatch.undo()
    assert alerts.send_due_alerts(at=NOW) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("claims", [True, False])
def test_two_workers_write_one_letter(monkeypatch: Any, claims: bool) -> None:
    """Both have found the request before either claims it. The control does without the claim, and writes two."""
    variant = sold_out()
    ask(variant)
    arrive(variant)
    meeting, claim = threading.Barrier(2), alerts._claim
    sent: list[int] = []

    def met(pk: int, at: datetime) -> bool:
        meeting.wait(10)
        return claim(pk, at) or not claims

    monkeypatch.setattr(alerts, "_claim", met)

    def work() -> None:
        sent.append(alerts.send_due_alerts(at=timezone.now()))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)

    assert len(sent) == 2
    assert len(mail.outbox) == (1 if claims else 2)


@pytest.mark.django_db
def test_one_run_asks_the_same_for_one_and_for_three_who_wait(django_assert_num_queries: Any) -> None:
    counts = []
    for number in (1, 3):
        variant = sold_out(slug=f"mug-{number}")
        for n in range(number):
            ask(variant, email=f"{n}@example.com")
        arrive(variant)
        # One to find them; to claim and to answer one of them, one each.
        with django_assert_num_queries(1 + 2 * number):
            counts.append(alerts.send_due_alerts(at=NOW))

    assert counts == [1, 3]


# -- taking back and forgetting ---------------------------------------------------------------------
@pytest.mark.django_db
def test_the_link_forgets_one_request_and_a_made_up_one_none() -> None:
    alert, other = ask(sold_out()), ask(sold_out(slug="cup"))
    forged = signing.Signer(salt="another").sign(other.public_id)

    assert [alerts.is_token(token) for token in (alerts.token_of(alert.public_id), forged, "x", "")] == [
        True, False, False, False,
    ]  # fmt: skip
    alerts.take_alert_back(forged)
    alerts.take_alert_back(alerts.token_of(alert.public_id))
    alerts.take_alert_back(alerts.token_of(alert.public_id))

    assert list(StockAlert.objects.all()) == [other]


@pytest.mark.django_db
def test_requests_are_deleted_thirty_days_after_the_letter_and_after_a_year_without() -> None:
    ages = {"answered": (40, 31), "just answered": (40, 29), "waiting": (364, None), "forgotten": (366, None)}
    variant, us = sold_out(), make_market("us")
    for name, (asked, sent) in ages.items():
        StockAlert.objects.create(
            variant=variant, market=us, email=f"{name.replace(' ', '-')}@example.com", language="en",
            created_at=NOW - asked * DAY, sent_at=NOW - sent * DAY if sent else None,
        )  # fmt: skip

    dropped = alerts.prune_alerts(at=NOW)

    assert dropped == 2
    assert set(StockAlert.objects.values_list("email", flat=True)) == {
        "just-answered@example.com",
        "waiting@example.com",
    }


@pytest.mark.django_db
def test_a_request_answered_twice_is_seen() -> None:
    variant = sold_out()
    first, again = ask(variant), {"variant": variant, "market": make_market("us"), "email": "fan@example.com"}
    StockAlert.objects.filter(pk=first.pk).update(sent_at=NOW + DAY)
    StockAlert.objects.create(**again, language="en", created_at=NOW + 2 * DAY, sent_at=NOW + 3 * DAY)
    fine = alerts_sent_twice()

    StockAlert.objects.create(**again, language="en", created_at=NOW, sent_at=NOW + 3 * DAY)

    assert (fine, alerts_sent_twice()) == (0, 1)


# -- low stock --------------------------------------------------------------------------------------
def watched(low_at: int | None = 3, **overrides: Any) -> Variant:
    merchant = overrides.pop("merchant", None) or make_merchant("lantern", name="Lantern", country="US")
    licence = make_licence(make_film(), merchant)
    variant = make_product(licence=licence, title_en="River mug", **overrides).variants.get()
    Stock.objects.filter(variant=variant).update(low_at=low_at)
    return variant


def members_of(variant: Variant, *names: str) -> None:
    for name in names:
        user = make_user(name, email=f"{name}@example.com", is_staff=False, is_superuser=False)
        add_member(variant.product.merchant, user, role="owner", by=None)


@pytest.mark.django_db
def test_each_member_gets_one_letter_when_the_limit_is_reached_and_again_after_there_was_more() -> None:
    variant = watched(low_at=3)
    members_of(variant, "ann", "bo")
    sent = []

    stock.reserve(variant.pk, 6, at=NOW)
    sent.append(alerts.tell_low_stock(at=NOW))
    stock.reserve(variant.pk, 1, at=NOW)
    sent.append(alerts.tell_low_stock(at=NOW))
    stock.reserve(variant.pk, 1, at=NOW)
    sent.append(alerts.tell_low_stock(at=NOW))
    stock.release(variant.pk, 2, at=NOW)
    sent.append(alerts.tell_low_stock(at=NOW))
    stock.reserve(variant.pk, 2, at=NOW)
    sent.append(alerts.tell_low_stock(at=NOW))

    assert sent == [0, 2, 0, 0, 2]
    assert [letter.to for letter in mail.outbox[:2]] == [["ann@example.com"], ["bo@example.com"]]
    letter = mail.outbox[0]
    assert letter.subject == "Little is left of some goods of Lantern"
    assert f"River mug ({variant.sku}): 3 left" in letter.body


@pytest.mark.django_db
def test_who_did_not_ask_or_sells_it_no_more_is_not_told_and_others_are() -> None:
    merchant = make_merchant("lantern", country="US")
    asked, silent, archived = (watched(low_at, merchant=merchant, stock=1) for low_at in (3, None, 3))
    Product.objects.filter(pk=archived.product_id).update(state="archived")
    members_of(asked, "ann")

    assert alerts.tell_low_stock(at=NOW) == 1
    [letter] = mail.outbox
    assert [variant.sku in letter.body for variant in (asked, silent, archived)] == [True, False, False]


@pytest.mark.django_db
def test_goods_of_one_merchant_come_in_one_letter_and_nothing_of_a_rivals() -> None:
    merchant, rival = make_merchant("lantern", country="US"), make_merchant("rival", country="CN")
    own = [watched(merchant=merchant, stock=1) for _ in range(3)]
    theirs = watched(merchant=rival, stock=1)
    members_of(own[0], "ann")
    members_of(theirs, "cai")

    alerts.tell_low_stock(at=NOW)

    letters = {letter.to[0]: letter for letter in mail.outbox}
    assert all(variant.sku in letters["ann@example.com"].body for variant in own)
    assert theirs.sku not in letters["ann@example.com"].body
    assert letters["cai@example.com"].subject == "Rival 有商品余量不多"


@pytest.mark.django_db
def test_what_is_promised_ahead_counts_until_the_street_date() -> None:
    variant = watched(low_at=3, stock=0, street_on=(NOW + 5 * DAY).date())
    Stock.objects.filter(variant=variant).update(pre_order_cap=20)
    members_of(variant, "ann")

    assert [alerts.tell_low_stock(at=at) for at in (NOW, NOW + 6 * DAY)] == [0, 1]


@pytest.mark.django_db
def test_a_merchant_that_could_not_be_told_is_told_later(monkeypatch: Any) -> None:
    variant = watched(stock=1)
    members_of(variant, "ann")

    def fail(*_arguments: object) -> int:
        raise ConnectionRefusedError

    with monkeypatch.context() as away:
        away.setattr(EmailBackend, "send_messages", fail)
        failed = alerts.tell_low_stock(at=NOW)

    assert (failed, alerts.tell_low_stock(at=NOW), len(mail.outbox)) == (0, 1, 1)
