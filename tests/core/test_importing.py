"""Text and tables from strangers."""

import json
import time
from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refused, said
from core.importing import files
from core.importing.report import Counts, Outcome, Problem, ProblemList, Report
from core.importing.sentences import PROBLEMS
from core.importing.text import (
    LONGEST_TEXT,
    one_line,
    plain_text,
    plain_title,
    repaired,
    ungarbled,
    unprintable_character,
)


@pytest.mark.parametrize(
    "markup, text",
    [
        ("", ""),
        ("Just words", "Just words"),
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<ul><li>a<li>b</ul>", "a\nb"),
        ("Tom &amp; Jerry &copy; &#20013;", "Tom & Jerry © 中"),
        ("<b>bold</b> and <i>not</i>", "bold and not"),
        ("<script>alert('x')</script>safe<style>p{}</style>", "safe"),
        ("<SCRIPT>alert(1)</SCRIPT >safe", "safe"),
        ('<img src="x" onerror="alert(1)">picture', "picture"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;safe", "safe"),
        ("&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;safe", "safe"),
        ("5 < 6 and 7 > 2", "5 < 6 and 7 > 2"),
        ("I <3 films", "I <3 films"),
        ("<!-- hidden --><p>seen</p><!doctype x><?php x ?><![a>", "seen"),
        ("<p unfinished", "p unfinished"),
    ],
)
def test_markup_becomes_words(markup: str, text: str) -> None:
    assert plain_text(markup) == text


@given(st.text(alphabet="<>/!?-[]abps &;lgt\"'=\n", max_size=200))
def test_nothing_that_looks_like_a_tag_is_kept(markup: str) -> None:
    text = plain_text(markup)

    assert not any(text[i] == "<" and text[i + 1 : i + 2].isalpha() for i in range(len(text)))
    assert "</" not in text
    assert "<!" not in text


@pytest.mark.parametrize("piece", ["<a ", "<!--", "<a b='", '<a href="', "</", "<![CDATA[", "<a<a", "<?", "<p>", "&#"])
def test_hostile_markup_takes_no_longer_than_its_length(piece: str) -> None:
    markup = (piece * LONGEST_TEXT)[:LONGEST_TEXT]

    begun = time.process_time()
    plain_text(markup)

    # The standard parser alone takes from 18 s to five minutes for some of these.
    assert time.process_time() - begun < 3


@given(
    st.text(
        st.one_of(st.sampled_from("&amp;lt#39;<> bsx\u00c3\u00a9é"), st.characters(exclude_categories=["Cs"])),
        max_size=60,
    )
)
def test_what_was_cleaned_once_stays_as_it_is(text: str) -> None:
    """Else what goes out would not come back the same."""
    title, words = plain_title(text), plain_text(text)

    assert (plain_title(title), plain_text(words)) == (title, words)


@pytest.mark.parametrize(
    "text, mended",
    [
        ("Am\u00c3\u00a9lie", "Amélie"),
        ("Don\u00e2\u20ac\u2122t", "Don\u2019t"),
        ("æ‘†æ¸¡äºº", "摆渡人"),
        ("Ãlex", "Ãlex"),
        ("SÃO PAULO", "SÃO PAULO"),
        ("“quotes” – and — dashes…", "“quotes” – and — dashes…"),
        ("ﬁn ＡＢＣ", "ﬁn ＡＢＣ"),
        ("摆渡人", "摆渡人"),
    ],
)
def test_only_what_is_sure_is_repaired(text: str, mended: str) -> None:
    assert repaired(text) == mended


def test_titles_are_one_line() -> None:
    assert plain_title(" Tantive IV &amp;\n Alderaan\u00a0 ") == "Tantive IV & Alderaan"
    assert one_line("Cafe\u0301") == "Café"


@pytest.mark.parametrize(
    "text, instead",
    [
        ("Am\u00c3\u00a9lie", "Amélie"),
        ("Don\u00e2\u20ac\u2122t", "Don\u2019t"),
        ("Amélie", ""),
        ("Ãlex", ""),
        ("Ça va", ""),
        ("摆渡人", ""),
    ],
)
def test_garbled_text_is_told_from_good_text(text: str, instead: str) -> None:
    assert ungarbled(text) == instead


def test_characters_that_cannot_be_printed_are_named() -> None:
    assert [unprintable_character(text) for text in ("a\x00", "\x0b", "\ud800", "\uffff", "a\tb\nc\r", "é")] == [
        "U+0000",
        "U+000B",
        "U+D800",
        "U+FFFF",
        "",
        "",
    ]


def test_a_record_is_told_by_the_line_it_begins_on(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('a,b\n\n1,"two\nlines"\n\n3,4\n', newline="")

    rows = list(files.open_table(path).rows())

    assert [(row.line, row.cells) for row in rows] == [(3, {"a": "1", "b": "two\nlines"}), (6, {"a": "3", "b": "4"})]


def test_a_column_without_a_name_is_called_by_its_place(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(",a\n0,1\n")

    assert files.open_table(path).header == ["column 1", "a"]


def test_a_character_cut_in_two_by_the_buffer_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"a\n" + b"x" * ((1 << 20) - 3) + "影\n".encode())

    assert files.recognise(path).kind is files.Kind.TABLE


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_what_cannot_be_opened_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused) as refusal:
        files.recognise(tmp_path / name)

    assert refusal.value.code == "file_unreadable"


def test_counts_that_do_not_add_up_are_a_fault() -> None:
    report = Report("x.csv", "films")
    report.rows = Counts(came_in=2)
    report.rows.add(Outcome.CREATED)

    with pytest.raises(AssertionError, match="do not add up"):
        report.check_balance()


def test_problems_beyond_the_list_are_still_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.importing.report.LISTED", 2)
    problems = ProblemList()

    for line in (3, 2, 1):
        problems.add(Problem("empty_row", line))

    assert problems.as_plain()["count"] == 3
    assert [told["line"] for told in problems.as_plain()["listed"]] == [2, 3]


def test_every_sentence_is_whole() -> None:
    facts = dict.fromkeys(
        (
            "value",
            "choices",
            "problem",
            "character",
            "first",
            "found",
            "expected",
            "most",
            "currency",
            "instead",
            "reserved",
            "price",
            "floor",
        ),
        "X",
    )
    for code in PROBLEMS:
        sentence = Problem(code, 1, facts=facts).sentence
        assert sentence.endswith("."), code
        assert "%(" not in sentence


def test_a_problem_is_told_in_the_readers_language_also_from_json() -> None:
    """Its parts, too: a report is kept, and read by people of both languages."""
    facts = json.loads(json.dumps({"problem": said("it is damaged: %(error)s", error="CRC")}))

    kept = Problem("bad_json", 3, facts=facts), Refused("file_unreadable", **facts)
    with translation.override("zh-hans"):
        chinese = [told.sentence for told in kept]

    assert [told.sentence for told in kept] == [
        "This line is no JSON object: it is damaged: CRC.",
        "The file cannot be read: it is damaged: CRC.",
    ]
    assert chinese == ["此行不是 JSON 对象：它已损坏：CRC。", "文件无法读取：它已损坏：CRC。"]
