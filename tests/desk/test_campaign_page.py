"""The page a campaign is launched from."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns import services, staging
from campaigns.admin import page
from campaigns.models import Campaign, Due, Listing, SyncRun
from films.models import Film
from films.services import set_embargo, set_release
from licensing.models import Licence
from tests.factories import make_campaign, make_film, make_licence, make_merchant, make_product

pytestmark = pytest.mark.django_db


def address(campaign: Campaign, page: str = "desk") -> str:
    return reverse(f"admin:campaigns_campaign_{page}", args=[campaign.pk])


def words(client: Client, where: str) -> str:
    return " ".join(unescape(client.get(where).content.decode()).split())


def test_a_draft_shows_its_plan_and_writes_nothing(desk: Client, draft: Campaign) -> None:
    shown = words(desk, address(draft) + "?plan=1")

    assert "+2 added" in shown
    assert "Ferry model 0" in shown
    assert "<del>$50.00</del> <ins>$40.00</ins>" in shown
    assert not Listing.objects.exists()


def test_the_plan_is_fetched_apart_and_works_without_script(desk: Client, draft: Campaign) -> None:
    shown = words(desk, address(draft))

    assert f'hx-get="{address(draft, "plan")}"' in shown
    assert f'href="{address(draft)}?plan=1"' in shown
    assert "+2 added" not in shown
    assert "+2 added" in words(desk, address(draft, "plan"))


def test_a_long_plan_waits_until_somebody_asks(desk: Client, draft: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "QUICK", 1)

    shown = words(desk, address(draft))

    assert f'hx-get="{address(draft, "plan")}"' not in shown
    assert "this takes a while" in shown
    assert f'href="{address(draft)}?plan=1"' in shown


def test_the_plan_says_who_is_refused_and_why(desk: Client, draft: Campaign) -> None:
    licence = make_licence(draft.film, make_merchant("rival"), countries=("DE",))
    make_product(licence=licence, title_en="Red vinyl", prices={"us": 900})

    shown = words(desk, address(draft, "plan"))

    assert "+2 added" in shown
    assert "Will not be listed" in shown
    assert "Red vinyl" in shown
    assert "TERRITORY_NOT_LICENSED" in shown


def test_the_plan_counts_what_it_does_not_show(desk: Client, draft: Campaign) -> None:
    licence = Licence.objects.get()
    for number in range(12):
        make_product(licence=licence, title_en=f"Mug {number}", prices={"us": 900})

    assert "2 more changes" in words(desk, address(draft, "plan"))


def test_the_plan_names_the_other_campaign_on_the_same_goods(desk: Client, scheduled: Campaign) -> None:
    later = make_campaign(
        scheduled.film, name_en="Rainy days", starts_at=scheduled.starts_at, ends_at=scheduled.ends_at, priority=5
    )

    shown = words(desk, address(later, "plan"))

    assert "Also covered by another campaign" in shown
    assert "With Ten years: Rainy days counts" in shown


def test_a_rule_that_cannot_be_read_is_said_in_place_of_the_plan(desk: Client, draft: Campaign) -> None:
    Campaign.objects.filter(pk=draft.pk).update(rule={"stars": ["Leslie"]})

    answer = desk.get(address(draft, "plan"))

    assert answer.status_code == 200
    assert "is not something to select by" in answer.content.decode()


def test_a_scheduled_campaign_counts_down_in_its_own_time(desk: Client, scheduled: Campaign) -> None:
    shown = words(desk, address(scheduled))

    assert "Scheduled" in shown
    assert f'data-countdown="{scheduled.starts_at.isoformat()}"' in shown
    assert "until it goes live" in shown
    assert "Shanghai time" in shown
    assert "Push every channel" in shown
    assert "Take down from the channels" in shown
    assert shown.count("Waits for the clock") == Due.objects.count()
    assert "Every listing is staged" in shown
    assert "Scheduled</strong> head" in shown


def test_the_progress_stands_for_itself_and_polls_only_while_work_is_open(desk: Client, scheduled: Campaign) -> None:
    still = words(desk, address(scheduled, "progress"))
    SyncRun.objects.create(campaign=scheduled, kind=SyncRun.Kind.PUSH, state=SyncRun.State.RUNNING)
    moving = words(desk, address(scheduled, "progress"))

    assert "0 of 2" in still
    assert "every 2s" not in still
    assert f'hx-get="{address(scheduled, "progress")}" hx-trigger="every 2s"' in moving


def test_the_bar_is_made_of_the_counts(desk: Client, scheduled: Campaign) -> None:
    first, second = Listing.objects.order_by("pk")
    Listing.objects.filter(pk=first.pk).update(state=Listing.State.SENT)
    Listing.objects.filter(pk=second.pk).update(state=Listing.State.DEAD, problem="The channel is away")

    shown = words(desk, address(scheduled, "progress"))

    assert '<rect class="sent" x="0" width="500" height="8"/>' in shown
    assert '<rect class="failed" x="500" width="500" height="8"/>' in shown
    assert "1 of 2, 1 failed" in shown
    assert "1 listing refused: The channel is away." in shown
    assert "state__exact=dead" in shown


def test_what_is_shown_cannot_break_out_of_the_page(desk: Client, draft: Campaign) -> None:
    Campaign.objects.filter(pk=draft.pk).update(name_en="<script>alert(1)</script>")
    Film.objects.update(ground="red;}*{")

    assert "<script>alert(1)" not in desk.get(address(draft)).content.decode()
    assert desk.get(address(draft, "colours")).content == b""


def test_the_films_colours_come_as_a_sheet(desk: Client, draft: Campaign) -> None:
    answer = desk.get(address(draft, "colours"))

    assert answer["Content-Type"] == "text/css"
    assert answer.content == b".on-film.on-film { --film-ground: #10172B; --film-ink: #FBEFD9; }"


def test_a_reader_sees_the_page_without_buttons(reader_desk: Client, scheduled: Campaign) -> None:
    Listing.objects.update(state=Listing.State.REFUSED)

    shown = words(reader_desk, address(scheduled))

    assert "Ten years" in shown
    assert "/do/" not in shown


def queries_of(client: Client, where: str) -> int:
    client.get(where)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(where).status_code == 200
    return len(queries)


@pytest.mark.parametrize("name", ["desk", "plan", "progress"])
def test_one_and_three_products_cost_the_same(desk: Client, name: str) -> None:
    start = timezone.now() + timedelta(days=1)
    counts = []
    for number in (1, 3):
        licence = make_licence(make_film(), make_merchant())
        for _ in range(number):
            make_product(licence=licence)
        campaign = make_campaign(licence.film, starts_at=start, ends_at=start + timedelta(days=1))
        counts.append(queries_of(desk, address(campaign, name)))

    assert counts[0] == counts[1]


LISTS = [
    ("campaigns", "campaign"),
    ("campaigns", "listing"),
    ("campaigns", "revision"),
    ("catalog", "price"),
    ("catalog", "product"),
    ("catalog", "shelfspan"),
    ("catalog", "stock"),
    ("catalog", "variant"),
    ("films", "film"),
    ("licensing", "licence"),
    ("merchants", "merchant"),
]


@pytest.mark.parametrize("app, model", LISTS)
def test_a_list_of_one_and_of_three_cost_the_same(desk: Client, head: object, app: str, model: str) -> None:
    where = reverse(f"admin:{app}_{model}_changelist")
    start = timezone.now() + timedelta(days=1)
    counts = []
    for number in (1, 2):
        for _ in range(number):
            product = make_product()
            campaign = make_campaign(product.film, starts_at=start, ends_at=start + timedelta(days=1))
            _stage(campaign, head)
        counts.append(queries_of(desk, where))

    assert counts[0] == counts[1]


def _stage(campaign: Campaign, head: object) -> None:
    revision = services.schedule_campaign(campaign, by=head, at=timezone.now())  # type: ignore[arg-type]
    staging.stage_revision(revision.pk)


def test_a_films_page_of_one_and_of_three_rows_cost_the_same(desk: Client, head: object) -> None:
    film = make_film()
    where = reverse("admin:films_film_change", args=[film.pk])
    counts = []
    for countries in (["CN"], ["US", "DE"]):
        for country in countries:
            set_release(film, by=head, country=country, opens_on=timezone.now().date())  # type: ignore[arg-type]
            set_embargo(film, by=head, country=country, tier="title", lifts_at=timezone.now())  # type: ignore[arg-type]
        counts.append(queries_of(desk, where))

    assert counts[0] == counts[1]


def test_a_variants_page_of_one_and_of_three_prices_cost_the_same(desk: Client) -> None:
    counts = []
    for prices in ({"us": 1000}, {"us": 1000, "hk": 2000, "cn": 3000}):
        variant = make_product(prices=prices).variants.get()
        counts.append(queries_of(desk, reverse("admin:catalog_variant_change", args=[variant.pk])))

    assert counts[0] == counts[1]
