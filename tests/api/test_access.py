"""Who gets what: route × method × who × status. A route or a method without a row fails."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from campaigns.own import create_own_campaign
from catalog.models import ImportRun, Product
from licensing.ledger.statements import compute_statement
from licensing.ledger.terms import set_terms
from licensing.models import SaleLine
from merchants.keys import revoke_key
from merchants.models import IdempotentRequest, Merchant, PartnerKey
from merchstore.api.urls import urlpatterns
from tests.api.conftest import make_draft, make_parcel, make_partner, make_runs, make_webhook, publish
from tests.api.scopes import SCOPE_OF
from tests.campaigns.joining import document
from tests.factories import (
    NOW,
    make_campaign,
    make_category,
    make_film,
    make_licence,
    make_merchant,
    make_product,
    make_user,
)
from tests.undoing import undone

#: Nobody; somebody who is signed in on the site: a merchant's member, staff without and with the permission; and keys: the
#: merchant's own, a rival's, one that may do anything else, one that was revoked, one that expired, a suspended merchant's.
PEOPLE = ("nobody", "member", "clerk", "staff", "partner", "rival", "narrow", "revoked", "expired", "suspended")
RIVAL = PEOPLE.index("rival")
EVERYBODY = (200,) * len(PEOPLE)
#: One's own object, and one's own list: the rival's is another one.
OWN = (401, 401, 401, 401, 200, 404, 403, 401, 401, 403)
OWN_LIST = (401, 401, 401, 401, 200, 200, 403, 401, 401, 403)

#: What a worker does later: with one's own, and with what is sent.
OWN_VERB = tuple(202 if status == 200 else status for status in OWN)
OWN_POST = tuple(202 if status == 200 else status for status in OWN_LIST)
#: Made; not as the body has to be; not in the form that it has to come in; when it is over already; when something is missing.
OWN_BEGUN, OWN_WRONG, OWN_NO_FORM, OWN_TOO_LATE, OWN_NOT_READY = (
    tuple(instead if status == 200 else status for status in OWN) for instead in (201, 400, 415, 409, 422)
)
#: Made in one's own list.
OWN_MADE = tuple(201 if status == 200 else status for status in OWN_LIST)
#: One's own object, taken away.
OWN_GONE = tuple(204 if status == 200 else status for status in OWN)
OWN_LIST_WRONG = tuple(400 if status == 200 else status for status in OWN_LIST)
#: A sandbox's, of which nobody here has the key.
SANDBOX = (401, 401, 401, 401, 403, 403, 403, 401, 401, 403)

_LATER = "2100-01-01T00:00:00Z"
_AFTER = NOW + timedelta(hours=12)
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
    ("bulk_cancel", "post"): ("bulk/{waiting}/cancel", OWN_VERB),
    ("own_products", "get"): ("own/products", OWN_LIST),
    ("own_products", "post"): ("own/products", OWN_MADE),
    ("own_product", "get"): ("own/products/{product}", OWN),
    ("own_product", "patch"): ("own/products/{product}", OWN),
    ("own_product_archive", "post"): ("own/products/{product}/archive", OWN),
    ("own_product_activate", "post"): ("own/products/{product}/activate", OWN),
    ("own_variants", "get"): ("own/products/{product}/variants", OWN),
    ("own_variants", "put"): ("own/products/{product}/variants", OWN),
    ("own_images", "get"): ("own/products/{product}/images", OWN),
    ("own_images", "post"): ("own/products/{product}/images", OWN_VERB),
    ("own_image", "get"): ("own/products/{product}/images/{image}", OWN),
    ("own_image", "patch"): ("own/products/{product}/images/{image}", OWN),
    ("own_image", "delete"): ("own/products/{product}/images/{image}", OWN_GONE),
    ("own_variant", "get"): ("own/variants/{variant}", OWN),
    ("own_variant", "patch"): ("own/variants/{variant}", OWN),
    ("own_prices", "get"): ("own/variants/{variant}/prices", OWN),
    ("own_market_prices", "get"): ("own/variants/{variant}/prices/us", OWN),
    ("own_market_prices", "put"): ("own/variants/{variant}/prices/us", OWN),
    ("own_market_prices", "delete"): (f"own/variants/{{variant}}/prices/us?starts_at={_LATER}", OWN),
    ("own_stock", "get"): ("own/variants/{variant}/stock", OWN),
    ("own_stock", "put"): ("own/variants/{variant}/stock", OWN),
    ("own_stock", "patch"): ("own/variants/{variant}/stock", OWN),
    ("own_listings", "get"): ("own/listings", OWN_LIST),
    ("own_campaigns", "get"): ("own/campaigns", OWN_LIST),
    ("own_campaign", "get"): ("own/campaigns/{campaign}", OWN),
    ("own_campaign", "put"): ("own/campaigns/{campaign}", OWN),
    ("own_campaign_plan", "post"): ("own/campaigns/{campaign}/plan", OWN),
    ("own_campaign_apply", "post"): ("own/campaigns/{campaign}/apply", OWN_VERB),
    ("own_campaign_rollback", "post"): (
        "own/campaigns/{campaign}/rollback",
        tuple(409 if status == 200 else status for status in OWN),
    ),
    ("own_campaign_listings", "get"): ("own/campaigns/{campaign}/listings", OWN),
    ("invitations", "get"): ("own/invitations", OWN_LIST),
    ("entries", "get"): ("own/invitations/{invitation}/entries", OWN),
    ("entries", "put"): ("own/invitations/{invitation}/entries", OWN),
    ("orders", "get"): ("orders", OWN_LIST),
    ("pick_list", "get"): ("orders/pick-list", OWN_LIST),
    ("order", "get"): ("orders/{order}", OWN),
    ("shipments", "get"): ("orders/{order}/shipments", OWN),
    ("shipments", "post"): ("orders/{order}/shipments", OWN_BEGUN),
    ("order_cancel_pieces", "post"): ("orders/{order}/cancel-pieces", OWN),
    ("shipment", "get"): ("shipments/{shipment}", OWN),
    ("shipment_delivered", "post"): ("shipments/{shipment}/delivered", OWN),
    ("returns", "get"): ("returns", OWN_LIST),
    ("return", "get"): ("returns/{return}", OWN),
    ("return_receive", "post"): ("returns/{return}/receive", OWN),
    ("return_refuse", "post"): ("returns/{return}/refuse", OWN_TOO_LATE),
    ("submissions", "get"): ("submissions", OWN_LIST),
    ("submissions", "post"): ("submissions", OWN_LIST_WRONG),
    ("submission", "get"): ("submissions/{submission}", OWN),
    ("submission_comments", "post"): ("submissions/{submission}/comments", OWN_WRONG),
    ("submission_file", "get"): ("submissions/{submission}/files/{file}", OWN),
    ("submission_file", "delete"): ("submissions/{submission}/files/{file}", OWN_GONE),
    ("draft", "get"): ("submissions/{submission}/tracks/product/draft", OWN),
    ("draft", "put"): ("submissions/{submission}/tracks/product/draft", OWN),
    ("draft_files", "post"): ("submissions/{submission}/tracks/product/draft/files", OWN_NO_FORM),
    ("draft_submit", "post"): ("submissions/{submission}/tracks/product/submit", OWN_NOT_READY),
    ("draft", "delete"): ("submissions/{submission}/tracks/product/draft", OWN_GONE),
    ("draft", "post"): ("submissions/{submission}/tracks/packaging/draft", OWN_BEGUN),
    ("submission_withdraw", "post"): ("submissions/{submission}/withdraw", OWN),
    ("events", "get"): ("events", OWN_LIST),
    ("event", "get"): ("events/{event}", OWN),
    ("webhook_endpoints", "get"): ("webhook-endpoints", OWN_LIST),
    ("webhook_endpoints", "post"): ("webhook-endpoints", OWN_MADE),
    ("webhook_endpoint", "get"): ("webhook-endpoints/{endpoint}", OWN),
    ("webhook_endpoint", "patch"): ("webhook-endpoints/{endpoint}", OWN),
    ("webhook_rotate", "post"): ("webhook-endpoints/{endpoint}/rotate-secret", OWN),
    ("webhook_test", "post"): ("webhook-endpoints/{endpoint}/test", OWN_VERB),
    ("webhook_deliveries", "get"): ("webhook-endpoints/{endpoint}/deliveries", OWN),
    ("webhook_redeliver", "post"): ("webhook-endpoints/{endpoint}/deliveries/{delivery}/redeliver", OWN_VERB),
    ("webhook_endpoint", "delete"): ("webhook-endpoints/{endpoint}", OWN_GONE),
    ("sandbox", "get"): ("sandbox", SANDBOX),
    ("sandbox_products", "get"): ("sandbox/products", SANDBOX),
    ("sandbox_product", "get"): ("sandbox/products/pin", SANDBOX),
    ("sandbox_campaigns", "get"): ("sandbox/campaigns", SANDBOX),
    ("sandbox_listings", "get"): ("sandbox/listings", SANDBOX),
    ("sandbox_run", "post"): ("sandbox/run", SANDBOX),
    ("sandbox_reset", "post"): ("sandbox/reset", SANDBOX),
}
#: What is public is the same for everybody: what is secret stays so whoever asks.
SECRET = ("campaigns/secret", (404,) * len(PEOPLE))
PUBLIC = [address for address, statuses in ACCESS.values() if statuses == EVERYBODY]
NEEDS_A_KEY = {pair: row for pair, row in ACCESS.items() if row[1] not in (EVERYBODY, (404,) * len(PEOPLE))}
#: What is sent where a row of nothing will not do: by the route's name and the method.
BODIES: dict[tuple[str, str], Any] = {
    ("own_products", "post"): {"sku": "NEW", "film": "film", "category": "pins", "title_en": "New"},
    ("own_product", "patch"): {"title_en": "New"},
    ("own_variants", "put"): {"variants": [{"sku": "pin-sku-0"}]},
    ("own_images", "post"): {"url": "https://pictures.example/a.png"},
    ("own_image", "patch"): {"alt_en": "New"},
    ("own_variant", "patch"): {"gtin": "40063813"},
    ("own_market_prices", "put"): {"price": None, "starts_at": _LATER},
    ("own_campaign", "put"): {
        "name_en": "Mugs",
        "starts_at": "2026-11-23T12:00:00Z",
        "ends_at": "2026-11-30T12:00:00Z",
        "time_zone": "UTC",
        "markets": ["us"],
        "channels": ["storefront"],
        "rule": {"films": ["film"]},
        "discount": {"kind": "none"},
    },
    ("entries", "put"): {"products": []},
    ("webhook_endpoints", "post"): {"url": "https://orders.example/new"},
    ("webhook_endpoint", "patch"): {"description": "New"},
    ("webhook_rotate", "post"): {},
    ("own_stock", "put"): {"quantity": 11, "expected_quantity": 10},
    ("own_stock", "patch"): {"low_at": 3},
    ("shipments", "post"): {"lines": [{"sku": "sent-sku-0", "pieces": 1}]},
    ("order_cancel_pieces", "post"): {"lines": [{"sku": "sent-sku-0", "pieces": 1}], "reason": "Broken"},
    ("return_receive", "post"): {"lines": [{"sku": "sent-sku-0", "received": 1, "resaleable": 1}]},
    ("return_refuse", "post"): {"reason": "Worn"},
    ("draft", "put"): {"factory": "Jingdezhen"},
}


def methods(pattern: Any) -> set[str]:
    """What the route takes; a page that is no view class, and the address of nothing, are read."""
    view = getattr(pattern.callback, "view_class", None)
    return set(view.http_method_names if view is not None else ()) - {"head"} or {"get"}


@pytest.fixture
def shop(get) -> dict[str, str]:
    """What addresses name: a product of a merchant with a statement, and a secret campaign."""
    merchant = make_merchant("keeper")
    licence = make_licence(make_film("film"), merchant)
    product = make_product(licence=licence, slug="pin", sku="pin-sku", category=make_category("pins"))
    image = product.images.create(file="goods/a.png", width=2, height=3)
    publish(make_campaign(licence.film, slug="winter", starts_at=NOW))
    make_campaign(licence.film, slug="secret", starts_at=NOW)
    inviting = make_campaign(licence.film, slug="inviting", rule={}, invites_until=_AFTER)
    own = create_own_campaign(merchant, "own", document(rule={"films": ["film"]}), by=None)
    set_terms(licence, {"currency": "USD", "rate": "10%"}, by=None)
    return {
        "licence": licence.public_id,
        "statement": compute_statement(licence, at=NOW).public_id,
        "product": product.public_id,
        "variant": product.variants.get().public_id,
        "image": image.public_id,
        "campaign": own.public_id,
        "invitation": inviting.public_id,
        "waiting": merchant.import_runs.create(upload="imports/a.bin").public_id,
        **make_runs(merchant),
        **make_parcel(licence),
        **make_draft(licence),
        **make_webhook(merchant),
    }


class People:
    """Everybody of PEOPLE, at the door of a route: who is signed in is so once, keys are made for the route's scope."""

    def __init__(self) -> None:
        self._signed_in: dict[str, Client] = {}

    def client(self, who: str, route: str, method: str = "get") -> Client:
        if who == "nobody":
            return Client()
        if who in ("member", "clerk", "staff"):
            if who not in self._signed_in:
                self._signed_in[who] = signed_in(who)
            return self._signed_in[who]
        return Client(headers={"authorization": f"Bearer {secret_of(who, route, method)}"})


def signed_in(who: str) -> Client:
    user = make_user(who, is_staff=who != "member", is_superuser=False)
    if who == "member":
        Merchant.objects.get(slug="keeper").members.create(user=user, role="owner")
    if who == "staff":
        user.user_permissions.add(Permission.objects.get(codename="view_licence"))
    client = Client()
    client.force_login(user)
    return client


def secret_of(who: str, route: str, method: str) -> str:
    merchant = Merchant.objects.get(slug="keeper")
    if who == "rival":
        merchant = Merchant.objects.filter(slug="rival").first() or make_merchant("rival")
    needed = SCOPE_OF.get(f"{route}.{method}", PartnerKey.Scope.RIGHTS_READ)  # what is public needs none
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


def ask(client: Client, route: str, method: str, address: str) -> Any:
    body = json.dumps(BODIES.get((route, method), []))
    more = {"data": body, "content_type": "application/json", "headers": {"idempotency-key": address, "if-match": "*"}}
    if route == "bulk_products":
        more |= {"data": "sku\n", "content_type": "text/csv"}
    answer = getattr(client, method)(f"/api/v1/{address}", **({} if method == "get" else more))
    if answer.streaming:
        answer.getvalue()  # read to its end, a file is closed
    return answer


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
        client = people.client(who, route, method)
        found[route, method, address] = ask(client, route, method, address.format(**shop)).status_code
        wanted[route, method, address] = statuses[column]

    assert found == wanted


def test_what_is_public_is_the_same_for_everybody_and_sets_no_cookie(subtests, shop):
    people = People()
    for address in PUBLIC:
        with subtests.test(address):
            whom = ("nobody", "staff", "partner", "revoked")
            answers = [people.client(who, "").get(f"/api/v1/{address}") for who in whom]

            assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
            assert [dict(answer.cookies) for answer in answers] == [{}] * len(answers)


def test_what_is_refused_changes_nothing_and_is_kept_by_no_cache(subtests, shop):
    for (route, method), (address, statuses) in NEEDS_A_KEY.items():
        with subtests.test(f"{method} {route}"), undone():
            before = list(Product.objects.values_list("title_en", "state", "updated_at"))
            # What a rival makes, or tries to, is its own.
            makes_its_own = method != "get" and statuses[RIVAL] in (200, 201, 202, 400)
            strangers = ["nobody", "member", "clerk", "narrow", "revoked", *([] if makes_its_own else ["rival"])]
            people = People()
            for who in strangers:
                _is_refused(ask(people.client(who, route, method), route, method, address.format(**shop)))
            assert (SaleLine.objects.count(), IdempotentRequest.objects.count(), ImportRun.objects.count()) == (0, 0, 4)
            assert list(Product.objects.values_list("title_en", "state", "updated_at")) == before


def _is_refused(answer):
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Vary"] == "Accept, Authorization, Cookie"
    assert dict(answer.cookies) == {}


NOTHING = {
    **dict.fromkeys(("looked_at", "stopped", "done", "waiting"), "imp_0000000000000000"),
    **{name: f"{name[:3]}_0000000000000000" for name in ("product", "variant", "image", "return", "order", "file")},
    **dict.fromkeys(("campaign", "invitation"), "cmp_0000000000000000"),
    "licence": "lic_0000000000000000", "statement": "sta_0000000000000000", "shipment": "shp_0000000000000000",
    "submission": "ver_0000000000000000", "event": "evt_0000000000000000", "endpoint": "whe_0000000000000000",
    "delivery": "dlv_0000000000000000",
}  # fmt: skip


def test_the_404_of_a_rivals_is_the_404_of_nothing(subtests, shop):
    for (route, method), (address, statuses) in ACCESS.items():
        if statuses[PEOPLE.index("partner")] == statuses[RIVAL] or statuses[RIVAL] != 404:
            continue
        with subtests.test(f"{method} {route}"), undone():
            rival = People().client("rival", route, method)
            unheard_of = address.format(**NOTHING).replace("product=pin", "product=unheard-of")

            theirs = ask(rival, route, method, address.format(**shop))
            nothing = ask(rival, route, method, unheard_of)

            assert theirs.status_code == 404
            assert theirs.json() | {"instance": ""} == nothing.json() | {"instance": ""}
