"""The living style page: staff only, every component in both themes, in two languages, and nothing tied to two things."""

import re
from collections import Counter

import pytest
from django.test import Client

from tests.factories import make_film, make_user

pytestmark = pytest.mark.django_db

ADDRESS = "/desk/style/"


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(make_user("designer", is_superuser=False))
    return client


def test_visitors_and_members_are_sent_to_the_desks_door(client):
    assert client.get(ADDRESS).status_code == 302
    client.force_login(make_user("fan", is_staff=False, is_superuser=False))
    assert client.get(ADDRESS)["Location"] == "/desk/login/?next=/desk/style/"


@pytest.mark.parametrize(("prefix", "words"), [("en", "Sold out"), ("zh", "售罄")])
def test_each_component_stands_there_in_both_themes(staff, prefix, words):
    make_film(palette=["#10172B"])

    answer = staff.get(ADDRESS, {"language": prefix})

    html = answer.content.decode()
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert html.count('data-theme="light"') == html.count('data-theme="dark"') > 15
    assert html.count(words) >= 4
    for part in (
        "class=\"btn\" disabled", "pill bad", "note warn", 'aria-invalid="true"', "flag cut", "price cut", "lead-card",
        "opt none", "tell-me", "countdown", "class=\"table\"", "class=\"empty\"", "film-title voice-didone",
        "class=\"share\"", "class=\"wish field-error\"", "panel-steps", "licence-time-narrow", "desk-bar",
    ):  # fmt: skip
        assert part in html, part


def test_names_are_unique_and_ties_lead_somewhere(staff):
    html = staff.get(ADDRESS).content.decode()

    ids = Counter(re.findall(r'\bid="([^"]+)"', html))
    ties = re.findall(r'\b(?:for|aria-describedby|aria-labelledby)="([^"]+)"', html)
    assert [name for name, count in ids.items() if count > 1] == []
    assert [name for tie in ties for name in tie.split() if name not in ids] == []
    assert len(ties) > 20


def test_a_share_button_stands_there_as_its_script_leaves_it(staff):
    html = staff.get(ADDRESS).content.decode()

    assert 'data-mount="share"' not in html
    assert len(re.findall(r'<p class="share-said"[^>]*>The address is copied\.</p>', html)) == 2
    assert len(re.findall(r'<p class="share-said"[^>]*>The address could not be copied\.</p>', html)) == 2


def test_nothing_takes_the_focus_and_each_hatch_is_found(staff):
    html = staff.get(ADDRESS).content.decode()

    ids = set(re.findall(r'\bid="([^"]+)"', html))
    hatches = re.findall(r"url\(#([^)]+)\)", html)
    assert "autofocus" not in html
    assert len(hatches) == 2
    assert set(hatches) <= ids
