"""Films from Wikipedia's lists and the Solr example."""

import json
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AuditEntry
from core.errors import Refused
from core.importing.report import Report
from films.models import Credit, Film, Release
from films.services import import_films
from tests.factories import make_film

pytestmark = pytest.mark.django_db

SOLR = ["solr_films.csv", "solr_films.json", "solr_films.xml"]
AMELIE: dict[str, Any] = {
    "title": "Amélie",
    "year": 2001,
    "cast": ["Audrey Tautou", "Mathieu Kassovitz"],
    "genres": ["Romance"],
    "href": "Amélie",
    "extract": "A shy waitress.",
}


def bring_in(tmp_path: Path, content: str | bytes | list[Any], **options: Any) -> Report:
    path = tmp_path / "films.any"
    if isinstance(content, list):
        content = json.dumps(content, ensure_ascii=False, indent=1)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return import_films(path, by=None, **options)


def refusals(report: Report) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.column, problem.code) for problem in report.refusals.in_order()]


def counts(report: Report) -> tuple[int, ...]:
    assert report.rows.as_plain() == report.subjects.as_plain()
    return tuple(report.rows.as_plain().values())


def everything() -> list[Any]:
    return [list(Film.objects.order_by("pk").values()), list(Credit.objects.order_by("pk").values())]


# -- the real files ---------------------------------------------------------------------------------
@pytest.mark.parametrize("first", SOLR)
def test_one_set_in_three_formats_is_the_same_films(shared_data: Path, first: str) -> None:
    folder = shared_data / "films"
    source = json.loads((folder / "solr_films.json").read_text())

    report = import_films(folder / first, by=None)

    assert counts(report) == (1100, 1100, 0, 0, 0)
    standing = everything()
    for other in SOLR:
        assert counts(import_films(folder / other, by=None)) == (1100, 0, 0, 1100, 0)
    assert everything() == standing
    films = {film.source_key: film for film in Film.objects.all()}
    directors = Counter(Credit.objects.filter(role="director").values_list("film__source_key", flat=True))
    for told in source:
        film = films[f"solr:{told['id']}"]
        date = told.get("initial_release_date")
        assert (film.title_en, film.genres) == (told["name"], told["genre"])
        assert film.year == (int(date[:4]) if date else None)
        assert directors[film.source_key] == len(set(told["directed_by"]))
    assert Film.objects.filter(year=None).count() == 116
    assert not Film.objects.filter(year=0).exists()
    assert not Release.objects.exists()


def test_the_wikipedia_file_loses_and_merges_nothing(shared_data: Path) -> None:
    path = shared_data / "films/wikipedia_movies_2010s.json"
    source = json.loads(path.read_text())

    report = import_films(path, by=None)

    assert counts(report) == (2512, 2512, 0, 0, 0)
    assert Film.objects.values("slug").distinct().count() == 2512
    norwegian = Film.objects.filter(title_en="Norwegian Wood").order_by("year")
    assert list(norwegian.values_list("slug", "year")) == [("norwegian-wood", 2010), ("norwegian-wood-2012", 2012)]
    assert report.warnings.codes["same_page"] == 2
    assert Film.objects.get(title_en="Gerhard Richter Painting").year == 2012
    junk = sum(not any(map(str.isalnum, name)) for told in source for name in told["cast"])
    assert report.warnings.codes["junk_name"] == junk > 0
    accented = {told["title"] for told in source if "é" in told["title"]}
    assert accented
    assert accented <= set(Film.objects.values_list("title_en", flat=True))
    standing = everything()
    assert counts(import_films(path, by=None)) == (2512, 0, 0, 2512, 0)
    assert everything() == standing


def test_all_files_after_another_keep_films_of_one_name_apart(shared_data: Path) -> None:
    folder = shared_data / "films"
    chaos = import_films(folder / "solr_films.json", by=None)

    report = import_films(folder / "wikipedia_movies_2010s.json", by=None)

    assert counts(report) == (2512, 2512, 0, 0, 0)
    assert Film.objects.count() == 3612
    names = Counter(Film.objects.filter(year__isnull=False).values_list("title_en", "year"))
    assert {name for name, count in names.items() if count > 1} == {("Ant-Man", 2015), ("Chaos", 2005)}
    assert [problem.line for problem in report.warnings.listed if problem.code == "same_title_and_year"] == [34821]
    assert chaos.warnings.codes["same_title_and_year"] == 1


def test_other_files_are_refused_with_words(shared_data: Path) -> None:
    for path in sorted((shared_data / "catalogs").iterdir()):
        with pytest.raises(CommandError) as refusal:
            call_command("import_films", path)

        assert refusal.value.returncode == 2
        assert "[unknown_format]" in str(refusal.value)
    assert not Film.objects.exists()


# -- the command ------------------------------------------------------------------------------------
def test_a_dry_run_says_the_same_and_writes_nothing(shared_data: Path, tmp_path: Path) -> None:
    path, out = shared_data / "films/solr_films.csv", StringIO()

    call_command("import_films", path, dry_run=True, report=tmp_path / "report.json", stdout=out)

    assert not Film.objects.exists()
    assert not AuditEntry.objects.exists()
    assert "films: 1100 in = 1100 created + 0 updated + 0 unchanged + 0 refused" in out.getvalue()
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["rows"] == {"in": 1100, "created": 1100, "updated": 0, "unchanged": 0, "refused": 0}
    assert (told["dry_run"], told["format"]) == (True, "solr-csv")
    report = import_films(path, by=None)
    assert told == json.loads(json.dumps(report.as_plain())) | {"dry_run": True, "changes": told["changes"]}


def test_refused_rows_are_exit_code_one_and_the_others_land(tmp_path: Path) -> None:
    path = tmp_path / "films.csv"
    path.write_text("id,name\n1,One\n,Two\n")

    with pytest.raises(CommandError) as refusal:
        call_command("import_films", path, stdout=StringIO())

    assert refusal.value.returncode == 1
    assert Film.objects.get().title_en == "One"


# -- rows -------------------------------------------------------------------------------------------
def test_bad_rows_of_a_table_are_told_by_line_and_column(tmp_path: Path) -> None:
    content = "\n".join(
        [
            "name,directed_by,genre,type,id,initial_release_date",
            "Ali,Michael Mann,Drama,,/en/ali,2001-12-11",
            "Ali,Michael Mann,Drama,,/en/ali,2001-12-11",
            "Ali,,,,/en/ali_two,",
            ",Nobody,,,/en/nameless,",
            "Keyless,,,,,",
            "Ragged,,",
            "Dated,,,,/en/dated,2001-02-30",
            "Zero,,,,/en/zero,0",
            "Zero,,,,/en/zero,0000-00-00",
            "Year only,,,,/en/year,1927",
            "x" * 201 + ",,,,/en/long,",
            "Nul\x00,,,,/en/nul,",
            "Huge," + "y" * 1_000_000 + ",,,/en/huge,",
        ]
    )

    report = bring_in(tmp_path, content)

    assert refusals(report) == [
        (3, "", "duplicate_row"),
        (5, "name", "missing_value"),
        (6, "id", "missing_value"),
        (7, "", "ragged_row"),
        (8, "initial_release_date", "bad_year"),
        (9, "initial_release_date", "bad_year"),
        (10, "initial_release_date", "bad_year"),
        (12, "name", "too_long"),
        (13, "name", "control_character"),
        (14, "directed_by", "too_long"),
    ]
    assert counts(report) == (13, 3, 0, 0, 10)
    assert list(Film.objects.order_by("pk").values_list("slug", "title_en", "year")) == [
        ("ali", "Ali", 2001),
        (Film.objects.get(source_key="solr:/en/ali_two").slug, "Ali", None),
        ("year-only", "Year only", 1927),
    ]


def test_bad_records_of_a_list_are_told_by_line_and_field(tmp_path: Path) -> None:
    records = [
        AMELIE,
        AMELIE | {"year": 0},
        AMELIE | {"year": True},
        AMELIE | {"year": 10**400},
        AMELIE | {"title": None},
        AMELIE | {"title": ["Amélie"]},
        AMELIE | {"cast": "Audrey Tautou"},
        AMELIE | {"cast": [{"name": "Audrey Tautou"}]},
        AMELIE | {"extract": "\ud800"},
        ["Amélie"],
        None,
        AMELIE | {"href": None},
        AMELIE | {"year": None},
        AMELIE | {"title": "Amélie again", "cast": ["A", "A", ")", ""]},
    ]
    content = "[\n" + ",\n".join(json.dumps(record) for record in records) + "\n]\n"

    report = bring_in(tmp_path, content)

    assert refusals(report) == [
        (3, "year", "bad_year"),
        (4, "year", "bad_year"),
        (5, "year", "bad_year"),
        (6, "title", "missing_value"),
        (7, "title", "bad_type"),
        (8, "cast", "bad_type"),
        (9, "cast", "bad_type"),
        (10, "extract", "control_character"),
        (11, "", "not_an_object"),
        (12, "", "not_an_object"),
    ]
    assert counts(report) == (14, 4, 0, 0, 10)
    assert list(Film.objects.order_by("pk").values_list("title_en", "year")) == [
        ("Amélie", 2001),
        ("Amélie", 2001),
        ("Amélie", None),
        ("Amélie again", 2001),
    ]
    assert {(problem.line, problem.code) for problem in report.warnings.listed} == {
        (13, "same_title_and_year"),
        (14, "same_page"),
        (15, "same_page"),
        (15, "repeated_name"),
        (15, "junk_name"),
    }


def test_what_a_later_file_says_is_written_and_what_it_leaves_out_stays(tmp_path: Path) -> None:
    bring_in(tmp_path, [AMELIE])
    Film.objects.update(title_zh="天使爱美丽", lede_en="By hand")
    before = Film.objects.get()

    report = bring_in(tmp_path, [AMELIE | {"genres": [], "extract": "", "cast": ["Audrey Tautou", "Jamel Debbouze"]}])

    film = Film.objects.get()
    assert counts(report) == (1, 0, 1, 0, 0)
    assert (film.genres, film.synopsis_en, film.title_zh, film.lede_en) == (
        ["Romance"],
        "A shy waitress.",
        "天使爱美丽",
        "By hand",
    )
    assert list(film.credits.values_list("name_en", flat=True)) == ["Audrey Tautou", "Jamel Debbouze"]
    assert film.updated_at > before.updated_at
    assert (film.slug, film.public_id) == (before.slug, before.public_id)
    assert AuditEntry.objects.filter(verb="film.import_updated", subject_id=film.public_id).count() == 1


def test_a_film_by_hand_is_never_taken_for_an_imported_one(tmp_path: Path) -> None:
    make_film("amelie", title_en="Amélie", year=2001)

    report = bring_in(tmp_path, [AMELIE])

    assert list(Film.objects.order_by("pk").values_list("slug", flat=True)) == ["amelie", "amelie-2001"]
    assert [problem.code for problem in report.warnings.listed] == ["same_title_and_year"]
    assert "amelie" in report.warnings.listed[0].sentence


def test_titles_without_latin_letters_get_an_address_too(tmp_path: Path) -> None:
    bring_in(tmp_path, [AMELIE | {"title": "摆渡人"}, AMELIE | {"title": "?!"}, AMELIE | {"title": ".45"}])

    films = list(Film.objects.order_by("pk"))
    assert [film.slug for film in films] == [films[0].public_id[4:], films[1].public_id[4:], "45"]


def test_films_of_one_title_and_year_get_addresses_of_their_own(tmp_path: Path) -> None:
    bring_in(tmp_path, [AMELIE | {"href": f"page-{number}"} for number in range(4)])

    slugs = list(Film.objects.order_by("pk").values_list("slug", flat=True))
    assert slugs[:2] == ["amelie", "amelie-2001"]
    assert len(set(slugs)) == 4


def test_keys_longer_than_their_column_stay_apart(tmp_path: Path) -> None:
    films = [AMELIE | {"href": "x" * 500 + ending} for ending in "ab"]

    assert counts(bring_in(tmp_path, films)) == (2, 2, 0, 0, 0)
    assert counts(bring_in(tmp_path, films)) == (2, 0, 0, 2, 0)


# -- files ------------------------------------------------------------------------------------------
XML = '<?xml version="1.0"?>\n<add><doc><field name="id">1</field><field name="name">One</field></doc></add>'


@pytest.mark.parametrize(
    "content, code, named",
    [
        (b"", "file_unreadable", "empty"),
        (b"  \n", "file_unreadable", "empty"),
        (json.dumps([AMELIE]).encode("utf-16"), "file_unreadable", "UTF-16"),
        (json.dumps([AMELIE], ensure_ascii=False).encode("latin-1"), "file_unreadable", "0xE9"),
        (json.dumps([AMELIE], indent=0)[:-20].encode(), "file_unreadable", "line "),
        (b'[{"title": "A", "year": 2000}, ]', "file_unreadable", "column"),
        (b'[{"title": "A", "year": 2000} {}]', "file_unreadable", "comma"),
        (b'[{"title": "A", "year": 2000}] x', "file_unreadable", "follows"),
        (b'[{"title": "A", "year": ' + b"9" * 5000 + b"}]", "file_unreadable", "line 1"),
        (b"[" * 100_000, "file_unreadable", "line 1"),
        (b"[]", "unknown_format", "no list of films"),
        (b'{"title": "A"}', "unknown_format", "no list of films"),
        (b'[{"sku": "A"}]', "unknown_format", "records"),
        (b"title,year\nA,2000\n", "unknown_format", "columns"),
        (b"<rss><channel/></rss>", "unknown_format", "rss"),
        (XML[:-12].encode(), "file_unreadable", "line 2"),
        (XML.replace("<add>", "<add>&none;").encode(), "file_unreadable", "line 2"),
        (XML.replace("<add>", '<!DOCTYPE add [<!ENTITY a "b">]><add>').encode(), "file_unreadable", "DOCTYPE"),
        (
            XML.replace("<add>", '<!DOCTYPE add SYSTEM "file:///etc/passwd"><add>').encode(),
            "file_unreadable",
            "DOCTYPE",
        ),
        (XML.replace('"1.0"', '"1.0" encoding="ISO-8859-1"').encode(), "file_unreadable", "ISO-8859-1"),
    ],
)
def test_a_bad_file_is_refused_by_name_and_nothing_is_written(
    tmp_path: Path, content: bytes, code: str, named: str
) -> None:
    with pytest.raises(Refused) as refusal:
        bring_in(tmp_path, content)

    assert refusal.value.code == code
    assert named in refusal.value.sentence
    assert not Film.objects.exists()


def test_bad_documents_of_xml_are_told_by_line(tmp_path: Path) -> None:
    content = (
        "<add>\n"
        '<doc><field name="id">1</field><field name="name">One</field><field name="genre">A</field></doc>\n'
        '<doc><field name="id">2</field></doc>\n'
        '<doc><field name="id">3</field><field name="name">A</field><field name="name">B</field></doc>\n'
        f'<doc><field name="id">4</field><field name="name">{"x" * 1_000_000}</field></doc>\n'
        '<note><field name="id">5</field></note>\n'
        '<doc><field name="id">6</field><field name="name">Six &amp; seven</field></doc>\n'
        "</add>"
    )

    report = bring_in(tmp_path, content)

    assert refusals(report) == [
        (3, "name", "missing_value"),
        (4, "name", "bad_type"),
        (5, "name", "too_long"),
        (6, "", "not_an_object"),
    ]
    assert list(Film.objects.order_by("pk").values_list("title_en", flat=True)) == ["One", "Six & seven"]


def test_a_byte_order_mark_makes_no_difference(tmp_path: Path) -> None:
    bom = b"\xef\xbb\xbf"

    assert bring_in(tmp_path, bom + json.dumps([AMELIE]).encode()).format == "wikipedia-json"
    assert bring_in(tmp_path, bom + XML.encode()).format == "solr-xml"
    assert bring_in(tmp_path, bom + b"id,name\r\n2,Two\r\n").format == "solr-csv"
    assert Film.objects.count() == 3


# -- the counts -------------------------------------------------------------------------------------
_FILM = st.fixed_dictionaries(
    {"title": st.sampled_from(["Ali", "阿里", "", "x" * 201]), "year": st.sampled_from([None, 2001, 0, "soon"])},
    optional={
        "href": st.sampled_from(["Ali", "Ali_(film)", None]),
        "cast": st.lists(st.sampled_from(["Will Smith", "Jamie Foxx", "."]), max_size=3),
    },
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(films=st.lists(st.one_of(_FILM, st.just(["no film"])), min_size=1, max_size=12))
def test_every_row_lands_in_one_bucket_and_the_second_run_changes_nothing(tmp_path: Path, films: list[Any]) -> None:
    Film.objects.all().delete()
    films = [AMELIE, *films]

    first = counts(bring_in(tmp_path, films))
    standing = everything()
    second = counts(bring_in(tmp_path, films))

    came_in, created, _updated, _unchanged, refused = first
    assert came_in == len(films) == created + refused
    assert second == (came_in, 0, 0, created, refused)
    assert everything() == standing
    assert Film.objects.count() == created
