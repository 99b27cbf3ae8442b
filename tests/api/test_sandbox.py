"""A sandbox and the clock that can be moved: a launch, an expiry, a statement without waiting, and nothing of it anywhere else."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from catalog.importing.layout import Layout
from catalog.importing.load import load_known
from catalog.models import Product, ShelfSpan
from catalog.prices import set_price
from catalog.queries.listing import listing_reasons
from core.errors import Refused
from core.money import Money
from core.territories import every_country
from licensing.models import Statement
from merchants import invitations
from merchants.letters import digest_of
from merchants.models import IdempotentRequest, Merchant, PartnerKey
from merchants.services import (
    add_member,
    change_role,
    close_merchant,
    reinstate_merchant,
    remove_member,
    suspend_merchant,
)
from orders.letters import send_letters
from orders.models import Order
from orders.papers import issue_documents
from orders.payments import offered
from orders.payouts import currencies_of, make_payout
from sandboxes import services
from sandboxes.building import EXPIRY_IN, LAUNCH_IN
from sandboxes.services import make_sandbox, reset_sandbox, sandbox_of
from tests.api.conftest import Partner, make_partner, publish
from tests.api.test_schema import SANDBOX, faults, operation
from tests.factories import (
    NOW,
    make_campaign,
    make_film,
    make_licence,
    make_market,
    make_merchant,
    make_product,
    make_user,
)

LAUNCH = NOW + LAUNCH_IN
JANUARY = datetime(2027, 1, 15, tzinfo=UTC)


@pytest.fixture
def keeper(db, clock) -> Merchant:
    return make_merchant("keeper")


@pytest.fixture
def sandbox(keeper) -> Partner:
    """The keeper's sandbox, with a key that may do everything."""
    return make_partner(make_sandbox(keeper, by=None, at=NOW))


def moved(at: datetime) -> dict[str, str]:
    return {"x-clock": at.isoformat().replace("+00:00", "Z")}


def shelf(partner: Partner, at: datetime | None = None) -> dict[str, str]:
    """What is seen, and for how much."""
    rows = partner.get("sandbox/products", **({} if at is None else moved(at))).json()["data"]
    return {row["sku"]: row["price"]["amount"] for row in rows}


class TestTheClock:
    def test_a_launch_is_seen_at_its_instant_and_not_before(self, sandbox):
        before, at_launch = shelf(sandbox, LAUNCH - timedelta(microseconds=1)), shelf(sandbox, LAUNCH)

        assert before == shelf(sandbox) == {"SBX-TEE": "30.00", "SBX-MUG": "15.00", "SBX-PRINT": "45.00"}
        assert at_launch == {"SBX-TEE": "24.00", "SBX-MUG": "12.00", "SBX-PRINT": "36.00", "SBX-BADGE": "6.40"}
        campaigns = [sandbox.get("sandbox/campaigns", **moved(at)).json()["data"] for at in (NOW, LAUNCH)]
        assert [len(rows) for rows in campaigns] == [0, 1]
        assert len(sandbox.get("sandbox/listings", **moved(LAUNCH)).json()["data"]) == 4
        name = Product.objects.get(sku="SBX-TEE").slug
        prices = [
            sandbox.get(f"sandbox/products/{name}", **moved(at)).json()["price"]["amount"] for at in (NOW, LAUNCH)
        ]
        assert prices == ["30.00", "24.00"]

    def test_the_end_of_a_licence_is_seen(self, sandbox):
        last_day = NOW + EXPIRY_IN
        over = datetime(last_day.year, last_day.month, last_day.day, tzinfo=UTC) + timedelta(days=1)
        asked = "rights?product=SBX-PRINT&country=XS"

        allowed = [sandbox.get(asked, **moved(at)).json()["allowed"] for at in (over - timedelta(seconds=1), over)]

        assert allowed == [True, False]
        assert ["SBX-PRINT" in shelf(sandbox, at) for at in (over - timedelta(seconds=1), over)] == [True, False]

    def test_a_statement_of_a_quarter_that_is_over_is_closed(self, sandbox):
        before = sandbox.get("statements").json()["data"]

        ran = sandbox.post("sandbox/run", "", **moved(JANUARY))

        assert {row["state"] for row in before} == {"open"}
        assert ran.json() == {
            "clock": "2027-01-15T00:00:00Z", "refunds_given": 0, "sales_told": 0, "statements_computed": 4,
            "statements_closed": 2, "licences_expired": 1,
        }  # fmt: skip
        closed = Statement.objects.filter(state="closed")
        # 2 × 30.00 and 15.00, of which a tenth.
        assert sorted(closed.values_list("period", "payable")) == [("2026-Q4", 0), ("2026-Q4", 750)]
        again = sandbox.post("sandbox/run", "", **moved(JANUARY)).json()
        assert (again["statements_closed"], again["licences_expired"], again["sales_told"]) == (0, 0, 0)

    def test_every_answer_shows_the_clock_that_it_goes_by(self, sandbox):
        found = sandbox.get("sandbox", **moved(LAUNCH))
        kept = sandbox.get("sandbox", **moved(LAUNCH), **{"if-none-match": found["ETag"]})
        missing = sandbox.get("sandbox/products/nothing", **moved(LAUNCH))

        assert [answer.status_code for answer in (found, kept, missing)] == [200, 304, 404]
        assert {answer["X-Clock"] for answer in (found, kept, missing)} == {"2026-11-23T12:00:00Z"}
        assert found.json()["clock"] == "2026-11-23T12:00:00Z"
        assert found.json()["now"] == "2026-11-22T12:00:00Z"
        assert "X-Clock" not in sandbox.get("sandbox")

    def test_what_no_clock_shows_is_refused(self, sandbox):
        for shown in ("", "tomorrow", "2027-01-01", "2027-01-01T00:00:00", "2027-13-01T00:00:00Z", "0001-01-01T00:00:00Z",
                      "2060-01-01T00:00:00Z", "1999-01-01T00:00:00Z", "９"):  # fmt: skip
            answer = sandbox.get("sandbox", **{"x-clock": shown})

            assert (answer.status_code, answer.json()["code"]) == (400, "clock_invalid"), shown

    def test_another_key_may_not_move_it(self, sandbox, keeper):
        """Neither the merchant's own real key."""
        real = make_partner(keeper)

        answers = [real.get(address, **moved(JANUARY)) for address in ("licences", "statements", "sandbox")]

        assert [answer.json()["code"] for answer in answers] == ["clock_not_yours", "clock_not_yours", "not_a_sandbox"]
        assert {answer.status_code for answer in answers} == {403}

    def test_quotas_keys_and_repeated_requests_go_by_the_servers_clock(self, sandbox, settings, clock):
        settings.API_RATE = (3, 60)
        expiring = make_partner(sandbox.merchant, expires_at=NOW + timedelta(days=1))

        statuses = [sandbox.get("sandbox", **moved(NOW + timedelta(days=day))).status_code for day in range(4)]

        assert statuses == [200, 200, 200, 429]
        assert expiring.get("sandbox", **moved(JANUARY)).status_code == 200
        expiring.post("sandbox/run", "", idempotency_key="a", **moved(JANUARY))
        assert IdempotentRequest.objects.get(key="a").started_at == NOW
        clock.at = NOW + timedelta(days=1)
        assert expiring.get("sandbox", **moved(NOW)).status_code == 401


class TestNothingOfItIsAnywhereElse:
    @pytest.fixture
    def real(self, keeper) -> Product:
        """Something that is seen where nothing of the sandbox is."""
        return make_product(licence=make_licence(make_film("river"), keeper), slug="river-pin", title_en="River pin")

    @pytest.fixture
    def greedy(self, real, sandbox) -> Product:
        """A sandbox's product that its merchant has put a price on in a real market, and in a campaign there."""
        product = Product.objects.get(sku="SBX-TEE")
        set_price(product.variants.get(), make_market("us"), Money(100, "USD"), starts_at=NOW, by=None, at=NOW)
        wide = make_campaign(slug="wide", starts_at=NOW, rule={"categories": [product.category.code]})
        own = make_campaign(
            slug="sandbox-own",
            starts_at=NOW,
            merchant=sandbox.merchant,
            own_slug="own",
            rule={"products": [product.public_id]},
        )
        publish(wide)
        publish(own)
        return product

    def test_it_is_on_no_real_shelf_nor_in_real_campaigns_nor_in_the_public_api(self, greedy, client: Client):
        """`wide` is a campaign of the studio's over the whole category."""
        seen = ShelfSpan.objects.filter(product__merchant__is_sandbox=True)
        assert set(seen.values_list("market__code", flat=True)) == {"sandbox"}
        assert ShelfSpan.objects.filter(market__code="us", product__slug="river-pin").exists()
        for address in ("markets", "films", "campaigns", "products?market=us", "listings?market=us", "films?market=us",
                        "campaigns?market=us"):  # fmt: skip
            body = client.get(f"/api/v1/{address}", headers={"x-clock": LAUNCH.isoformat()}).content.decode()

            assert ("andbox" in body, "SBX" in body) == (False, False), address
        assert "river-pin" in client.get("/api/v1/listings?market=us").content.decode()
        for address in ("products", "listings", "films", "campaigns"):
            answer = client.get(f"/api/v1/{address}?market=sandbox")

            assert (answer.status_code, answer.json()["code"]) == (400, "unknown_market")
            assert answer.json()["markets"] == ["us"]

    def test_no_page_and_no_sitemap_shows_it(self, greedy, client: Client):
        tee = greedy.slug
        seen = "".join(read(client, f"/us/en/{address}") for address in ("", "films/", "goods/", "search/?q=river"))
        missing = [
            f"/us/en/films/{greedy.film.slug}/",
            *(f"/sandbox/en/{address}" for address in ("", "films/", "goods/")),
        ]

        assert "River" in seen
        for page in (seen, read(client, "/us/en/search/?q=shirt"), read(client, "/sitemap.xml")):
            assert ("Sandbox" in page, "/sandbox/" in page, tee in page) == (False, False, False)
        assert [client.get(address).status_code for address in missing] == [404] * 4
        assert client.get("/", headers={"accept-language": "sandbox"}).url == "/us/en/"
        parts = "".join(read(client, part) for part in _addresses(read(client, "/sitemap.xml")))
        assert ("river-pin" in parts, "sandbox" in parts) == (True, False)

    def test_its_buyers_get_no_letters_and_its_sales_are_in_no_books(self, sandbox, mailoutbox):
        later = NOW + timedelta(days=60)
        assert Order.objects.filter(state="paid").count() == 2
        assert currencies_of(sandbox.merchant) == ["XTS"]

        assert (send_letters(at=later), issue_documents(at=later)) == (0, 0)
        with pytest.raises(Refused) as refused:
            make_payout(sandbox.merchant, "XTS", reference="A", by=None, at=later)
        assert refused.value.code == "nothing_to_pay"
        assert mailoutbox == []
        assert offered("XTS") == []

    def test_its_market_is_not_among_a_merchants_and_theirs_not_among_its(self, sandbox, real):
        tee = Product.objects.get(sku="SBX-TEE")

        assert [one.market.code for one in listing_reasons(tee, at=NOW)] == ["sandbox"]
        assert [one.market.code for one in listing_reasons(real, at=NOW)] == ["us"]
        assert [market.code for market in load_known(sandbox.merchant, Layout("csv", {}), at=NOW).markets] == [
            "sandbox"
        ]
        assert [market.code for market in load_known(real.merchant, Layout("csv", {}), at=NOW).markets] == ["us"]

    def test_a_sandboxs_key_sees_and_runs_nothing_of_others(self, sandbox, real, keeper):
        another = make_partner(make_sandbox(make_merchant("another"), by=None, at=NOW))
        theirs = Product.objects.get(sku="SBX-TEE", merchant=another.merchant)
        ends_on = (NOW - timedelta(days=1)).date()
        over = make_licence(make_film(), keeper, starts_on=ends_on - timedelta(days=9), ends_on=ends_on)

        assert sandbox.get(f"sandbox/products/{theirs.slug}").status_code == 404
        assert len(sandbox.get("sandbox/products").json()["data"]) == 3
        assert len(sandbox.get("sandbox/campaigns", **moved(LAUNCH)).json()["data"]) == 1
        assert len(sandbox.get("sandbox/listings", **moved(LAUNCH)).json()["data"]) == 4
        assert sandbox.get("rights?product=river-pin&country=US").status_code == 404
        assert sandbox.get(f"licences/{real.licence.public_id}").status_code == 404
        sandbox.post("sandbox/run", "", **moved(JANUARY))
        over.refresh_from_db()
        assert over.state == "executed"
        assert not Statement.objects.filter(state="closed").exclude(licence__merchant=sandbox.merchant).exists()


def test_answers_are_what_the_document_says(sandbox, keeper):
    product = Product.objects.get(sku="SBX-TEE").slug
    for path, address in SANDBOX.items():
        address = address.format(product=product)
        is_read = operation(path)[0] == "get"
        answer = sandbox.get(address, **moved(LAUNCH)) if is_read else sandbox.post(address, "", **moved(LAUNCH))
        refused = make_partner(keeper).get(address) if is_read else make_partner(keeper).post(address, "")

        assert answer.status_code == 200, path
        assert answer.json().get("data") != [], path
        assert faults(answer.json(), path, 200, "application/json") == [], path
        assert (refused.status_code, refused.json()["code"]) == (403, "not_a_sandbox"), path
        assert faults(refused.json(), path, 403, "application/problem+json") == [], path
        names = {one["name"] for one in operation(path)[1].get("parameters", ()) if one["in"] == "query"}
        wrong = f"{address}?colour=red"
        told = (sandbox.get(wrong) if is_read else sandbox.post(wrong, "")).json()["errors"][0]["detail"]
        assert all(name in told for name in names), path
        assert ("no parameters" in told) == (not names), path


class TestMaking:
    def test_who_is_given_the_same_name_at_the_same_instant_gets_the_next(self, keeper, monkeypatch):
        put = services._put_in_place

        def late(made: Merchant, whose: Merchant | None, slug: str) -> None:
            if slug == "keeper-sandbox":
                make_merchant(slug)  # after it was looked for
            put(made, whose, slug)

        monkeypatch.setattr(services, "_put_in_place", late)

        assert make_sandbox(keeper, by=None, at=NOW).slug == "keeper-sandbox-2"

    def test_it_is_a_merchant_of_its_own_with_the_same_members(self, keeper):
        keeper.members.create(user=make_user("ada"), role="owner")

        made = make_sandbox(keeper, by=None, at=NOW)

        assert (made.slug, made.is_sandbox, made.state) == ("keeper-sandbox", True, "approved")
        assert list(made.members.values_list("user__username", "role")) == [("ada", "owner")]
        assert make_sandbox(keeper, by=None, at=NOW) == sandbox_of(keeper) == made
        assert Merchant.objects.filter(is_sandbox=True).count() == 1

    def test_its_film_is_a_secret_in_every_country(self, sandbox):
        film = Product.objects.filter(sku="SBX-TEE").get().film

        assert set(film.embargoes.values_list("country", flat=True)) == every_country()

    def test_put_back_it_is_as_at_first_behind_the_same_key(self, sandbox, clock):
        sandbox.post("sandbox/run", "", **moved(JANUARY))
        shown = sandbox.get("sandbox").json()
        clock.at = NOW + timedelta(days=3)

        first, again = (sandbox.post("sandbox/reset", "", idempotency_key="once") for _time in range(2))

        assert first.status_code == 200
        assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
        now = sandbox.get("sandbox").json()
        assert now["id"] != shown["id"]
        assert now["slug"] == shown["slug"]
        assert shelf(sandbox) == {"SBX-TEE": "30.00", "SBX-MUG": "15.00", "SBX-PRINT": "45.00"}
        assert {row["state"] for row in sandbox.get("statements").json()["data"]} == {"open"}
        old = Merchant.objects.get(public_id=shown["id"])
        assert (old.state, old.partner_keys.count()) == ("closed", 0)

    def test_only_a_sandbox_is_put_back(self, keeper, sandbox):
        real = make_partner(keeper)

        answers = [real.post(address, "") for address in ("sandbox/reset", "sandbox/run")]

        assert [answer.json()["code"] for answer in answers] == ["not_a_sandbox"] * 2
        keeper.refresh_from_db()
        assert keeper.state == "approved"
        assert PartnerKey.objects.filter(merchant=keeper).count() == 1


class TestWhoseItIs:
    def test_its_people_are_those_of_its_merchant_whatever_becomes_of_them(self, keeper):
        ada, ben, cem = (make_user(name) for name in ("ada", "ben", "cem"))
        for user in (ada, ben):
            add_member(keeper, user, role="owner", by=None)
        made = make_sandbox(keeper, by=None, at=NOW)

        def people():
            return dict(sandbox_of(keeper).members.values_list("user__username", "role"))

        remove_member(keeper.members.get(user=ada), by=None)
        assert people() == {"ben": "owner"}
        add_member(keeper, cem, role="orders", by=None)
        assert people() == {"ben": "owner", "cem": "orders"}
        change_role(keeper.members.get(user=cem), role="finance", by=None)
        assert people() == {"ben": "owner", "cem": "finance"}
        reset_sandbox(made, by=None, at=NOW)
        remove_member(keeper.members.get(user=cem), by=None)
        assert people() == {"ben": "owner"}

    def test_who_accepts_an_invitation_is_of_the_sandbox_too(self, keeper, monkeypatch):
        monkeypatch.setattr(invitations, "new_token", lambda: ("a" * 43, digest_of("a" * 43)))
        made = make_sandbox(keeper, by=None, at=NOW)
        asked = {"email": "dan@keeper.example", "role": "orders", "language": "en"}
        invitations.invite(keeper, **asked, by=None, at=NOW)

        invitations.accept("a" * 43, make_user("dan", email="dan@keeper.example"), at=NOW)

        assert list(made.members.values_list("user__username", "role")) == [("dan", "orders")]

    def test_its_people_are_not_changed_in_the_sandbox_itself(self, keeper):
        add_member(keeper, make_user("ada"), role="owner", by=None)
        made = make_sandbox(keeper, by=None, at=NOW)
        member = made.members.get()
        tries = (
            lambda: add_member(made, make_user("eve"), role="owner", by=None),
            lambda: change_role(member, role="orders", by=None),
            lambda: remove_member(member, by=None),
            lambda: invitations.invite(made, email="eve@x.example", role="owner", language="en", by=None, at=NOW),
        )
        for tried in tries:
            with pytest.raises(Refused) as refusal:
                tried()
            assert refusal.value.code == "people_of_merchant"
        assert list(made.members.values_list("user__username", "role")) == [("ada", "owner")]
        assert made.invitations.count() == 0

    @pytest.mark.parametrize("end", [suspend_merchant, close_merchant])
    def test_its_keys_open_nothing_while_its_merchant_may_not_trade(self, keeper, sandbox, end):
        assert sandbox.get("sandbox").status_code == 200

        end(keeper, by=None)

        read, written = sandbox.get("sandbox/products"), sandbox.post("sandbox/run", "", **moved(JANUARY))
        assert [(answer.status_code, answer.json()["code"]) for answer in (read, written)] == [
            (403, "merchant_not_authorised")
        ] * 2
        if end is suspend_merchant:
            reinstate_merchant(keeper, by=None)
            assert sandbox.get("sandbox").status_code == 200

    def test_it_is_put_back_ten_times_in_a_day_at_most(self, keeper, sandbox, clock, monkeypatch):
        monkeypatch.setattr("sandboxes.services.build", lambda made, at: None)  # what is in it is another matter
        monkeypatch.setattr("sandboxes.services.MOST_RESETS", 2)
        first = [sandbox.post("sandbox/reset", "").status_code for _time in range(2)]
        known = Merchant.objects.count()

        answer = sandbox.post("sandbox/reset", "", idempotency_key="later", **moved(NOW + timedelta(days=9)))

        assert first == [200, 200]
        assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (429, "rate_limited", "3600")
        assert Merchant.objects.count() == known
        clock.at = NOW + timedelta(days=1, seconds=1)
        assert sandbox.post("sandbox/reset", "", idempotency_key="later").status_code == 200

    def test_merchants_whose_slugs_begin_alike_have_sandboxes_of_their_own(self, db, clock, monkeypatch):
        monkeypatch.setattr("sandboxes.services.build", lambda made, at: None)
        alike = [make_merchant("a" * 72 + end) for end in ("", "-b", "-c")]

        made = [make_sandbox(merchant, by=None, at=NOW) for merchant in alike]

        assert [one.slug for one in made] == ["a" * 66 + "-sandbox" + end for end in ("", "-2", "-3")]
        assert [sandbox_of(merchant) for merchant in alike] == made
        assert [make_sandbox(merchant, by=None, at=NOW) for merchant in alike] == made

    def test_under_another_clock_a_request_is_another_one(self, sandbox):
        wanted = {"sku": "NEW", "film": "sandbox-film", "category": "sandbox-goods", "title_en": "New"}

        first = sandbox.post("own/products", wanted, idempotency_key="one", **moved(NOW))
        same = sandbox.post("own/products", wanted, idempotency_key="one", **moved(NOW))
        other = sandbox.post("own/products", wanted, idempotency_key="one", **moved(JANUARY))
        without = sandbox.post("own/products", wanted, idempotency_key="one")

        assert (first.status_code, same.content, same["Idempotent-Replayed"]) == (201, first.content, "true")
        assert [answer.json()["code"] for answer in (other, without)] == ["idempotency_key_reused"] * 2


def read(client: Client, address: str) -> str:
    answer = client.get(address, follow=True)
    assert answer.status_code == 200, address
    return (answer.getvalue() if answer.streaming else answer.content).decode()


def _addresses(index: str) -> list[str]:
    return [part.partition("</loc>")[0].removeprefix("http://localhost:8000") for part in index.split("<loc>")[1:]]
