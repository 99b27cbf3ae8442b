"""The progress of an import on the command line."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import OutputWrapper

from catalog.importing import run as importer
from catalog.models import ImportRun
from core.importing.progress import ProgressLine, counted
from tests.catalog.importing_goods import TOML, make_importer, table


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def bring_in(folder: Path, err: io.StringIO, **options: Any) -> None:
    path, mapping = folder / "goods.csv", folder / "mapping.toml"
    path.write_text(table("A,Ferry mug,12.50,5,,,", "B,Lantern mug,9.00,3,,,", "C,Moon mug,9.00,3,,,"))
    mapping.write_text(TOML)
    told = {"merchant": "suzhou-creek", "map": mapping, "stdout": io.StringIO(), "stderr": err}
    call_command("import_products", path, **told, **options)


def without_rate(err: io.StringIO) -> str:
    return re.sub(r"; [\d,]+ rows/s", "", err.getvalue())


@pytest.fixture
def pages_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    make_importer()
    monkeypatch.setattr(importer, "PAGE", 2)


@pytest.mark.django_db
@pytest.mark.usefixtures("pages_of_two")
def test_a_terminal_has_one_line_that_is_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    err = Terminal()
    monkeypatch.setenv("COLUMNS", "200")

    bring_in(tmp_path, err)

    start, *lines = without_rate(err).split("\r")
    assert start == ""
    assert re.fullmatch(r"100 %: 3 rows read: 2 created, 0 updated, 0 unchanged, 0 refused\x1b\[K", lines[0])
    assert lines[-1] == "100 %: 3 rows read: 3 created, 0 updated, 0 unchanged, 0 refused\x1b[K\n"


@pytest.mark.django_db
@pytest.mark.usefixtures("pages_of_two")
def test_a_file_has_a_line_every_few_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = io.StringIO(), io.StringIO()
    bring_in(tmp_path, short)

    monkeypatch.setattr(ProgressLine, "SELDOM", 0)
    bring_in(tmp_path, long)

    assert short.getvalue() == ""
    assert without_rate(long).splitlines()[1:] == ["100 %: 3 rows read: 0 created, 0 updated, 3 unchanged, 0 refused"]


@pytest.mark.django_db
@pytest.mark.usefixtures("pages_of_two")
def test_quiet_shows_nothing(tmp_path: Path) -> None:
    err = Terminal()

    bring_in(tmp_path, err, quiet=True)

    assert err.getvalue() == ""
    assert ImportRun.objects.get().state == "done"


@pytest.mark.pure
def test_a_line_is_no_wider_than_the_terminal_and_ends_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    err = Terminal()
    monkeypatch.setenv("COLUMNS", "10")

    def interrupted() -> None:
        with ProgressLine(OutputWrapper(err)) as line:
            line.show("0123456789")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert err.getvalue() == "\r012345678\x1b[K\n"


@pytest.mark.pure
def test_the_rate_is_of_the_rows_that_were_read() -> None:
    counts = {"in": 12_000, "created": 8_000, "updated": 0, "unchanged": 3_900, "refused": 100}

    told = counted(counts, 2.5)

    assert told == "12,000 rows read: 8,000 created, 0 updated, 3,900 unchanged, 100 refused; 4,800 rows/s"
