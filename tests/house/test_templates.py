"""The template check sees what would not compile, what the browser would block and what nobody could translate."""

from pathlib import Path

import pytest

from scripts.check_templates import main, problems_of
from tests.house.plans import append, copy_house, run_check

HERE = Path("planted.html")


@pytest.mark.parametrize(
    "text, problem",
    [
        ("{% if film %}", "does not compile"),
        ("{{ film|nosuchfilter }}", "does not compile"),
        ("{% nosuchtag %}", "does not compile"),
        ('{% extends "storefront/nosuch.html" %}', "names storefront/nosuch.html, which does not exist"),
        ('{% include "storefront/nosuch.html" %}', "names storefront/nosuch.html, which does not exist"),
        ("<script>start()</script>", "inline script"),
        ('<script type="module">start()</script>', "inline script"),
        ("<style>a { color: red }</style>", "inline style"),
        ('<p style="color: red"></p>', "inline style"),
        ('<p {% if hot %}style="color: {{ colour|default:"red" }}"{% endif %}></p>', "inline style"),
        ('<button onclick="buy()"></button>', "onclick="),
        ('<button hx-on:click="buy()"></button>', "hx-on:click="),
        ('<a href="javascript:buy()"></a>', "script address"),
        ("<p>Buy now</p>", "unmarked text: 'Buy now'"),
        ("<p>立即购买</p>", "unmarked text: '立即购买'"),
        ('<img alt="Poster">', "unmarked text in alt: 'Poster'"),
        ('<input placeholder="Search">', "unmarked text in placeholder: 'Search'"),
        ("<p>{{ count }} films</p>", "unmarked text: 'films'"),
    ],
)
def test_a_breach_is_seen(text: str, problem: str) -> None:
    problems = problems_of(HERE, f"<main>\n{text}")

    assert len(problems) == 1
    assert problem in problems[0]
    assert problems[0].startswith("planted.html:")


@pytest.mark.parametrize(
    "text",
    [
        '{% load i18n %}<p>{% translate "Buy now" %}</p>',
        "{% load i18n %}<p>{% blocktranslate count n=3 %}one film{% plural %}{{ n }} films{% endblocktranslate %}</p>",
        '<p translate="no">merchstore <b>studio</b></p>',
        '<a href="/en/" lang="en" translate="no">English</a>',
        "<p>{{ film.title }} · {{ film.year }} × 3</p>",
        '<script type="module" src="/static/js/a.js"></script>',
        '<script type="application/ld+json">{"name": "film"}</script>',
        "{# a note #}<p></p>{% comment %}<b onclick=x>words</b>{% endcomment %}",
        '{% include name_in_a_variable %}<img src="{{ image }}" alt="{{ film.title }}">',
    ],
)
def test_what_is_right_passes(text: str) -> None:
    assert problems_of(HERE, text) == []


def test_the_line_of_a_breach_is_told() -> None:
    text = (
        "{% load i18n %}\n{% comment %}\nnote\n{% endcomment %}\n<p>\n  {% translate 'Fine' %}\n</p>\n<p onclick=a></p>"
    )

    assert problems_of(HERE, text) == [
        "planted.html:8: onclick=: the content security policy blocks it; listen in a module"
    ]


def test_a_breach_in_a_file_fails_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    planted = tmp_path / "planted.html"
    planted.write_text('<p style="color: red"></p>')

    assert main([str(planted)]) == 1
    assert f"{planted}:1: inline style" in capsys.readouterr().out


def test_the_check_reads_the_projects_templates(tmp_path: Path) -> None:
    house = copy_house(tmp_path)
    append(house, "templates/storefront/planted.html", "<p onclick='x'></p>")

    answer = run_check("templates", house)

    assert answer.returncode == 1
    assert "planted.html:1: onclick=" in answer.stdout
