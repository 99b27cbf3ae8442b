"""Closed for work, without a network, lost: each says so in the reader's language, and how to go on."""

import json
import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from tests.storefront.conftest import make_shop

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("address", "words"),
    [("/us/en/", "Closed for work"), ("/us/zh/goods/", "暂停营业"), ("/panel/en/", "Closed for work")],
)
def test_while_closed_pages_say_when_to_come_again(client, settings, address, words):
    make_shop()
    settings.MAINTENANCE = 600

    answer = client.get(address)

    html = answer.content.decode()
    assert answer.status_code == 503
    assert answer["Retry-After"] == "600"
    assert answer["Cache-Control"] == "no-store"
    assert words in html
    assert f'href="{address}"' in html
    settings.MAINTENANCE = 0
    assert client.get(address).status_code in (200, 302)


def test_while_closed_nothing_is_sold_and_programs_get_a_document(client, settings):
    settings.MAINTENANCE = 60

    assert client.post("/us/en/basket/add/", {"v": "var_1"}).status_code == 503
    answer = client.get("/api/v1/films")
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["code"] == "maintenance"
    assert answer["Retry-After"] == "60"


def test_while_closed_the_desk_and_the_watch_stay_open(client, settings):
    settings.MAINTENANCE = 60

    assert client.get("/health/").status_code == 200
    assert client.get("/desk/login/").status_code == 200


def test_a_kept_page_is_not_shown_while_closed(client, settings):
    make_shop()
    assert client.get("/us/en/films/").status_code == 200

    settings.MAINTENANCE = 60

    assert client.get("/us/en/films/").status_code == 503


@pytest.mark.parametrize(
    ("prefix", "tag", "words"), [("en", "en", "You are not connected"), ("zh", "zh-Hans", "没有网络")]
)
def test_the_page_without_a_network_stands_alone(client, django_assert_num_queries, prefix, tag, words):
    with django_assert_num_queries(0):
        answer = client.get(f"/unconnected/{prefix}/")

    html = answer.content.decode()
    assert f'<html lang="{tag}">' in html
    assert words in html
    assert "<script" not in html
    assert not answer.cookies


def test_the_worker_keeps_that_page_and_its_styles_and_nothing_else(client):
    answer = client.get("/worker.js")

    code = answer.content.decode()
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Cache-Control"] == "no-cache"
    [kept] = re.findall(r"const KEPT = \[(.*)\];", code)
    addresses = re.findall(r'"([^"]+)"', kept.replace("\\u002D", "-"))
    page = client.get("/unconnected/en/").content.decode()
    assert addresses[:2] == ["/unconnected/en/", "/unconnected/zh/"]
    assert addresses[2:] == re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    assert all(finders.find(address.removeprefix("/static/")) for address in addresses[2:])


def test_a_lost_visitor_is_helped_to_search(client):
    make_shop()

    html = client.get("/us/en/films/nobody/").content.decode()

    assert 'action="/us/en/search/"' in html
    assert 'href="/us/en/goods/"' in html
    # Nowhere in particular there is no search to send: it needs a market.
    assert "search/" not in client.get("/nowhere").content.decode()


@pytest.mark.parametrize(
    ("address", "wanted", "tag"),
    [("/nowhere", "zh-CN,zh", "zh-Hans"), ("/nowhere", "de", "en"), ("/us/en/films/nobody/", "zh-CN", "en")],
)
def test_a_lost_visitor_is_answered_in_the_language_of_address_or_browser(address, wanted, tag):
    make_shop()

    html = Client(headers={"accept-language": wanted}).get(address).content.decode()

    assert f'<html lang="{tag}">' in html
