"""Following a film in the shop: a part of the film's page for members and for everybody else."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Letter, User
from fans.models import Follow
from films.models import Embargo, Film, Tier
from merchstore.storefront.alerts import MOST_PER_ADDRESS
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db

AT = "/us/en/films/the-ferryman/follow/"
OWN = "/us/en/account/follows/"


@pytest.fixture(autouse=True)
def film(clock: Any) -> Film:
    factories.make_market("us")
    return factories.make_film("the-ferryman", title_en="The Ferryman", title_zh="摆渡人")


@pytest.fixture(autouse=True)
def _no_count(settings: Any) -> None:
    settings.SECRET_KEY = f"{settings.SECRET_KEY}-{settings.RELEASE}"


@pytest.fixture
def fan() -> User:
    return factories.make_user("wei", email="wei@example.com", is_staff=False, is_superuser=False)


@pytest.fixture
def member(fan: User) -> Client:
    client = Client()
    client.force_login(fan)
    return client


def path_of(address: str) -> str:
    return "/" + address.split("/", 3)[3]


def test_the_films_page_is_everybodys_and_leads_there(client: Client) -> None:
    response = client.get("/us/en/films/the-ferryman/")

    assert f'hx-get="{AT}"' in response.content.decode()
    assert f'href="{AT}"' in response.content.decode()
    assert not response.cookies


def test_a_guest_gives_an_address_and_confirms_it(client: Client) -> None:
    asked = client.post(AT, {"email": "fan@example.com"})
    assert (asked.status_code, asked["Location"]) == (303, AT + "?sent=1")
    assert "Look into your mail" in client.get(asked["Location"]).content.decode()

    link = path_of(Letter.objects.get().said["confirm"])
    assert "Yes, write to me" in client.get(link).content.decode()
    assert not Follow.objects.confirmed().exists()
    assert "You follow it now" in client.post(link).content.decode()
    assert Follow.objects.confirmed().count() == 1


def test_a_link_that_ended_says_so(client: Client) -> None:
    client.post(AT, {"email": "fan@example.com"})
    link = path_of(Letter.objects.get().said["confirm"])
    Follow.objects.all().delete()

    assert "This link has ended" in client.post(link).content.decode()


def test_the_letters_own_link_ends_it_without_a_session(client: Client) -> None:
    client.post(AT, {"email": "fan@example.com"})
    link = path_of(Letter.objects.get().said["stop"])
    client.get(link)
    assert Follow.objects.count() == 1

    assert client.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Follow.objects.count() == 0
    assert client.get("/us/en/follow/stop/flw_x:forged/").status_code == 404
    assert client.post("/us/en/follow/confirm/nonsense/").status_code == 404


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b", "x" * 300 + "@example.com", "a@example.com\nBcc: b@example.com"]
)
def test_a_wrong_address_is_told_with_what_was_typed(client: Client, email: str) -> None:
    response = client.post(AT, {"email": email})

    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode()
    assert (Follow.objects.count(), Letter.objects.count()) == (0, 0)


def test_one_address_is_written_to_so_often_only(client: Client) -> None:
    answers = [client.post(AT, {"email": "fan@example.com"}).status_code for _time in range(MOST_PER_ADDRESS + 1)]

    assert answers == [303] * MOST_PER_ADDRESS + [429]


def test_another_site_cannot_make_somebody_follow(member: Client) -> None:
    assert member.post(AT, headers={"origin": "https://elsewhere.example"}).status_code == 403
    assert Follow.objects.count() == 0


def test_a_member_follows_by_one_click_and_ends_it_in_the_account(member: Client, fan: User) -> None:
    part = member.get(AT, headers={"hx-request": "true"}).content.decode()
    assert ("<html" in part, 'name="email"' in part) == (False, False)
    assert member.post(AT).status_code == 303
    assert "You follow The Ferryman" in member.get(AT, headers={"hx-request": "true"}).content.decode()
    assert "The Ferryman" in member.get(OWN).content.decode()

    name = Follow.objects.get(user=fan).public_id
    assert member.post(OWN, {"follow": name}).status_code == 303
    assert "You follow no film yet" in member.get(OWN).content.decode()


def test_somebody_elses_is_not_there(member: Client, film: Film) -> None:
    other = factories.make_user("ann", email="ann@example.com", is_staff=False, is_superuser=False)
    theirs = Follow.objects.create(
        film=film, market=factories.make_market("us"), user=other, language="en", created_at=NOW, confirmed_at=NOW
    )

    assert member.post(OWN, {"follow": theirs.public_id}).status_code == 404
    assert member.post(OWN, {"follow": "\x00"}).status_code == 404
    assert Follow.objects.count() == 1
    assert Client().get(OWN).status_code == 302
    assert Client().post(OWN, {"follow": theirs.public_id}).status_code == 302


def test_a_film_that_may_not_be_known_cannot_be_followed(client: Client, film: Film) -> None:
    Embargo.objects.create(film=film, tier=Tier.TITLE, lifts_at=NOW.replace(year=NOW.year + 9))

    assert client.get(AT).status_code == 404
    assert client.post(AT, {"email": "fan@example.com"}).status_code == 404
    assert client.get("/us/en/films/nothing/follow/").status_code == 404
