"""In which encoding a file is written: told, or refused with the line."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Refused
from core.importing import files
from core.importing.encodings import find_encoding

CHINESE = "编号,名称\n1,摆渡人限定马克杯，电影《摆渡人》正版授权\n2,上海滩 T 恤\n"
WESTERN = "code,name\n1,Café “Amélie” – édition spéciale\n2,Größe für Mädchen, Ñandú\n"


def file_of(folder: Path, content: bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content, name, is_guessed",
    [
        (WESTERN.encode(), "utf-8-sig", False),
        (b"\xef\xbb\xbf" + CHINESE.encode(), "utf-8-sig", False),
        (CHINESE.encode("utf-16"), "utf-16", False),
        (b"\xfe\xff" + CHINESE.encode("utf-16-be"), "utf-16", False),
        (WESTERN.encode("cp1252"), "cp1252", True),
        (CHINESE.encode("gb18030"), "gb18030", True),
        (b"code,name\n1,plain\n", "utf-8-sig", False),
    ],
)
def test_an_encoding_is_told_by_the_bytes(tmp_path: Path, content: bytes, name: str, is_guessed: bool) -> None:
    found = find_encoding(file_of(tmp_path, content))

    assert (found.name, found.is_guessed) == (name, is_guessed)


@pytest.mark.parametrize(
    "content, line",
    [
        # UTF-8 with one byte that is none: damaged, and no other encoding.
        (CHINESE.encode() + b"3,\xe5\xbd\n", 4),
        (b"code,name\n1,caf\xc3\xa9\n2,caf\xc3\xa9 cr\xe8me br\xc3\xbbl\xc3\xa9e, \xc3\xa9t\xc3\xa9\n", 3),
        # Lone surrogates, written as if they were letters.
        (b"a,b\n1,\xed\xa0\x80\n", 2),
        # Russian, Japanese and Big5 are neither of the two that are told apart.
        ("код,имя\n1,Кружка из фильма Паромщик\n".encode("cp1251"), 1),
        ("コード,名前\n1,マグカップ\n".encode("shift_jis"), 1),
        ("編號,名稱\n1,擺渡人馬克杯與電影週邊\n".encode("big5"), 1),
        # One character that could be either.
        (b"a,b\n1,\xb4\xe7\n", 2),
    ],
)
def test_what_cannot_be_told_for_sure_is_refused_with_its_line(tmp_path: Path, content: bytes, line: int) -> None:
    with pytest.raises(Refused) as refusal:
        find_encoding(file_of(tmp_path, content))

    assert (refusal.value.code, refusal.value.facts["line"]) == ("file_unreadable", line)
    assert f"line {line} " in refusal.value.sentence


@pytest.mark.parametrize("name", ["big5", "BIG5", "shift_jis", "cp1251", "GBK", "utf-16-le", "latin-1", "utf-8"])
def test_a_person_may_name_the_encoding(tmp_path: Path, name: str) -> None:
    path = file_of(tmp_path, "a,b\n1,2\n".encode(name))

    assert files.open_table(path, find_encoding(path, name).name).header == ["a", "b"]


@pytest.mark.parametrize("name", ["utf-7", "rot13", "unicode_escape", "idna", "zip", "", "no such"])
def test_no_other_codec_is_taken(tmp_path: Path, name: str) -> None:
    path = file_of(tmp_path, CHINESE.encode("big5", "replace"))

    with pytest.raises(Refused):
        find_encoding(path, name)


def test_a_named_encoding_has_to_fit_the_whole_file(tmp_path: Path) -> None:
    path = file_of(tmp_path, b"a\n" * 1000 + "é\n".encode("cp1252"))

    with pytest.raises(Refused) as refusal:
        find_encoding(path, "utf-8")

    assert refusal.value.facts["line"] == 1001


_CHINESE = st.sampled_from("电影人物马克杯授权正版上海摆渡新品红色蓝色大小号码产品名称编")


@settings(max_examples=40, deadline=None)
@given(words=st.lists(st.text(_CHINESE, min_size=2), min_size=2))
def test_gb18030_is_never_taken_for_western_text(tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> None:
    path = file_of(tmp_path_factory.mktemp("gb"), "\n".join(words).encode("gb18030"))

    try:
        found = find_encoding(path).name
    except Refused:
        return
    assert path.read_text(encoding=found) == "\n".join(words)


_FRENCH = st.sampled_from(["été", "crème", "brûlée", "façade", "où", "naïve", "Noël", "cœur", "d’été", "«ouvert»"])


@settings(max_examples=40, deadline=None)
@given(words=st.lists(_FRENCH, min_size=1))
def test_western_text_is_never_taken_for_chinese(tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> None:
    path = file_of(tmp_path_factory.mktemp("cp"), ("code,name\n" + " ".join(words)).encode("cp1252"))

    assert find_encoding(path).name == "cp1252"
