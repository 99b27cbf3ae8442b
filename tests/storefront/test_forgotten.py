"""A forgotten password, without leaving the shop: a letter, a link that works once, a new password; strangers learn nothing."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from redis.exceptions import RedisError

from accounts.letters import send_letters
from accounts.models import Letter, User
from tests import factories
from tests.panel.test_sign_in import PASSWORD
from tests.storefront.test_security import come_in, make_fan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nobody_has_tried")]
ASK, SENT, NEW = "/us/en/sign-in/forgotten/", "/us/en/sign-in/forgotten/sent/", "another long secret"


@pytest.fixture
def fan() -> User:
    factories.make_market("us")
    return make_fan()


def letter_link(client: Client, address: str = ASK, email: str = "wei@example.com", **said: str) -> str:
    """Asks for the letter, sends it, and returns where its link leads on this site."""
    client.post(address, {"email": email} | said)
    send_letters(at=timezone.now())
    found = re.search(r"https?://[^/\s]+(/us/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_the_way_there_stays_in_the_shop(fan: User, client: Client) -> None:
    sign_in = client.get("/us/en/sign-in/").content.decode()
    pages = {address: client.get(address) for address in (ASK, SENT)}

    assert f'href="{ASK}?next=/us/en/account/"' in sign_in
    assert "/panel/" not in sign_in
    for page in pages.values():
        assert (page.status_code, page["Cache-Control"]) == (200, "private, no-store")
        assert 'class="site-header"' in page.content.decode()
        assert 'content="noindex"' in page.content.decode()


@pytest.mark.parametrize("prefix", ["en", "zh"])
def test_the_letter_speaks_the_pages_language_and_leads_to_the_shop(fan: User, client: Client, prefix: str) -> None:
    link = letter_link(client, f"/us/{prefix}/sign-in/forgotten/", email="WEI@example.com")

    assert link.startswith(f"/us/{prefix}/sign-in/new-password/")
    assert Letter.objects.get().language == {"en": "en", "zh": "zh-hans"}[prefix]
    assert "/panel/" not in str(mail.outbox[-1].body)


def test_the_link_sets_a_new_password_once_and_ends_every_session(fan: User, client: Client) -> None:
    elsewhere = come_in(fan)
    link = letter_link(client)

    opened = client.get(link)
    form = client.get(opened["Location"])
    still = elsewhere.get("/us/en/account/").status_code
    done = client.post(opened["Location"], {"password1": NEW})
    again = Client().get(link)

    assert opened.status_code == 303
    assert link.rstrip("/").rpartition("-")[2] not in opened["Location"] + form.content.decode()
    assert (form.status_code, still) == (200, 200)
    assert (done.status_code, done["Location"]) == (303, "/us/en/sign-in/?password=new")
    assert "The password is set" in client.get(done["Location"]).content.decode()
    assert client.get("/us/en/account/").status_code == 302  # whoever has the letter alone is not signed in by it
    assert elsewhere.get("/us/en/account/").status_code == 302
    assert again.status_code == 404
    assert "was used before" in again.content.decode()
    assert client.post(opened["Location"], {"password1": "a third long secret"}).status_code == 404
    came_in = Client().post("/us/en/sign-in/", {"email": fan.email, "password": NEW})
    refused = Client().post("/us/en/sign-in/", {"email": fan.email, "password": PASSWORD})
    assert (came_in.status_code, refused.status_code) == (303, 422)
    assert Letter.objects.filter(template="as_written").count() == 2  # the link, and that it was changed


def test_where_somebody_was_going_is_known_at_the_end(fan: User, client: Client) -> None:
    going = "/us/en/checkout/?country=US&region=NY"
    asked = client.get(ASK, {"next": going}).content.decode()
    link = letter_link(client, ASK, next=going)
    opened = client.get(link)
    done = client.post(opened["Location"], {"password1": NEW})
    page = client.get(done["Location"]).content.decode()

    written = '<input type="hidden" name="next" value="/us/en/checkout/?country=US&amp;region=NY">'
    assert written in asked
    assert written in page
    assert "The password is set" in page
    elsewhere = letter_link(client, ASK, next="https://elsewhere.example/")
    assert "next" not in elsewhere


def test_an_account_that_is_asked_about_is_answered_as_one_that_is_not_there(fan: User, client: Client) -> None:
    known, unknown = (client.post(ASK, {"email": email}) for email in (fan.email, "nobody@example.com"))

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"]) == (303, SENT)
    assert dict(known.headers) | {"Request-Id": ""} == dict(unknown.headers) | {"Request-Id": ""}
    assert list(Letter.objects.values_list("to", flat=True)) == [fan.email]


@pytest.mark.parametrize("email", ["", "name@", "a\x00b"])
def test_what_is_no_address_is_said_with_what_was_typed(fan: User, client: Client, email: str) -> None:
    answer = client.post(ASK, {"email": email})

    assert answer.status_code == 422
    assert "Write an e-mail address like name@example.com." in answer.content.decode()
    assert not Letter.objects.exists()


def test_one_address_is_written_to_five_times_a_minute_at_either_door(fan: User) -> None:
    """The counts are those of the panel: who has asked there has asked here."""

    def ask(address: str, email: str, place: int) -> int:
        return Client(REMOTE_ADDR=f"198.51.100.{place}").post(address, {"email": email}).status_code

    panel = [ask("/panel/en/account/password/forgotten/", fan.email, place) for place in range(3)]
    shop = [ask(ASK, fan.email, place) for place in range(3, 6)]
    other = ask(ASK, "lin@example.com", 7)
    unknown = [ask(ASK, "nobody@example.com", place) for place in range(8, 14)]

    assert (panel, shop, other) == ([302] * 3, [303, 303, 429], 303)
    assert unknown == [303] * 5 + [429]
    assert Letter.objects.count() == 5


def test_without_a_cache_to_count_in_no_letter_goes_out(
    fan: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: Any, **_kwargs: Any) -> None:
        raise RedisError

    monkeypatch.setattr("merchstore.storefront.forgotten.ratelimit.consume", away)

    answer = client.post(ASK, {"email": fan.email})

    assert answer.status_code == 503
    assert not Letter.objects.exists()


@pytest.mark.parametrize("password", ["", "short", "password1", "wei@example.com"])
def test_a_weak_password_is_refused_and_the_link_still_works(fan: User, client: Client, password: str) -> None:
    form = client.get(letter_link(client))["Location"]

    weak = client.post(form, {"password1": password})
    fan.refresh_from_db()
    kept = fan.check_password(PASSWORD)
    strong = client.post(form, {"password1": NEW})

    assert (weak.status_code, kept, strong.status_code) == (422, True, 303)
    assert 'aria-invalid="true"' in weak.content.decode()


def test_the_link_is_for_its_own_account_and_untouched(fan: User, client: Client) -> None:
    other = make_fan("lin@example.com")
    link = letter_link(client)
    account, _dash, token = link.rstrip("/").rpartition("/")[2].partition("-")
    wrong = (
        f"{account}-{token[:-1]}{'a' if token[-1] != 'a' else 'b'}",
        f"{other.pk}-{token}",
        f"zzzz-{token}",
        "1-now",
    )

    answers = [Client().get(f"/us/en/sign-in/new-password/{one}/").status_code for one in wrong]

    assert answers == [404] * 4
    assert client.get(link).status_code == 303


def test_somebody_else_who_is_signed_in_there_is_signed_out(fan: User) -> None:
    client = come_in(make_fan("lin@example.com"))
    form = client.get(letter_link(client))["Location"]

    client.post(form, {"password1": NEW})

    assert client.get("/us/en/account/").status_code == 302
    fan.refresh_from_db()
    assert fan.check_password(NEW)
    assert User.objects.get(email="lin@example.com").check_password(PASSWORD)


def test_the_link_leads_to_this_site_whatever_host_was_asked(fan: User, client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]

    client.post(ASK, {"email": fan.email}, headers={"host": "evil.example"})
    send_letters(at=timezone.now())

    assert f"{settings.SITE_URL}/us/en/sign-in/new-password/" in str(mail.outbox[0].body)
    assert "evil.example" not in str(mail.outbox[0].body)
