"""Who gets what: route × who × status. A route without a row fails."""

import pytest
from django.test import Client

from merchstore.api.urls import urlpatterns
from tests.api.conftest import publish
from tests.factories import NOW, make_campaign, make_film, make_merchant, make_product, make_user

#: By the route's name: an address, and the status for a stranger, a merchant's member and the studio's staff.
ACCESS = {
    "markets": ("markets", 200, 200, 200),
    "films": ("films", 200, 200, 200),
    "film": ("films/film", 200, 200, 200),
    "products": ("products?market=us", 200, 200, 200),
    "product": ("products/pin?market=us", 200, 200, 200),
    "listings": ("listings?market=us", 200, 200, 200),
    "campaigns": ("campaigns", 200, 200, 200),
    "campaign": ("campaigns/winter", 200, 200, 200),
    "problem": ("problems/not_found", 200, 200, 200),
    "schema": ("schema", 200, 200, 200),
    "docs": ("docs", 200, 200, 200),
    "nothing": ("nothing", 404, 404, 404),
}
#: The API is the same for everybody: what is secret stays so whoever is signed in on the site.
SECRET = ("campaigns/secret", 404, 404, 404)


@pytest.fixture
def people(get) -> list[Client]:
    product = make_product(film=make_film("film"), slug="pin")
    publish(make_campaign(product.film, slug="winter", starts_at=NOW))
    make_campaign(product.film, slug="secret", starts_at=NOW)
    member = make_user("member", is_staff=False, is_superuser=False)
    make_merchant().members.create(user=member, role="owner")
    stranger, merchant, staff = Client(), Client(), Client()
    merchant.force_login(member)
    staff.force_login(make_user("staff"))
    return [stranger, merchant, staff]


def test_every_route_has_a_row():
    assert {pattern.name for pattern in urlpatterns} == set(ACCESS)


@pytest.mark.parametrize("address, stranger, member, staff", [*ACCESS.values(), SECRET])
def test_access(people, address, stranger, member, staff):
    assert [who.get(f"/api/v1/{address}").status_code for who in people] == [stranger, member, staff]


@pytest.mark.parametrize("address", [row[0] for row in ACCESS.values()])
def test_an_answer_is_the_same_for_everybody_and_sets_no_cookie(people, address):
    answers = [who.get(f"/api/v1/{address}") for who in people]

    assert len({answer.content for answer in answers if answer.status_code == 200}) <= 1
    assert [dict(answer.cookies) for answer in answers] == [{}, {}, {}]
