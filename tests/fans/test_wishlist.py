"""The wishlist in the shop: a button for everybody, a page of one's own, and a link for others."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import Letter, User
from catalog.alerts import ask_for_alert
from catalog.models import Market, Product, ShelfSpan, Stock, StockAlert
from fans.models import Wish, Wishlist
from fans.wishes import add_wish, tell_wishes
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db

HTMX = {"hx-request": "true"}
OWN, ALERTS = "/us/en/account/wishlist/", "/us/en/account/alerts/"


@pytest.fixture
def at(product: Product) -> str:
    return f"/us/en/goods/p/{product.slug}/wish/"


@pytest.fixture
def wish(fan: User, product: Product, market: Market) -> Wish:
    add_wish(fan, product, market, language="en", at=NOW)
    return Wish.objects.get()


def test_the_product_s_page_is_everybody_s_and_has_the_button(fans_client: Client, wish: Wish, at: str) -> None:
    page = fans_client.get(at.removesuffix("wish/"))

    assert f'action="{at}"' in page.content.decode()
    assert "It is on your wishlist" not in page.content.decode()
    assert not page.cookies


def test_a_member_keeps_it_with_a_click(fans_client: Client, at: str) -> None:
    part = fans_client.post(at, headers=HTMX)
    again = fans_client.post(at)

    assert (part.status_code, "It is on your wishlist" in part.content.decode()) == (200, True)
    assert "<html" not in part.content.decode()
    assert (again.status_code, again["Location"]) == (303, at)
    assert "It is on your wishlist" in fans_client.get(at).content.decode()
    assert Wish.objects.count() == 1


def test_a_guest_signs_in_and_comes_back(client: Client, at: str) -> None:
    there = "/us/en/sign-in/?next=" + at.replace("/", "%2F")

    assert client.post(at)["Location"] == there
    assert client.post(at, headers=HTMX)["HX-Redirect"] == there
    assert there in client.get(at).content.decode()
    assert not Wish.objects.exists()


def test_a_full_list_says_so(fans_client: Client, wish: Wish, monkeypatch: Any) -> None:
    monkeypatch.setattr("fans.wishes.MOST", 1)
    bag = factories.make_product(title_en="Ferry bag", slug="bag", stock=1)
    there = f"/us/en/goods/p/{bag.slug}/wish/"

    plain, part = fans_client.post(there), fans_client.post(there, headers=HTMX)

    assert (plain.status_code, part.status_code) == (422, 200)
    assert all("Your wishlist is full" in answer.content.decode() for answer in (plain, part))


def test_what_is_not_on_the_shelf_is_not_there(fans_client: Client, at: str) -> None:
    ShelfSpan.objects.all().delete()

    assert [fans_client.get(at).status_code, fans_client.post(at).status_code] == [404, 404]


def test_the_list_shows_what_it_costs_now_and_then(fans_client: Client, wish: Wish, product: Product) -> None:
    ShelfSpan.objects.filter(product=product).update(amount=2500)

    text = fans_client.get(OWN).content.decode()

    assert "$25.00" in text
    assert "It cost $38.00 when you kept it." in text


def test_what_left_the_shelf_stays_on_the_list(fans_client: Client, wish: Wish) -> None:
    ShelfSpan.objects.all().delete()

    text = fans_client.get(OWN).content.decode()

    assert "Ferry mug" in text
    assert "Not on sale here at the moment" in text


def test_a_wish_is_taken_off_by_its_owner_alone(fans_client: Client, rivals_client: Client, wish: Wish) -> None:
    form = {"wish": wish.public_id}

    assert rivals_client.post(OWN, form).status_code == 404
    assert Wish.objects.exists()
    assert fans_client.post(OWN, form).status_code == 303
    assert "Nothing is on your list yet" in fans_client.get(OWN).content.decode()


def test_the_list_is_shown_to_who_has_the_link_and_says_only_the_name(
    fans_client: Client,
    client: Client,
    wish: Wish,
    fan: User,
) -> None:
    fans_client.post(OWN, {"share": "1", "name": ' <b>Wei</b>"' + "x" * 60})
    link = f"/us/en/wishlist/{Wishlist.objects.get().token}/"
    page = client.get(link)
    text = page.content.decode()

    assert link in fans_client.get(OWN).content.decode()
    assert "&lt;b&gt;Wei&lt;/b&gt;" in text
    assert "<b>Wei" not in text
    assert "Ferry mug" in text
    assert fan.email not in text
    assert "no-store" in page["Cache-Control"]
    assert "noindex" in text

    fans_client.post(OWN, {"unshare": "1"})
    assert client.get(link).status_code == 404


def test_what_is_sold_out_is_marked_on_both_lists(fans_client: Client, wish: Wish, product: Product) -> None:
    fans_client.post(OWN, {"share": "1"})
    lists = OWN, f"/us/en/wishlist/{Wishlist.objects.get().token}/"
    before = [fans_client.get(address).content.decode().count("Sold out") for address in lists]

    Stock.objects.filter(variant__product=product).update(on_hand=0)
    tell_wishes(at=NOW)

    after = [fans_client.get(address).content.decode() for address in lists]
    assert before == [0, 0]
    assert all('<span class="flag">Sold out</span>' in page for page in after)


def test_a_shared_list_of_who_is_gone_is_gone(client: Client, wish: Wish, fan: User) -> None:
    shared = Wishlist.objects.create(user=fan, token="0" * 32, shared_at=NOW)
    fan.is_active = False
    fan.save()

    assert client.get(f"/us/en/wishlist/{shared.token}/").status_code == 404


def test_the_letter_s_link_ends_it_without_a_session(client: Client, wish: Wish, product: Product) -> None:
    ShelfSpan.objects.filter(product=product).update(amount=2500)
    tell_wishes(at=NOW)
    link = "/" + Letter.objects.get().said["stop"].split("/", 3)[3]

    client.get(link)
    assert Wish.objects.get().is_told
    done = Client(enforce_csrf_checks=True).post(link, {"List-Unsubscribe": "One-Click"})

    assert "It stays on your wishlist" in done.content.decode()
    assert not Wish.objects.get().is_told
    assert client.get(link[:-5] + "xxxx/").status_code == 404


def test_alerts_are_seen_and_ended_by_whose_they_are(
    fans_client: Client,
    rivals_client: Client,
    wish: Wish,
    product: Product,
    market: Market,
) -> None:
    ask_for_alert(product.variants.get(), market, email="Wei@example.com", language="en", at=NOW)
    forms = [{"alert": StockAlert.objects.get().public_id}, {"alert": wish.public_id}]

    assert fans_client.get(ALERTS).content.decode().count("Write no longer") == 2
    assert "Write no longer" not in rivals_client.get(ALERTS).content.decode()
    assert [rivals_client.post(ALERTS, form).status_code for form in forms] == [404, 404]
    assert [fans_client.post(ALERTS, form).status_code for form in forms] == [303, 303]
    assert (StockAlert.objects.count(), Wish.objects.get().is_told) == (0, False)
    assert "We write to you about nothing" in fans_client.get(ALERTS).content.decode()


def test_an_address_that_nobody_confirmed_shows_nobody_s_alerts(
    fans_client: Client,
    fan: User,
    product: Product,
    market: Market,
) -> None:
    """Else an account made with a stranger's address would tell what the stranger waits for."""
    EmailAddress.objects.create(user=fan, email=fan.email, verified=False, primary=True)
    ask_for_alert(product.variants.get(), market, email=fan.email, language="en", at=NOW)
    form = {"alert": StockAlert.objects.get().public_id}

    text = fans_client.get(ALERTS).content.decode()

    assert "not confirmed yet" in text
    assert "Ferry mug" not in text
    assert fans_client.post(ALERTS, form).status_code == 404
    assert StockAlert.objects.count() == 1


def test_a_wish_that_is_sold_out_says_so(fans_client: Client, wish: Wish, product: Product) -> None:
    Stock.objects.filter(variant__product=product).update(on_hand=0)
    tell_wishes(at=NOW)

    assert "Sold out" in fans_client.get(OWN).content.decode()
