"""Wishes: what is told of them, how often, and to whom."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.letters import send_letters
from accounts.models import Letter, User
from catalog.models import Market, Product, ShelfSpan, Stock
from fans import wishes
from fans.models import Wish
from fans.personal_data import delete_account, everything_about
from fans.wishes import (
    QUIET,
    add_wish,
    remove_wish,
    share_wishlist,
    shared_list,
    stop_letters,
    stop_sharing,
    tell_wishes,
)
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def wish(fan: User, product: Product, market: Market) -> Wish:
    assert add_wish(fan, product, market, language="en", at=NOW)
    return Wish.objects.get()


def costs(product: Product, amount: int) -> None:
    ShelfSpan.objects.filter(product=product).update(amount=amount)


def has(product: Product, pieces: int) -> None:
    Stock.objects.filter(variant__product=product).update(on_hand=pieces, reserved=0)


def templates() -> list[str]:
    return list(Letter.objects.order_by("pk").values_list("template", flat=True))


def test_a_wish_knows_what_it_cost_and_is_kept_once(wish: Wish, fan: User, product: Product, market: Market) -> None:
    assert add_wish(fan, product, market, language="zh-hans", at=NOW + HOUR)

    assert Wish.objects.get() == wish
    assert (wish.seen_amount, wish.is_gone) == (ShelfSpan.objects.at(NOW).get(product=product).amount, False)


def test_what_is_not_on_the_shelf_there_is_not_kept(fan: User, product: Product) -> None:
    elsewhere = factories.make_market("de")

    assert not add_wish(fan, product, elsewhere, language="en", at=NOW)
    assert not Wish.objects.exists()


def test_a_full_list_takes_no_more_but_knows_its_own(wish: Wish, fan: User, market: Market, monkeypatch: Any) -> None:
    monkeypatch.setattr(wishes, "MOST", 1)
    other = factories.make_product(title_en="Ferry bag", stock=1)

    assert not add_wish(fan, other, market, language="en", at=NOW)
    assert add_wish(fan, wish.product, market, language="en", at=NOW)


def test_nothing_is_told_while_nothing_changes(wish: Wish) -> None:
    assert [tell_wishes(at=NOW + HOUR), tell_wishes(at=NOW + 2 * HOUR)] == [0, 0]
    assert templates() == []


def test_a_lower_price_is_told_once_and_a_higher_one_never(wish: Wish, product: Product) -> None:
    before = wish.seen_amount
    told = []
    for day, amount in enumerate(
        (before + 500, before, before - 700, before - 700, before + 500, before - 700, before - 900)
    ):
        costs(product, amount)
        told.append(tell_wishes(at=NOW + day * QUIET))

    # Back at the price of the campaign after it ended is a lower price again; the first price is not.
    assert told == [0, 0, 1, 0, 0, 1, 1]
    assert set(templates()) == {"wish_cheaper"}


def test_the_letter_says_both_prices_and_ends_itself(wish: Wish, product: Product) -> None:
    costs(product, 2500)
    tell_wishes(at=NOW + HOUR)
    send_letters(at=NOW + HOUR)

    [letter] = mail.outbox
    assert letter.subject == "It costs less now: Ferry mug"
    assert "costs $25.00 now. It was $38.00" in letter.body
    assert f"/us/en/goods/p/{product.slug}/" in letter.body
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter.extra_headers["List-Unsubscribe"].strip("<>") in letter.body


def test_what_is_gone_is_told_when_it_is_back(wish: Wish, product: Product) -> None:
    has(product, 0)
    assert tell_wishes(at=NOW + HOUR) == 0
    assert Wish.objects.get().is_gone

    has(product, 2)
    assert [tell_wishes(at=NOW + 2 * HOUR), tell_wishes(at=NOW + 3 * HOUR)] == [1, 0]
    assert templates() == ["wish_back"]


def test_what_was_sold_out_when_it_was_kept_is_told_of_too(fan: User, product: Product, market: Market) -> None:
    has(product, 0)
    add_wish(fan, product, market, language="zh-hans", at=NOW)
    has(product, 1)

    tell_wishes(at=NOW + HOUR)
    send_letters(at=NOW + HOUR)

    assert "渡轮杯" in mail.outbox[0].subject


def test_what_comes_and_goes_is_told_once_a_day(wish: Wish, product: Product) -> None:
    told = []
    for hour in range(30):
        has(product, hour % 2)
        told.append(tell_wishes(at=NOW + hour * HOUR))

    # Gone at once, back after an hour; the next letter not before a day after the first.
    assert [hour for hour, letters in enumerate(told) if letters] == [1, 25]


def test_a_pre_order_counts_up_to_its_cap(wish: Wish, product: Product) -> None:
    ShelfSpan.objects.filter(product=product).update(kind=ShelfSpan.Kind.PRE_ORDER)
    has(product, 0)
    tell_wishes(at=NOW + HOUR)
    assert Wish.objects.get().is_gone

    Stock.objects.filter(variant__product=product).update(pre_order_cap=3)

    assert tell_wishes(at=NOW + 2 * HOUR) == 1


def test_what_left_the_shelf_is_gone_and_keeps_its_price(wish: Wish, product: Product) -> None:
    ShelfSpan.objects.filter(product=product).update(ends_at=NOW + HOUR)

    tell_wishes(at=NOW + 2 * HOUR)

    now = Wish.objects.get()
    assert (now.is_gone, now.known_amount) == (True, wish.known_amount)


def test_no_letter_goes_to_an_address_that_is_not_known_to_be_theirs(wish: Wish, fan: User, product: Product) -> None:
    EmailAddress.objects.create(user=fan, email=fan.email, verified=False, primary=True)
    costs(product, 2500)

    assert tell_wishes(at=NOW + HOUR) == 0


def test_a_link_ends_the_letters_and_no_other_does(wish: Wish, product: Product) -> None:
    costs(product, 2500)
    tell_wishes(at=NOW + HOUR)
    link = Letter.objects.get().said["stop"].rstrip("/").rsplit("/", 1)[1]

    for forged in ("", wish.public_id, f"{wish.public_id}:forged"):
        stop_letters(forged)
    assert Wish.objects.get().is_told

    stop_letters(link)
    stop_letters(link)
    costs(product, 2000)
    assert not Wish.objects.get().is_told
    assert (tell_wishes(at=NOW + QUIET + HOUR), Letter.objects.count()) == (0, 0)


def test_only_its_owner_takes_a_wish_off(wish: Wish, fan: User, rival: User) -> None:
    assert not remove_wish(rival, wish.public_id)
    assert remove_wish(fan, wish.public_id)
    assert not remove_wish(fan, wish.public_id)


def test_a_link_that_was_ended_stays_dead(fan: User) -> None:
    first = share_wishlist(fan, name="Wei", at=NOW).token
    assert share_wishlist(fan, name="Lin", at=NOW + HOUR).token == first
    stop_sharing(fan)
    second = share_wishlist(fan, name="Lin", at=NOW + HOUR).token

    assert (shared_list(first), getattr(shared_list(second), "name", "")) == (None, "Lin")


def test_it_is_told_and_goes_with_the_account(wish: Wish, fan: User, product: Product) -> None:
    share_wishlist(fan, name="Wei", at=NOW)
    costs(product, 2500)
    tell_wishes(at=NOW + HOUR)
    told = everything_about(fan, at=NOW)["wishes"]

    delete_account(fan, at=NOW)

    assert (told["kept"][0]["product"], told["shared_as"]) == ("Ferry mug", "Wei")
    assert [Wish.objects.count(), Letter.objects.count()] == [0, 0]


def test_many_wishes_are_looked_at_in_as_many_queries_as_one(wish: Wish, product: Product, market: Market) -> None:
    counts = []
    for number in (0, 9):
        for i in range(number):
            add_wish(factories.make_user(f"fan-{i}", email=f"{i}@example.com"), product, market, language="en", at=NOW)
        with CaptureQueriesContext(connection) as asked:
            tell_wishes(at=NOW + HOUR)
        counts.append(len(asked))

    assert counts == [1, 1]


def test_two_workers_that_saw_the_same_write_one_letter(wish: Wish, product: Product) -> None:
    costs(product, 2500)
    [seen] = wishes._changed(NOW + HOUR)
    [also] = wishes._changed(NOW + HOUR)

    assert [wishes._tell(seen, NOW + HOUR), wishes._tell(also, NOW + HOUR)] == [True, False]
    assert len(templates()) == 1
