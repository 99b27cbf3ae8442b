"""Basket and checkout: what a visitor sees, does, and is refused, without a script."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from catalog.models import Market, Price, Product, Stock, TaxRate, Variant
from orders.models import Basket, Order, Payment
from tests import factories
from tests.orders.conftest import ADDRESS, sells

pytestmark = pytest.mark.django_db
FORM = {name: value for name, value in ADDRESS.items() if name != "country_code"} | {
    "email": "wei@example.com", "country": "US", "pay": "sandbox:wap", "consent": "1",
}  # fmt: skip


@pytest.fixture(scope="session")
def cashier_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*pem).decode()


@pytest.fixture(autouse=True)
def _sandbox(settings: Any, cashier_key: str) -> None:
    settings.PAYMENT_PROVIDERS, settings.SANDBOX_PRIVATE_KEY = ["sandbox"], cashier_key


@pytest.fixture
def market(clock: Any) -> Market:
    return factories.make_market("us")


@pytest.fixture
def product(market: Market) -> Product:
    product = factories.make_product(title_en="Ferry mug", title_zh="渡轮杯")
    sells(product, market)
    return product


@pytest.fixture
def variant(product: Product) -> Variant:
    return product.variants.get()


def add(client: Client, variant: Variant, quantity: Any = 1, prefix: str = "us/en", **more: Any) -> Any:
    return client.post(f"/{prefix}/basket/add/", {"v": variant.public_id, "quantity": quantity, **more})


def fill(client: Client, **changes: Any) -> dict[str, Any]:
    """The form as the page gives it, filled in."""
    html = client.get("/us/en/checkout/").content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(checkout_key|total)" value="([^"]+)"', html))
    return {**hidden, **FORM, **changes}


def order(client: Client, **changes: Any) -> Any:
    return client.post("/us/en/checkout/", fill(client, **changes))


def test_the_product_s_page_offers_what_can_be_had(client: Client, product: Product, variant: Variant) -> None:
    html = client.get(f"/us/en/goods/p/{product.slug}/").content.decode()

    assert f'name="v" value="{variant.public_id}"' in html
    assert 'max="10"' in html
    Stock.objects.update(reserved=10)
    assert 'id="add"' not in client.get(f"/us/en/goods/p/{product.slug}/?v=fresh").content.decode()


def test_a_guest_puts_in_changes_and_takes_out(client: Client, variant: Variant) -> None:
    answer = add(client, variant, 2)

    assert (answer.status_code, answer["Location"]) == (303, "/us/en/basket/")
    assert client.cookies["basket"]["httponly"]
    assert client.cookies["basket_count"].value == "2"
    html = client.get("/us/en/basket/").content.decode()
    assert "Ferry mug" in html
    assert "$76.00" in html
    client.post("/us/en/basket/change/", {"v": variant.public_id, "quantity": "3"})
    assert "$114.00" in client.get("/us/en/basket/").content.decode()
    client.post("/us/en/basket/change/", {"v": variant.public_id, "remove": "1"})
    assert "There is nothing in the basket yet" in client.get("/us/en/basket/").content.decode()


def test_a_basket_is_its_visitor_s_own(client: Client, variant: Variant) -> None:
    add(client, variant)

    assert "Ferry mug" not in Client().get("/us/en/basket/").content.decode()
    assert "Ferry mug" not in Client(headers={"cookie": "basket=guess"}).get("/us/en/basket/").content.decode()
    assert Basket.objects.get().key not in client.cookies["basket"].value


def test_a_guest_s_basket_is_the_member_s_after_signing_in(client: Client, variant: Variant, product: Product) -> None:
    user = factories.make_user("wei", is_staff=False, is_superuser=False)
    add(client, variant, 2)
    member = Client()
    member.force_login(user)
    add(member, variant, 3)

    client.force_login(user)
    html = client.get("/us/en/basket/").content.decode()

    assert 'value="5"' in html
    assert [(basket.user, basket.key) for basket in Basket.objects.all()] == [(user, "")]


@pytest.mark.parametrize("quantity", ["0", "-1", "100", "1.5", "x", "", "９", "1" * 40])
def test_a_number_that_no_form_offers_is_refused(client: Client, variant: Variant, quantity: str) -> None:
    add(client, variant, 1)

    assert add(client, variant, quantity).status_code == 422
    assert Basket.objects.get().lines.get().quantity == 1


@pytest.mark.parametrize("name", ["", "var_nobody", "\x00", "x" * 5000])
def test_what_there_is_not_cannot_be_added(client: Client, market: Market, name: str) -> None:
    assert client.post("/us/en/basket/add/", {"v": name}).status_code == 404


def test_what_may_not_go_there_is_said_at_the_line_with_the_reason(client: Client, variant: Variant) -> None:
    variant.product.licence.grants.update(excluded_countries=["US"])
    add(client, variant)

    html = client.get("/us/en/basket/").content.decode()

    assert "Not to the United States. The rights to sell this piece there belong to someone else." in html
    assert "checkout/" not in html
    assert order_count(client) == 0


def order_count(client: Client) -> int:
    client.post("/us/en/checkout/", FORM | {"total": "5000", "checkout_key": "k" * 30})
    return Order.objects.count()


def test_a_price_that_changed_is_shown_and_never_charged_silently(client: Client, variant: Variant) -> None:
    add(client, variant)
    form = fill(client)
    Price.objects.update(amount=4000)

    answer = client.post("/us/en/checkout/", form)
    html = answer.content.decode()

    assert (answer.status_code, Order.objects.count()) == (422, 0)
    assert "What this costs has changed since you saw it" in html
    assert "Price was $38.00 when you added it" in html
    assert 'value="41 Division Street"' in html
    assert client.post("/us/en/checkout/", form | {"total": "5200"}).status_code == 303


def test_an_order_is_placed_and_its_payment_page_comes_next(client: Client, variant: Variant) -> None:
    add(client, variant, 2)

    answer = order(client)

    placed = Order.objects.get()
    assert answer.status_code == 303
    assert re.fullmatch(r"/us/en/orders/ord_[^/]+/pay/", answer["Location"])
    assert (placed.email, placed.address["city"], placed.address["country_area"]) == (
        "wei@example.com",
        "New York",
        "NY",
    )
    assert placed.consents.keys() == {"terms", "withdrawal", "privacy"}
    assert Payment.objects.get().pay_url == ""
    client.get(answer["Location"])
    assert Payment.objects.get().pay_url.startswith("http://localhost:8000/cashier/sbx")
    assert client.cookies["basket_count"].value == "0"


def test_the_same_form_twice_leads_to_the_same_order(client: Client, variant: Variant) -> None:
    add(client, variant)
    form = fill(client)

    first, second = (client.post("/us/en/checkout/", form) for _click in range(2))

    assert first["Location"] == second["Location"]
    assert Order.objects.count() == 1
    assert client.post("/us/en/checkout/", form | {"checkout_key": "t" * 30})["Location"] == "/us/en/basket/"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"email": "wei@"}, "Write an e-mail address like name@example.com."),
        ({"phone": "call me"}, "Write digits, such as +1 212 555 0100."),
        ({"name": " "}, "Write the name of the person who gets the parcel."),
        ({"postal_code": "1000"}, "Write it like 10000."),
        ({"country_area": "XX"}, "There is no place of this name here."),
        ({"city": ""}, "This is needed to deliver."),
        ({"street_address": "x" * 121}, "This is longer than 120 letters."),
        ({"consent": ""}, "Tick this to order."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    client: Client, variant: Variant, change: dict[str, str], said: str
) -> None:
    add(client, variant)

    answer = order(client, **change)
    html = answer.content.decode()

    assert (answer.status_code, Order.objects.count()) == (422, 0)
    assert said in html
    assert 'aria-invalid="true" aria-describedby="' in html
    assert ('value="wei@example.com"' in html) is ("email" not in change)


def test_another_country_shows_its_own_fields(client: Client, variant: Variant, market: Market) -> None:
    Market.objects.update(countries=["US", "CA"])
    add(client, variant)

    answer = order(client, country="CA", show="1")
    html = answer.content.decode()

    assert (answer.status_code, Order.objects.count()) == (200, 0)
    assert "Province" in html
    assert "Postal code" in html
    assert 'value="41 Division Street"' in html


def test_express_costs_what_it_says(client: Client, variant: Variant, product: Product) -> None:
    express = sells(product, amount=3100, code="express", min_days=1, max_days=2)
    add(client, variant)
    chosen = {f"rate-{product.merchant_id}": express.public_id}

    shown = order(client, show="1", **chosen).content.decode()

    assert "$69.00" in shown
    assert client.post("/us/en/checkout/", fill(client, total="6900", **chosen)).status_code == 303
    assert Order.objects.get().parcels.get().rate == express


def test_what_lapsed_orders_hold_is_offered_without_any_job(client: Client, variant: Variant, clock: Any) -> None:
    Stock.objects.update(on_hand=1)
    add(client, variant)
    order(client)
    page = f"/us/en/goods/p/{variant.product.slug}/"
    assert 'id="add"' not in client.get(page).content.decode()

    clock.at += timedelta(minutes=12)

    assert 'id="add"' in client.get(page).content.decode()
    add(client, variant)
    assert "Check out" in client.get("/us/en/basket/").content.decode()
    assert order(client, email="ann@example.com").status_code == 303
    assert [one.state for one in Order.objects.order_by("pk")] == ["expired", "pending"]


def test_without_a_way_to_pay_nothing_is_ordered(client: Client, variant: Variant, settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = []
    add(client, variant)

    assert order(client).status_code == 422
    assert Order.objects.count() == 0


def test_a_form_of_another_site_changes_nothing(client: Client, variant: Variant) -> None:
    for address in ("basket/add/", "basket/change/", "checkout/"):
        answer = client.post(f"/us/en/{address}", {"v": variant.public_id}, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403

    assert Basket.objects.count() == 0


@pytest.mark.parametrize("page", ["basket/", "checkout/"])
def test_own_pages_are_kept_nowhere(client: Client, variant: Variant, page: str) -> None:
    add(client, variant)

    assert client.get(f"/us/en/{page}")["Cache-Control"] == "private, no-store"


def test_tax_that_is_asked_for_is_named_whatever_it_is_on(client: Client, variant: Variant, market: Market) -> None:
    """Of the goods' class no rate is known; what delivery adds is in the sum, and said."""
    TaxRate.objects.create(market=market, country="US", rate=Decimal("0.05"), starts_on="2020-01-01")
    Product.objects.update(tax_class="reduced")
    add(client, variant)

    html = client.get("/us/en/checkout/").content.decode()

    assert "<dt>Sales tax</dt><dd>$0.60</dd>" in html
    assert "Pay $50.60" in html


def test_puerto_rico_is_no_state_to_send_to_under_the_rights_for_the_states(client: Client, variant: Variant) -> None:
    add(client, variant)

    answer = order(client, country_area="PR", postal_code="00901")

    assert (answer.status_code, Order.objects.count()) == (422, 0)
    assert "There is no place of this name here." in answer.content.decode()
    assert '<option value="NY"' in answer.content.decode()
    assert '<option value="PR"' not in answer.content.decode()


@pytest.mark.parametrize("text", ["terms", "withdrawal", "privacy"])
def test_legal_texts_say_that_they_are_templates(client: Client, market: Market, text: str) -> None:
    assert "Whoever runs this shop has to adapt this text" in client.get(f"/us/en/legal/{text}/").content.decode()
    assert client.get("/us/en/legal/else/").status_code == 404


def test_the_basket_asks_the_same_for_one_and_for_three(
    client: Client, variant: Variant, market: Market, django_assert_max_num_queries: Any
) -> None:
    """One product has its rights read singly; from two on it is a constant number."""
    others = [factories.make_product(licence=variant.product.licence).variants.get() for _other in range(3)]
    for one in (variant, others[0]):
        add(client, one)
    with django_assert_max_num_queries(22) as two:
        client.get("/us/en/basket/")
    for one in others[1:]:
        add(client, one)
    with django_assert_max_num_queries(22) as four:
        client.get("/us/en/basket/")
    assert len(two) == len(four)
