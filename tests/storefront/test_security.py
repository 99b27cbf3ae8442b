"""How a fan signs in: passkeys, an authenticator app, recovery codes, the password, sessions. Each page of its own owner."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn.internal.auth import WebAuthn
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.models import Letter, User
from tests import factories
from tests.panel.test_sign_in import PASSWORD, SECRET, _signed_in_an_hour_ago, code_of

pytestmark = pytest.mark.django_db
HOME = "/us/en/account/security/"
PAGES = ("", "passkeys/add/", "app/", "password/")


def make_fan(name: str = "wei@example.com") -> User:
    return User.objects.create_user(username=name, email=name, password=PASSWORD)


def come_in(user: User) -> Client:
    client = Client()
    answer = client.post("/us/en/sign-in/", {"email": user.email, "password": PASSWORD})
    assert answer.status_code == 303
    return client


@pytest.fixture
def fan(clock: Any) -> User:
    factories.make_market("us")
    return make_fan()


@pytest.fixture
def fans_client(fan: User) -> Client:
    return come_in(fan)


def give_passkey(user: User) -> Authenticator:
    return Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "Telephone", "credential": {}}
    )


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_are_for_who_is_signed_in_and_kept_nowhere(fans_client: Client, page: str) -> None:
    own = fans_client.get(HOME + page)
    stranger = Client().get(HOME + page)

    assert (own.status_code, own["Cache-Control"]) == (200, "private, no-store")
    assert (stranger.status_code, stranger["Location"].split("=")[0]) == (302, "/us/en/sign-in/?next")
    assert not re.search(r"<script(?![^>]*(src=|application/json))|style=", own.content.decode())


def test_who_came_in_a_while_ago_shows_first_who_they_are(fans_client: Client, settings: Any) -> None:
    settings.RECENT_SIGN_IN_MINUTES = 15
    _signed_in_an_hour_ago(fans_client)
    asked = fans_client.get(HOME + "app/")
    assert asked["Location"] == "/us/en/account/confirm/?next=%2Fus%2Fen%2Faccount%2Fsecurity%2Fapp%2F"

    wrong = fans_client.post("/us/en/account/confirm/", {"password": "no", "next": HOME + "app/"})
    right = fans_client.post("/us/en/account/confirm/", {"password": PASSWORD, "next": HOME + "app/"})

    assert (wrong.status_code, right.status_code, right["Location"]) == (422, 303, HOME + "app/")
    assert fans_client.get(HOME + "app/").status_code == 200
    elsewhere = fans_client.post(
        "/us/en/account/confirm/", {"password": PASSWORD, "next": "https://elsewhere.example/"}
    )
    assert elsewhere["Location"] == "/us/en/account/"


def test_an_app_is_set_up_asked_for_and_taken_away(fans_client: Client, fan: User) -> None:
    secret = re.search(r'<code translate="no">(\w+)</code>', fans_client.get(HOME + "app/").content.decode())[1]
    assert fans_client.post(HOME + "app/", {"code": "000000"}).status_code == 422
    assert not Authenticator.objects.exists()

    set_up = fans_client.post(HOME + "app/", {"code": code_of(secret)})

    assert (set_up.status_code, set_up["Location"]) == (303, HOME + "codes/")
    codes = re.findall(r"<li><code>(\w+)</code>", fans_client.get(HOME + "codes/").content.decode())
    assert len(codes) == 10
    fans_client.post(HOME + "codes/")
    assert codes[0] not in fans_client.get(HOME + "codes/").content.decode()
    second = Client().post("/us/en/sign-in/", {"email": fan.email, "password": PASSWORD})
    assert second["Location"] == "/us/en/sign-in/second-step/"
    fans_client.post(HOME + "app/", {"remove": "1"})
    assert not Authenticator.objects.exists()
    assert fans_client.get(HOME + "codes/").status_code == 404


def test_another_s_passkey_is_not_there(fans_client: Client, fan: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(
        WebAuthn,
        "name",
        property(lambda self: self.instance.data["name"], lambda self, name: self.instance.data.update(name=name)),
    )
    mine, theirs = give_passkey(fan), give_passkey(make_fan("rival@example.com"))

    renamed = fans_client.post(f"{HOME}passkeys/{mine.pk}/", {"name": "Laptop"})
    nameless = fans_client.post(f"{HOME}passkeys/{mine.pk}/", {"name": " "})
    answers = [
        fans_client.post(f"{HOME}passkeys/{theirs.pk}/", said).status_code for said in ({"name": "x"}, {"remove": "1"})
    ]

    assert (renamed.status_code, nameless.status_code, answers) == (303, 422, [404, 404])
    theirs.refresh_from_db()
    mine.refresh_from_db()
    assert (theirs.data["name"], mine.data["name"]) == ("Telephone", "Laptop")
    fans_client.post(f"{HOME}passkeys/{mine.pk}/", {"remove": "1"})
    assert list(Authenticator.objects.all()) == [theirs]


@pytest.mark.parametrize("said", ["", "{}", "[]", "null", "x", '{"id": "a", "rawId": "b", "response": {}}'])
def test_what_no_browser_says_opens_and_adds_nothing(fans_client: Client, said: str) -> None:
    added = fans_client.post(HOME + "passkeys/add/", {"name": "x", "credential": said})
    opened = Client().post("/us/en/sign-in/passkey/", {"credential": said})

    assert (added.status_code, opened.status_code) == (422, 422)
    assert not Authenticator.objects.exists()
    assert "This passkey opens no account here" in opened.content.decode()


def test_the_sign_in_page_asks_the_browser_for_a_passkey(client: Client, fan: User) -> None:
    page = client.get("/us/en/sign-in/").content.decode()
    asked = client.get("/us/en/sign-in/passkey/")

    assert 'action="/us/en/sign-in/passkey/"' in page
    assert sorted(asked.json()["request_options"]) == ["publicKey"]
    assert client.post("/us/en/sign-in/passkey/", headers={"origin": "https://elsewhere.example"}).status_code == 403


def test_another_password_ends_the_other_sessions(fans_client: Client, fan: User) -> None:
    other = come_in(fan)
    wrong = fans_client.post(HOME + "password/", {"oldpassword": "no", "password1": "a ferry at night 7"})
    short = fans_client.post(HOME + "password/", {"oldpassword": PASSWORD, "password1": "x"})
    assert (wrong.status_code, short.status_code) == (422, 422)

    done = fans_client.post(HOME + "password/", {"oldpassword": PASSWORD, "password1": "a ferry at night 7"})

    fan.refresh_from_db()
    assert (done.status_code, fan.check_password("a ferry at night 7")) == (303, True)
    assert (other.get(HOME).status_code, fans_client.get(HOME).status_code) == (302, 200)
    assert "fan@" not in Letter.objects.get().to
    assert Letter.objects.get().to == fan.email


def test_own_sessions_end_and_those_of_others_do_not(fans_client: Client, fan: User) -> None:
    other, rival = come_in(fan), come_in(make_fan("rival@example.com"))
    for one in (other, rival, fans_client):
        one.get(HOME)
    theirs = UserSession.objects.get(user__username="rival@example.com")

    fans_client.post(HOME, {"session": str(theirs.pk)})
    fans_client.post(HOME, {"session": "others"})

    assert [one.get(HOME).status_code for one in (fans_client, other, rival)] == [200, 302, 200]


def test_guessing_the_password_is_stopped(fans_client: Client, settings: Any) -> None:
    answers = [
        fans_client.post(HOME + "password/", {"oldpassword": "no", "password1": "a ferry at night 7"}).status_code
        for _time in range(11)
    ]

    assert answers[-1] == 429
    assert set(answers[:5]) == {422}


def test_a_member_with_an_app_has_no_passkey_to_confirm_with(fans_client: Client, fan: User) -> None:
    TOTP.activate(fan, SECRET)

    page = fans_client.get("/us/en/account/confirm/").content.decode()

    assert ('name="password"' in page, "passkey-options" in page) == (True, False)
