"""The second step of signing in, without leaving the shop: a code, a recovery code, a passkey; nobody is in before it."""

from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from redis.exceptions import RedisError

from accounts.models import User
from tests import factories
from tests.panel.test_sign_in import PASSWORD, SECRET, code_of
from tests.storefront.test_security import give_passkey, make_fan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nobody_has_tried")]
STEP, ACCOUNT = "/us/en/sign-in/second-step/", "/us/en/account/"


@pytest.fixture
def fan() -> User:
    factories.make_market("us")
    fan = make_fan()
    TOTP.activate(fan, SECRET)
    return fan


def halfway(fan: User, **said: str) -> Client:
    """Whoever has said the password."""
    client = Client()
    answer = client.post("/us/en/sign-in/", {"email": fan.email, "password": PASSWORD} | said)
    assert (answer.status_code, answer["Location"]) == (303, STEP)
    return client


def is_in(client: Client) -> bool:
    return client.get(ACCOUNT).status_code == 200


def test_the_code_lets_in_and_leads_to_where_somebody_was_going(fan: User) -> None:
    client = halfway(fan, next="/us/en/checkout/")
    page = client.get(STEP)

    assert (page.status_code, page["Cache-Control"]) == (200, "private, no-store")
    assert 'class="site-header"' in page.content.decode()
    assert not is_in(client)
    done = client.post(STEP, {"code": f" {code_of()} "})
    assert (done.status_code, done["Location"]) == (303, "/us/en/checkout/")
    assert is_in(client)


def test_a_wrong_code_is_said_and_the_right_one_still_lets_in(fan: User) -> None:
    client = halfway(fan)

    wrong = [client.post(STEP, said) for said in ({"code": "000000"}, {"code": ""}, {"code": "a\x00b"}, {})]

    assert [answer.status_code for answer in wrong] == [422] * 4
    assert all('role="alert"' in answer.content.decode() for answer in wrong)
    assert not is_in(client)
    assert client.post(STEP, {"code": code_of()})["Location"] == ACCOUNT


def test_a_recovery_code_lets_in_once(fan: User) -> None:
    code = RecoveryCodes.activate(fan).get_unused_codes()[0]
    first, second = halfway(fan), halfway(fan)

    answers = [client.post(STEP, {"code": code}).status_code for client in (first, second)]

    assert answers == [303, 422]
    assert [is_in(client) for client in (first, second)] == [True, False]


def test_codes_are_tried_ten_times_in_five_minutes_at_either_door(fan: User) -> None:
    """The count is that of the panel: who has tried there has tried here."""
    panel, shop = Client(), halfway(fan)
    panel.post("/panel/en/sign-in/", {"login": fan.email, "password": PASSWORD})
    for _ in range(5):
        panel.post("/panel/en/sign-in/second-step/", {"code": "000000"})
        shop.post(STEP, {"code": "000000"})

    answer = shop.post(STEP, {"code": code_of()})

    assert answer.status_code == 422
    assert not is_in(shop)


def test_without_a_cache_to_count_in_nobody_comes_in(fan: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = halfway(fan)

    def away(*_args: Any, **_kwargs: Any) -> None:
        raise RedisError

    monkeypatch.setattr("allauth.core.ratelimit.consume", away)
    answer = client.post(STEP, {"code": code_of()})

    assert (answer.status_code, is_in(client)) == (503, False)


def test_a_passkey_is_offered_to_who_has_one_and_what_no_browser_says_is_wrong(
    fan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That a right one lets in, a browser shows: tests/journeys/test_member.py."""
    monkeypatch.setattr("allauth.mfa.webauthn.internal.auth.get_credentials", lambda user: [])
    without = halfway(fan).get(STEP).content.decode()
    give_passkey(fan)
    fan.authenticator_set.filter(type="totp").delete()
    with_alone = halfway(fan)
    page = with_alone.get(STEP).content.decode()

    assert "Use a passkey" not in without
    assert 'id="passkey-options"' in page
    assert 'name="code"' not in page
    for said in ("", "{}", "[]", '{"id": 1}'):
        assert with_alone.post(STEP, {"credential": said}).status_code == 422
    assert not is_in(with_alone)


def test_who_has_said_no_password_or_is_in_already_finds_no_step(fan: User) -> None:
    stranger, member = Client(), halfway(fan)
    member.post(STEP, {"code": code_of()})

    for client in (stranger, member):
        for answer in (client.get(STEP), client.post(STEP, {"code": code_of()})):
            assert (answer.status_code, answer["Location"]) == (303, "/us/en/sign-in/")


def test_another_site_sends_no_code(fan: User) -> None:
    client = halfway(fan)

    answer = client.post(STEP, {"code": code_of()}, headers={"Sec-Fetch-Site": "cross-site"})

    assert (answer.status_code, is_in(client)) == (403, False)


@pytest.mark.parametrize("prefix", ["en", "zh"])
def test_the_step_speaks_the_language_of_the_door(fan: User, prefix: str) -> None:
    client = Client()
    answer = client.post(f"/us/{prefix}/sign-in/", {"email": fan.email, "password": PASSWORD})

    assert answer["Location"] == f"/us/{prefix}/sign-in/second-step/"
    wrong = client.post(answer["Location"], {"code": "000000"}).content.decode()
    assert ("Incorrect code" in wrong) is (prefix == "en")
    assert client.post(answer["Location"], {"code": code_of()})["Location"] == f"/us/{prefix}/account/"
