"""Calendar files: the instant in UTC, the day as a day, as RFC 5545 writes them, and nothing that is over or not to be known."""

import re
from datetime import date, timedelta

import pytest

from films.models import Embargo, Film, Release
from merchstore.storefront.calendar import _folded, _text
from tests.factories import NOW
from tests.storefront.conftest import DAY, make_shop, publish

pytestmark = pytest.mark.django_db


def lines_of(response) -> list[str]:
    """Unfolded; each line ends as the protocol wants it and none is too long."""
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    text = response.content.decode()
    assert text.endswith("\r\n")
    raw = text.split("\r\n")[:-1]
    assert "\n" not in "".join(raw)
    assert max(len(line.encode()) for line in raw) <= 75
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def facts_of(response) -> dict[str, str]:
    return dict(line.split(":", 1) for line in lines_of(response))


def test_a_launch_is_an_instant_with_a_reminder(get, settings):
    make_shop()

    facts = facts_of(get("/us/en/campaigns/campaign-0/launch.ics"))

    starts = NOW + DAY
    assert facts["DTSTART"] == f"{starts:%Y%m%dT%H%M%SZ}"
    assert facts["DTEND"] == f"{starts + timedelta(minutes=30):%Y%m%dT%H%M%SZ}"
    assert facts["SUMMARY"] == "Ten years opens"
    assert facts["URL"] == f"{settings.SITE_URL}/us/en/campaigns/campaign-0/"
    assert facts["TRIGGER"] == "-PT15M"
    assert facts["UID"] == "campaign-campaign-0-us@localhost"


def test_the_page_leads_to_it_until_the_campaign_is_open(get, clock):
    make_shop()

    before = get("/us/en/campaigns/campaign-0/").content.decode()
    clock.at = NOW + DAY
    after = get("/us/en/campaigns/campaign-0/").content.decode()

    assert re.findall(r'href="([^"]*\.ics)"', before) == ["/us/en/campaigns/campaign-0/launch.ics"]
    assert ".ics" not in after
    assert get("/us/en/campaigns/campaign-0/launch.ics").status_code == 404
    assert get("/us/en/campaigns/nobody/launch.ics").status_code == 404


def test_a_launch_that_moves_keeps_its_name(get):
    shop = make_shop()
    first = facts_of(get("/us/en/campaigns/campaign-0/launch.ics"))

    shop.campaign.placements.all().delete()
    publish(shop.campaign, starts_at=NOW + 2 * DAY)
    moved = facts_of(get("/us/en/campaigns/campaign-0/launch.ics"))

    assert moved["UID"] == first["UID"]
    assert moved["DTSTART"] == f"{NOW + 2 * DAY:%Y%m%dT%H%M%SZ}"


def test_a_first_day_is_a_day_and_only_one_that_is_ahead(get):
    film = make_shop().film
    Release.objects.create(film=film, country="US", opens_on=date(NOW.year + 1, 2, 28), zone="America/New_York")
    Release.objects.create(film=film, country="FR", opens_on=(NOW - DAY).date(), zone="Europe/Paris")

    html = get("/us/en/films/film-0/").content.decode()
    facts = facts_of(get("/us/en/films/film-0/opens-US.ics"))

    assert re.findall(r'href="([^"]*\.ics)"', html) == [
        "/us/en/campaigns/campaign-0/launch.ics",
        "/us/en/films/film-0/opens-US.ics",
    ]
    assert facts["DTSTART;VALUE=DATE"] == f"{NOW.year + 1}0228"
    assert facts["DTEND;VALUE=DATE"] == f"{date(NOW.year + 1, 2, 28) + timedelta(days=1):%Y%m%d}"
    assert facts["SUMMARY"].endswith("in cinemas (United States)")
    for gone in ("FR", "CN", "DE"):
        assert get(f"/us/en/films/film-0/opens-{gone}.ics").status_code == 404


def test_a_film_that_may_not_be_known_has_no_day(get):
    make_shop(2)
    for slug in ("film-0", "film-1"):
        film = Film.objects.get(slug=slug)
        Release.objects.filter(film=film, country="US").delete()
        Release.objects.create(film=film, country="US", opens_on=date(NOW.year + 1, 2, 28), zone="America/New_York")
    Embargo.objects.create(film=film, tier="title", country="US", lifts_at=NOW + DAY)

    assert get("/us/en/films/film-0/opens-US.ics").status_code == 200
    assert get("/us/en/films/film-1/opens-US.ics").status_code == 404


def test_a_long_line_goes_on_without_cutting_a_character():
    folded = _folded("SUMMARY:" + "摆渡人" * 20)

    assert folded.replace("\r\n ", "") == "SUMMARY:" + "摆渡人" * 20 + "\r\n"
    assert [line.encode().decode() for line in folded.split("\r\n")]
    assert max(len(line.encode()) for line in folded.split("\r\n")) <= 75


def test_signs_that_mean_something_are_escaped():
    assert _text("a, b; c\\d\ne") == "a\\, b\\; c\\\\d e"
