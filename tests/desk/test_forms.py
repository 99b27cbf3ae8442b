"""Saving at the desk goes through the services; what they guard cannot be typed over."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, User
from campaigns.models import Campaign, Placement
from films.models import Embargo, Film, Release
from licensing.models import Category, Grant, Licence
from merchants.models import Member, Merchant
from tests.factories import make_category, make_film, make_licence, make_market, make_merchant, make_user

pytestmark = pytest.mark.django_db


def address(app: str, model: str, page: str, *args: object) -> str:
    return reverse(f"admin:{app}_{model}_{page}", args=args)


def verbs() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))


FILM = {"title_en": "The Ferryman", "ground": "#10172B", "ink": "#FBEFD9", "voice": "cond", "position": 1}
NO_GRANTS = {"grants-TOTAL_FORMS": 0, "grants-INITIAL_FORMS": 0}


def inlines(*prefixes: str) -> dict[str, int]:
    return {f"{prefix}-{name}_FORMS": 0 for prefix in prefixes for name in ("TOTAL", "INITIAL")}


FILM_INLINES = inlines("releases", "embargoes", "credits", "artworks")


def test_a_film_is_added_and_its_texts_edited(desk: Client, head: User) -> None:
    added = desk.post(address("films", "film", "add"), FILM | {"slug": "the-ferryman"})
    film = Film.objects.get()
    before = film.updated_at
    edited = desk.post(address("films", "film", "change", film.pk), FILM | FILM_INLINES | {"title_zh": "摆渡人"})

    film.refresh_from_db()
    assert (added.status_code, edited.status_code) == (302, 302)
    assert (film.slug, film.title_zh) == ("the-ferryman", "摆渡人")
    assert film.updated_at > before
    entry = AuditEntry.objects.get(verb="film.edited")
    assert (entry.actor, entry.changes) == (head, {"title_zh": ["", "摆渡人"]})


def test_a_films_address_stays(desk: Client) -> None:
    film = make_film("old-address", **FILM)

    desk.post(address("films", "film", "change", film.pk), FILM | FILM_INLINES | {"slug": "new-address"})

    film.refresh_from_db()
    assert film.slug == "old-address"


def test_an_embargo_is_written_in_the_zone_it_is_meant_in(desk: Client) -> None:
    film = make_film()

    answer = desk.post(
        address("films", "embargo", "add"),
        {"film": film.pk, "tier": "title", "country": "CN", "zone": "Asia/Shanghai"}
        | {"lifts_at_0": "2026-12-23", "lifts_at_1": "20:00:00"},
    )

    assert answer.status_code == 302
    embargo = Embargo.objects.get()
    assert (embargo.country, embargo.zone) == ("CN", "Asia/Shanghai")
    assert embargo.lifts_at == datetime(2026, 12, 23, 12, tzinfo=UTC)
    assert "20:00:00" in desk.get(address("films", "embargo", "change", embargo.pk)).content.decode()
    assert verbs() == ["film.embargo_set"]


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"country": "QQ"}, "QQ is not a country code."),
        ({"zone": "Mars/Olympus"}, "Mars/Olympus is not a time zone."),
        ({"lifts_at_0": "0001-01-01"}, "is not a date that can be used here."),
    ],
)
def test_a_refusal_is_said_on_the_form(desk: Client, wrong: dict[str, str], words: str) -> None:
    film = make_film()
    data = {"film": film.pk, "tier": "title", "country": "CN", "zone": "UTC"}
    data |= {"lifts_at_0": "2026-12-23", "lifts_at_1": "20:00:00"}

    answer = desk.post(address("films", "embargo", "add"), data | wrong)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Embargo.objects.exists()
    assert verbs() == []


def test_a_form_that_is_wrong_answers_422(desk: Client) -> None:
    answer = desk.post(address("films", "embargo", "add"), {})

    assert answer.status_code == 422
    assert "This field is required" in answer.content.decode()


def test_a_release_is_set(desk: Client) -> None:
    film = make_film()

    answer = desk.post(
        address("films", "release", "add"),
        {"film": film.pk, "country": "US", "opens_on": "2026-12-23", "zone": "America/New_York"},
    )

    assert answer.status_code == 302
    assert Release.objects.values_list("country", "opens_on").get() == ("US", date(2026, 12, 23))
    assert verbs() == ["film.release_set"]


def test_a_merchants_state_and_papers_cannot_be_typed_over(desk: Client) -> None:
    merchant = make_merchant("harbour", state=Merchant.State.SUSPENDED, documents_expire_on=date(2026, 1, 1))

    answer = desk.post(
        address("merchants", "merchant", "change", merchant.pk),
        inlines("members")
        | inlines("partner_keys")
        | inlines("submittals")
        | {"name": "Harbour Goods", "country": "HK", "state": "approved", "documents_expire_on": "2030-01-01"},
    )

    merchant.refresh_from_db()
    assert answer.status_code == 302
    assert (merchant.name, merchant.country) == ("Harbour Goods", "HK")
    assert (merchant.state, merchant.documents_expire_on) == (Merchant.State.SUSPENDED, date(2026, 1, 1))
    assert verbs() == ["merchant.edited"]


def test_a_new_merchant_has_applied(desk: Client) -> None:
    desk.post(
        address("merchants", "merchant", "add"),
        {"slug": "harbour", "name": "Harbour", "country": "CN", "state": "approved"},
    )

    assert Merchant.objects.get().state == Merchant.State.APPLIED


def test_members_come_and_change_by_service(desk: Client) -> None:
    merchant, user = make_merchant(), make_user("mei")

    desk.post(address("merchants", "member", "add"), {"merchant": merchant.pk, "user": user.pk, "role": "owner"})
    member = Member.objects.get()
    refused = desk.post(address("merchants", "member", "change", member.pk), {"role": "orders"})

    member.refresh_from_db()
    assert refused.status_code == 422
    assert "has to keep at least one owner" in refused.content.decode()
    assert member.role == "owner"
    assert verbs() == ["merchant.member_added"]


#: What the form of a licence always sends, besides days.
AMENDABLE = {"sell_off_days": 0, "review_days": 10, "calendar": "CN", "silence_rule": "deemed_disapproved"}


def licence_data(**more: object) -> dict[str, object]:
    return {
        "number": "LIC-1",
        "starts_on": "2026-01-01",
        "ends_on": "2027-12-31",
        "time_zone": "Asia/Shanghai",
        "grace_days": 0,
        **AMENDABLE,
    } | more


def grant_rows(*rows: dict[str, object], initial: int = 0) -> dict[str, object]:
    data: dict[str, object] = {"grants-TOTAL_FORMS": len(rows), "grants-INITIAL_FORMS": initial}
    for number, row in enumerate(rows):
        data |= {f"grants-{number}-{name}": value for name, value in row.items()}
    return data


def test_a_category_is_added_and_then_stays(desk: Client) -> None:
    data = {"code": "mugs", "name_en": "Mugs", "position": 1}

    added = desk.post(address("licensing", "category", "add"), data)
    category = Category.objects.get()
    changed = desk.post(address("licensing", "category", "change", category.pk), data | {"name_en": "Cups"})

    category.refresh_from_db()
    assert (added.status_code, changed.status_code) == (302, 403)
    assert (category.code, category.name_en) == ("mugs", "Mugs")
    assert verbs() == ["category.created"]


def test_a_licence_is_drafted_with_grants_and_schedule(desk: Client) -> None:
    film, merchant, category = make_film(), make_merchant(), make_category()
    grant = {"category": category.pk, "countries": "us, CN-HK", "excluded_countries": "", "channels": ["own_shop"]}

    answer = desk.post(
        address("licensing", "licence", "add"),
        licence_data(film=film.pk, merchant=merchant.pk, skus="TEE 1\nMUG-2", state="executed") | grant_rows(grant),
    )

    licence = Licence.objects.get()
    assert answer.status_code == 302
    assert licence.state == Licence.State.DRAFT
    assert list(Grant.objects.values_list("category", "countries", "channels")) == [
        (category.pk, ["US", "HK"], ["own_shop"])
    ]
    assert sorted(licence.schedule.values_list("sku", flat=True)) == ["MUG-2", "TEE 1"]
    assert verbs() == ["licence.created", "licence.grants_set", "licence.schedule_set"]


def test_a_grant_of_an_unknown_country_changes_nothing(desk: Client) -> None:
    licence = make_licence(make_film(), make_merchant(), countries=("US",))
    grant = licence.grants.get()
    row = {"id": grant.pk, "licence": licence.pk, "countries": "US, QQ", "excluded_countries": "", "channels": ["*"]}

    answer = desk.post(
        address("licensing", "licence", "change", licence.pk),
        {"ends_on": "2028-12-31", "grace_days": 0, "skus": ""} | AMENDABLE | grant_rows(row, initial=1),
    )

    licence.refresh_from_db()
    assert answer.status_code == 422
    assert "QQ is not a country code." in answer.content.decode()
    assert licence.ends_on == date(2027, 12, 31)
    assert licence.grants.get().countries == ["US"]
    assert verbs() == []


def test_an_executed_licence_is_only_amended(desk: Client) -> None:
    licence = make_licence(make_film(), make_merchant(), countries=("US",))
    before, grant = licence.updated_at, licence.grants.get()
    kept = {"id": grant.pk, "licence": licence.pk, "countries": "US", "excluded_countries": "", "channels": ["*"]}
    more = {"countries": "HK", "excluded_countries": "", "channels": ["own_shop"]}

    answer = desk.post(
        address("licensing", "licence", "change", licence.pk),
        licence_data(number="LIC-OTHER", starts_on="2020-01-01", ends_on="2028-12-31", is_exclusive="on", skus="")
        | {"merchant": make_merchant().pk, "film": make_film().pk, "state": "draft"}
        | grant_rows(kept, more, initial=1),
    )

    old = (licence.number, licence.starts_on, licence.merchant_id, licence.film_id, licence.is_exclusive, licence.state)
    licence.refresh_from_db()
    assert answer.status_code == 302
    assert licence.ends_on == date(2028, 12, 31)
    assert licence.updated_at > before
    assert [grant.countries for grant in licence.grants.all()] == [["US"], ["HK"]]
    assert old == (
        licence.number,
        licence.starts_on,
        licence.merchant_id,
        licence.film_id,
        licence.is_exclusive,
        licence.state,
    )
    assert verbs() == ["licence.edited", "licence.grants_set"]


def test_a_terminated_licence_is_not_edited(desk: Client) -> None:
    licence = make_licence(make_film(), make_merchant(), state=Licence.State.TERMINATED)

    answer = desk.post(address("licensing", "licence", "change", licence.pk), licence_data() | NO_GRANTS)

    assert answer.status_code == 403
    assert verbs() == []


def campaign_data(**more: object) -> dict[str, object]:
    return {
        "name_en": "Rainy days",
        "starts_at_0": "2026-12-23",
        "starts_at_1": "20:00:00",
        "ends_at_0": "2026-12-30",
        "ends_at_1": "20:00:00",
        "time_zone": "Asia/Shanghai",
        "rule": '{"films": ["rain"]}',
        "discount": '{"kind": "none"}',
        "priority": 0,
    } | more


def test_a_campaign_is_drafted_in_its_own_zone(desk: Client, head: User, draft: Campaign) -> None:
    market, channel = draft.markets.get(), draft.channels.get()

    answer = desk.post(
        address("campaigns", "campaign", "add"),
        campaign_data(slug="rainy-days", markets=[market.pk], channels=[channel.pk], state="scheduled"),
    )

    campaign = Campaign.objects.get(slug="rainy-days")
    assert answer["Location"] == address("campaigns", "campaign", "desk", campaign.pk)
    assert (campaign.state, campaign.created_by) == (Campaign.State.DRAFT, head)
    assert campaign.starts_at == datetime(2026, 12, 23, 12, tzinfo=UTC)
    assert list(campaign.markets.all()) == [market]
    assert verbs() == ["campaign.created"]


def test_editing_a_campaign_leaves_its_state_and_what_is_published(desk: Client, scheduled: Campaign) -> None:
    market = make_market("hk")
    data = campaign_data(markets=[market.pk], channels=[scheduled.channels.get().pk], state="draft", published="")

    answer = desk.post(
        address("campaigns", "campaign", "change", scheduled.pk), data | inlines("placements", "entries")
    )

    published = scheduled.published_id
    scheduled.refresh_from_db()
    assert answer.status_code == 302
    assert (scheduled.name_en, list(scheduled.markets.all())) == ("Rainy days", [market])
    assert (scheduled.state, scheduled.published_id) == (Campaign.State.SCHEDULED, published)
    assert verbs()[-1] == "campaign.edited"


@pytest.mark.parametrize(
    "wrong",
    [
        {"rule": "{}"},
        {"rule": "films"},
        {"discount": '{"kind": "percent", "percent": "200"}'},
        {"time_zone": "Mars/Olympus"},
        {"ends_at_0": "2026-12-01"},
        {"ends_at_0": "9999-12-31"},
    ],
)
def test_a_campaign_that_cannot_be_is_refused_on_the_form(desk: Client, draft: Campaign, wrong: dict[str, str]) -> None:
    data = campaign_data(markets=[draft.markets.get().pk], channels=[draft.channels.get().pk])

    answer = desk.post(address("campaigns", "campaign", "change", draft.pk), data | wrong | inlines("placements"))

    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    assert Campaign.objects.get().name_en == "Ten years"


def test_a_placement_is_set_and_removed(desk: Client, draft: Campaign) -> None:
    data = {"campaign": draft.pk, "slot": "home_hero", "headline_en": "Soon"}
    data |= {"announced_at_0": "2026-12-01", "announced_at_1": "12:00:00"}

    desk.post(address("campaigns", "placement", "add"), data)
    placement = Placement.objects.get()
    desk.post(address("campaigns", "placement", "verb", placement.pk, "remove"))

    assert (placement.slot, placement.headline_en) == ("home_hero", "Soon")
    assert not Placement.objects.exists()
    assert verbs() == ["campaign.placement_set", "campaign.placement_removed"]


def test_power_is_handed_out_by_superusers_only() -> None:
    clerk = make_user("clerk", is_superuser=False)
    clerk.user_permissions.set(_permissions("change_user", "view_user"))
    boss = make_user("boss")
    client = Client()
    client.force_login(clerk)
    data = {"username": "clerk", "is_active": "on", "is_staff": "on", "is_superuser": "on"}

    mine = client.post(address("accounts", "user", "change", clerk.pk), data)
    theirs = client.post(address("accounts", "user", "change", boss.pk), data | {"username": "mine-now"})

    clerk.refresh_from_db()
    assert (mine.status_code, theirs.status_code) == (302, 403)
    assert not clerk.is_superuser
    assert set(User.objects.values_list("username", flat=True)) == {"clerk", "boss"}
    assert verbs() == ["user.edited"]


def _permissions(*names: str) -> object:
    return Permission.objects.filter(codename__in=names)
