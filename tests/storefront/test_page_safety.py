"""The safety of pages, point by point: policy, https, frames, cookies, other sites' forms, guessed passwords, hostile words."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from catalog.models import Product
from films.models import Film
from merchants.models import Merchant
from merchstore.storefront.urls import urlpatterns
from tests.desk.test_pages import breaches
from tests.factories import make_market, make_product, make_user
from tests.storefront.conftest import make_shop

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "a ferry at night"
PAGES = [
    "/us/en/", "/us/en/films/film-0/", "/us/en/goods/", "/us/en/goods/p/mug-0/", "/us/en/search/?q=mug", "/us/en/basket/",
    "/us/en/sign-in/", "/us/zh/legal/terms/", "/us/en/nothing/", "/panel/en/sign-in/", "/desk/login/", "/us/en/help/",
]  # fmt: skip
POLICY = {
    "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:", "font-src": "'self'",
    "connect-src": "'self'", "form-action": "'self'", "base-uri": "'none'", "frame-ancestors": "'none'",
    "manifest-src": "'self'",
}  # fmt: skip
#: Of what only an https address switches on.
OVER_HTTPS = (
    "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD",
    "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE",
)  # fmt: skip
HOSTILE = '"><img src=x onerror=alert(1)></script><script>alert(2)</script>'


def _settings(monkeypatch: pytest.MonkeyPatch, site: str) -> dict[str, Any]:
    """What the settings make of an address of the site."""
    monkeypatch.setenv("SITE_URL", site)
    return runpy.run_path(str(ROOT / "merchstore/settings.py"))


@pytest.mark.parametrize("address", PAGES)
def test_the_policy_allows_no_inline_script_or_style_and_no_page_has_one(get: Any, address: str) -> None:
    make_shop()

    for answer in (get(address), get(address)):  # the second may have been kept
        rules = (rule.strip().partition(" ") for rule in answer["Content-Security-Policy"].split(";"))
        assert {name: value for name, _space, value in rules} == POLICY
        assert breaches(re.sub(rb'<script type="application/(ld\+)?json".*?</script>', b"", answer.content)) == []


@pytest.mark.parametrize("address", PAGES)
def test_every_page_says_who_may_frame_it_and_what_others_learn(get: Any, address: str) -> None:
    make_shop()

    answer = get(address)

    said = {name: answer.get(name) for name in SAID}
    assert said == SAID


SAID = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def test_over_https_the_site_insists_on_it(get: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    make_shop()
    plain, safe = (_settings(monkeypatch, f"{scheme}://shop.example") for scheme in ("http", "https"))
    assert [plain[name] for name in OVER_HTTPS] == [False, 0, False, False, False, False]
    assert [safe[name] for name in OVER_HTTPS] == [True, 31_536_000, True, True, True, True]
    for name in OVER_HTTPS:
        setattr(settings, name, safe[name])

    client = Client()  # whose site begins with these settings
    answer, sent_on = client.get("/us/en/", secure=True), client.get("/us/en/?q=1")

    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert (sent_on.status_code, sent_on["Location"]) == (301, "https://testserver/us/en/?q=1")


def test_cookies_are_out_of_reach(settings: Any, clock: Any) -> None:
    """A page that everybody shares sets none; a session and a basket are for the server alone."""
    shop = make_shop()
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    make_user("wei@fan.example", password=PASSWORD, is_staff=False, is_superuser=False)
    client = Client()

    kept = [client.get(address) for address in PAGES[:5]]
    client.post("/us/en/basket/add/", {"v": shop.product.variants.first().public_id, "quantity": 1})
    client.post("/us/en/sign-in/", {"email": "wei@fan.example", "password": PASSWORD})

    assert [answer.cookies.keys() for answer in kept] == [{}.keys()] * 5
    flags = {
        name: (bool(one["httponly"]), one["samesite"], bool(one["secure"])) for name, one in client.cookies.items()
    }
    # The count is for the header's own script; it is a number and nothing else.
    assert client.cookies["basket_count"].value == "1"
    assert flags == {
        "basket": (True, "Lax", True), "basket_count": (False, "Lax", True), settings.SESSION_COOKIE_NAME: (True, "Lax", True),
        settings.CSRF_COOKIE_NAME: (True, "Lax", True),
    }  # fmt: skip


#: Something for every name in an address; what it names need not be there: who sends from elsewhere is refused before.
NAMES = {
    "market": "us", "prefix": "en", "slug": "mug-0", "token": "ord_1.abc", "parcel": "par_1", "document": "doc_1", "name": "adr_1",
    "own_address": "adr_1", "passkey": "1", "key": "1", "code": "x", "text": "terms", "country": "US", "kind": "films", "part": "1",
}  # fmt: skip
#: Buttons of letters, which a mail program presses for its reader, with a signed token that nobody else has; and pages that only
#: show something, whatever is sent to them.
FROM_ANYWHERE = {"tell_me_stop", "follow_confirm", "follow_stop", "wish_stop", "also", "reviews", "shared_wishlist"}


def _addresses() -> dict[str, str]:
    """Of every page of a market that has a form or might have one."""
    found = {}
    for route in urlpatterns:
        written = str(route.pattern)
        if not written.startswith("^(?P<market>"):
            continue
        address = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", lambda name: NAMES.get(name[1], "x"), written)
        found[route.name] = "/" + address.lstrip("^").rstrip("$").replace("\\.", ".")
    return found


def test_no_form_is_taken_from_another_site(clock: Any) -> None:
    make_shop()
    client = Client()
    client.force_login(make_user("wei@fan.example", is_staff=False, is_superuser=False))

    answers = {
        name: client.post(address, {}, headers={"Sec-Fetch-Site": "cross-site"}).status_code
        for name, address in _addresses().items()
    }

    assert {name for name, status in answers.items() if status == 403} > {
        "basket_add",
        "checkout",
        "sign_in",
        "account_app",
    }
    assert {
        name: status for name, status in answers.items() if status not in (403, 405) and name not in FROM_ANYWHERE
    } == {}


@pytest.mark.parametrize(
    "address, name, right",
    [("/us/en/sign-in/", "email", 303), ("/desk/login/", "username", 302)],
    ids=["shop", "desk"],
)
def test_passwords_cannot_be_guessed_one_after_another(clock: Any, address: str, name: str, right: int) -> None:
    """Ten for one account, wherever they come from; then the right one is not looked at either. Others still come in."""
    make_market("us")
    for who in ("wei@fan.example", "lin@fan.example"):
        make_user(who, password=PASSWORD)

    def attempt(who: str, password: str, place: str) -> Any:
        return Client(REMOTE_ADDR=place).post(address, {name: who, "password": password})

    guesses = [attempt("wei@fan.example", f"guess {i}", f"198.51.100.{i}") for i in range(10)]
    late = attempt("wei@fan.example", PASSWORD, "198.51.100.99")
    other = attempt("lin@fan.example", PASSWORD, "198.51.100.99")

    assert {answer.status_code for answer in guesses} <= {200, 422}
    assert "That was too often" not in guesses[-1].content.decode()
    assert "That was too often" in late.content.decode()
    assert "_auth_user_id" not in late.client.session
    assert other.status_code == right


def test_one_place_cannot_try_one_account_after_another(clock: Any) -> None:
    make_market("us")
    client = Client(REMOTE_ADDR="203.0.113.7")

    answers = [
        client.post("/us/en/sign-in/", {"email": f"fan-{i}@fan.example", "password": "password1"}).status_code
        for i in range(31)
    ]
    elsewhere = Client(REMOTE_ADDR="203.0.113.8").post("/us/en/sign-in/", {"email": "a@fan.example", "password": "x"})

    assert answers == [422] * 30 + [429]
    assert elsewhere.status_code == 422


def test_what_people_write_is_shown_as_they_wrote_it_and_runs_nowhere(get: Any) -> None:
    shop = make_shop()
    Product.objects.filter(pk=shop.product.pk).update(title_en=f"Mug {HOSTILE}", description_en=HOSTILE)
    Film.objects.filter(pk=shop.film.pk).update(title_en=f"Ferry {HOSTILE}", lede_en=HOSTILE, synopsis_en=HOSTILE)
    Merchant.objects.filter(pk=shop.product.merchant_id).update(name=f"Kiln {HOSTILE}")
    make_product(title_en="plain")

    for address in ("/us/en/", "/us/en/goods/p/mug-0/", "/us/en/films/film-0/", "/us/en/search/?q=" + HOSTILE):
        html = get(address).content.decode()
        assert "<img src=x" not in html, address
        assert "<script>alert" not in html, address
        assert "&lt;img src=x onerror=alert(1)&gt;" in html, address  # it is there, and only to be read
