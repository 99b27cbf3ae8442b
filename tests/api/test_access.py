"""Who gets what: route × method × who × status. A route or a method without a row fails."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from catalog.models import ImportRun
from licensing.ledger.statements import compute_statement
from licensing.ledger.terms import set_terms
from licensing.models import SaleLine
from merchants.keys import revoke_key
from merchants.models import IdempotentRequest, Merchant, PartnerKey
from merchstore.api.urls import urlpatterns
from tests.api.conftest import make_partner, make_runs, publish
from tests.factories import NOW, make_campaign, make_film, make_licence, make_merchant, make_product, make_user

#: Nobody; somebody who is signed in on the site: a merchant's member, staff without and with the permission; and keys: the
#: merchant's own, a rival's, one that may do anything else, one that was revoked, one that expired, a suspended merchant's.
PEOPLE = ("nobody", "member", "clerk", "staff", "partner", "rival", "narrow", "revoked", "expired", "suspended")
EVERYBODY = (200,) * len(PEOPLE)
#: One's own object, and one's own list: the rival's is another one.
OWN = (401, 401, 401, 401, 200, 404, 403, 401, 401, 403)
OWN_LIST = (401, 401, 401, 401, 200, 200, 403, 401, 401, 403)

#: What a worker does later: with one's own, and with what is sent.
OWN_VERB = tuple(202 if status == 200 else status for status in OWN)
OWN_POST = tuple(202 if status == 200 else status for status in OWN_LIST)

#: By the route's name and the method: an address, and the status for each of PEOPLE.
ACCESS = {
    ("markets", "get"): ("markets", EVERYBODY),
    ("films", "get"): ("films", EVERYBODY),
    ("film", "get"): ("films/film", EVERYBODY),
    ("products", "get"): ("products?market=us", EVERYBODY),
    ("product", "get"): ("products/pin?market=us", EVERYBODY),
    ("listings", "get"): ("listings?market=us", EVERYBODY),
    ("campaigns", "get"): ("campaigns", EVERYBODY),
    ("campaign", "get"): ("campaigns/winter", EVERYBODY),
    ("problem", "get"): ("problems/not_found", EVERYBODY),
    ("schema", "get"): ("schema", EVERYBODY),
    ("docs", "get"): ("docs", EVERYBODY),
    ("nothing", "get"): ("nothing", (404,) * len(PEOPLE)),
    ("rights", "get"): ("rights?product=pin&country=US", (401, 401, 401, 200, 200, 404, 403, 401, 401, 403)),
    ("licences", "get"): ("licences", OWN_LIST),
    ("licence", "get"): ("licences/{licence}", OWN),
    ("sales", "post"): ("sales?licence={licence}", OWN),
    ("statements", "get"): ("statements", OWN_LIST),
    ("statement", "get"): ("statements/{statement}", OWN),
    ("bulk_runs", "get"): ("bulk", OWN_LIST),
    ("bulk_products", "post"): ("bulk/products", OWN_POST),
    ("bulk_run", "get"): ("bulk/{looked_at}", OWN),
    ("bulk_result", "get"): ("bulk/{looked_at}/result", OWN),
    ("bulk_bring_in", "post"): ("bulk/{looked_at}/bring-in", OWN_VERB),
    ("bulk_go_on", "post"): ("bulk/{stopped}/go-on", OWN_VERB),
    ("bulk_undo", "post"): ("bulk/{done}/undo", OWN_VERB),
}
#: What is public is the same for everybody: what is secret stays so whoever asks.
SECRET = ("campaigns/secret", (404,) * len(PEOPLE))
PUBLIC = [address for address, statuses in ACCESS.values() if statuses == EVERYBODY]
NEEDS_A_KEY = {pair: row for pair, row in ACCESS.items() if row[1] not in (EVERYBODY, (404,) * len(PEOPLE))}
SCOPES = {"rights": "rights:read", "licences": "licences:read", "licence": "licences:read", "sales": "sales:write",
          "statements": "statements:read", "statement": "statements:read"}  # fmt: skip
SCOPES |= {route: "products:write" for route, _method in ACCESS if route.startswith("bulk")}


def methods(pattern: Any) -> set[str]:
    """What the route takes; a page that is no view class, and the address of nothing, are read."""
    view = getattr(pattern.callback, "view_class", None)
    return set(view.http_method_names if view is not None else ()) - {"head"} or {"get"}


@pytest.fixture
def shop(get) -> dict[str, str]:
    """What addresses name: a product of a merchant with a statement, and a secret campaign."""
    merchant = make_merchant("keeper")
    licence = make_licence(make_film("film"), merchant)
    make_product(licence=licence, slug="pin")
    publish(make_campaign(licence.film, slug="winter", starts_at=NOW))
    make_campaign(licence.film, slug="secret", starts_at=NOW)
    set_terms(licence, {"currency": "USD", "rate": "10%"}, by=None)
    return {
        "licence": licence.public_id,
        "statement": compute_statement(licence, at=NOW).public_id,
        **make_runs(merchant),
    }


class People:
    """Everybody of PEOPLE, at the door of a route: who is signed in is so once, keys are made for the route's scope."""

    def __init__(self) -> None:
        self._signed_in: dict[str, Client] = {}

    def client(self, who: str, route: str) -> Client:
        if who == "nobody":
            return Client()
        if who in ("member", "clerk", "staff"):
            if who not in self._signed_in:
                self._signed_in[who] = signed_in(who)
            return self._signed_in[who]
        return Client(headers={"authorization": f"Bearer {secret_of(who, route)}"})


def signed_in(who: str) -> Client:
    user = make_user(who, is_staff=who != "member", is_superuser=False)
    if who == "member":
        Merchant.objects.get(slug="keeper").members.create(user=user, role="owner")
    if who == "staff":
        user.user_permissions.add(Permission.objects.get(codename="view_licence"))
    client = Client()
    client.force_login(user)
    return client


def secret_of(who: str, route: str) -> str:
    merchant = Merchant.objects.get(slug="keeper")
    if who == "rival":
        merchant = Merchant.objects.filter(slug="rival").first() or make_merchant("rival")
    needed = SCOPES.get(route, PartnerKey.Scope.RIGHTS_READ)
    scopes = [scope for scope in PartnerKey.Scope if scope != needed] if who == "narrow" else [needed]
    partner = make_partner(merchant, scopes=scopes)
    if who == "revoked":
        revoke_key(partner.key, by=None, at=NOW)
    if who == "expired":
        PartnerKey.objects.filter(pk=partner.key.pk).update(expires_at=NOW)
    if who == "suspended":
        Merchant.objects.filter(pk=merchant.pk).update(state=Merchant.State.SUSPENDED)
    return partner.secret


@pytest.fixture
def people() -> People:
    return People()


def ask(client: Client, method: str, address: str) -> Any:
    more = {"data": "[]", "content_type": "application/json", "headers": {"idempotency-key": address}}
    if address == "bulk/products":
        more |= {"data": "sku\n", "content_type": "text/csv"}
    return getattr(client, method)(f"/api/v1/{address}", **(more if method == "post" else {}))


def test_every_route_has_a_row_for_each_of_its_methods():
    assert {(pattern.name, method) for pattern in urlpatterns for method in methods(pattern)} == set(ACCESS)


@pytest.mark.parametrize("who", PEOPLE)
def test_access(shop, people, who):
    """Of what is public, those who could be told apart are tried: the others are strangers there."""
    column = PEOPLE.index(who)
    found, wanted = {}, {}

    for (route, method), (address, statuses) in [*ACCESS.items(), (("campaign", "get"), SECRET)]:
        if statuses == EVERYBODY and who not in ("nobody", "staff", "partner", "revoked"):
            continue
        client = people.client(who, route)
        found[route, method, address] = ask(client, method, address.format(**shop)).status_code
        wanted[route, method, address] = statuses[column]

    assert found == wanted


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_the_same_for_everybody_and_sets_no_cookie(shop, people, address):
    answers = [people.client(who, "").get(f"/api/v1/{address}") for who in ("nobody", "staff", "partner", "revoked")]

    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert [dict(answer.cookies) for answer in answers] == [{}] * len(answers)


@pytest.mark.parametrize("route, method", NEEDS_A_KEY)
def test_what_is_refused_changes_nothing_and_is_kept_by_no_cache(shop, people, route, method):
    address = NEEDS_A_KEY[route, method][0].format(**shop)
    strangers = ("nobody", "member", "clerk", "narrow", "revoked")
    # What a rival sends is its own.
    for who in strangers if route == "bulk_products" else (*strangers, "rival"):
        answer = ask(people.client(who, route), method, address)

        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Vary"] == "Accept, Authorization, Cookie"
        assert dict(answer.cookies) == {}
    assert (SaleLine.objects.count(), IdempotentRequest.objects.count(), ImportRun.objects.count()) == (0, 0, 3)


@pytest.mark.parametrize(
    "route, method",
    [(route, method) for (route, method), row in ACCESS.items() if row[1] in (OWN, OWN_VERB)] + [("rights", "get")],
)
def test_the_404_of_a_rivals_is_the_404_of_nothing(shop, people, route, method):
    address = ACCESS[route, method][0]
    rival = people.client("rival", route)
    names = dict.fromkeys(("looked_at", "stopped", "done"), "imp_0000000000000000")
    names |= {"licence": "lic_0000000000000000", "statement": "sta_0000000000000000"}

    theirs = ask(rival, method, address.format(**shop))
    nothing = ask(rival, method, address.format(**names).replace("product=pin", "product=unheard-of"))

    assert theirs.status_code == 404
    assert theirs.json() | {"instance": ""} == nothing.json() | {"instance": ""}
