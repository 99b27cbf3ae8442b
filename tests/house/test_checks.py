"""Every static check of `make check` is shown a breach and has to see it, in a copy of the house."""

import subprocess
from pathlib import Path

import pytest

from scripts import check
from scripts.steps import BIN, ROOT, Failed
from tests.house.plans import append, copy_house, lend_types, run_check

HTTP_IMPORTS = [
    "from django.http import HttpRequest\n\n__all__ = ['HttpRequest']\n",
    "import django.http\n\nANSWER = django.http.HttpResponse\n",
    "from django.shortcuts import get_object_or_404\n\n__all__ = ['get_object_or_404']\n",
    "from django.views import generic\n\n__all__ = ['generic']\n",
    "from rest_framework.response import Response\n\n__all__ = ['Response']\n",
]


def ruff(path: str, text: str) -> list[str]:
    """The codes ruff finds in a file that only exists in its standard input."""
    command = [BIN / "ruff", "check", "--output-format=concise", "--quiet", f"--stdin-filename={ROOT / path}", "-"]
    answer = subprocess.run(command, input=text, cwd=ROOT, capture_output=True, text=True)
    assert answer.stderr == ""
    return [line.split()[1] for line in answer.stdout.splitlines()]


@pytest.mark.parametrize("text", HTTP_IMPORTS)
@pytest.mark.parametrize("path", ["catalog/queries.py", "campaigns/services.py", "licensing/gate.py", "core/jobs.py"])
def test_http_below_the_doors_is_seen(path: str, text: str) -> None:
    assert "TID251" in ruff(path, text)


@pytest.mark.parametrize("text", HTTP_IMPORTS)
@pytest.mark.parametrize("path", ["merchstore/storefront/views.py", "merchstore/api/views.py", "catalog/admin.py"])
def test_http_in_a_door_and_on_the_desk_is_welcome(path: str, text: str) -> None:
    assert ruff(path, text) == []


def test_an_import_inside_a_function_is_seen() -> None:
    text = "def price() -> int:\n    import decimal\n\n    return int(decimal.Decimal(1))\n"

    assert ruff("catalog/services.py", text) == ["PLC0415"]


def test_a_signal_is_seen() -> None:
    assert "TID251" in ruff("films/services.py", "from django.dispatch import receiver\n\n__all__ = ['receiver']\n")


def test_an_exception_caught_blindly_is_seen() -> None:
    text = "def quiet() -> None:\n    try:\n        open('x').close()\n    except Exception:\n        return\n"

    assert "BLE001" in ruff("films/services.py", text)


def test_a_naive_instant_is_seen() -> None:
    text = "from datetime import datetime\n\nNOW = datetime.now()\n"

    assert ruff("films/services.py", text) == ["DTZ005"]


def test_badly_formatted_code_is_seen(tmp_path: Path) -> None:
    house = copy_house(tmp_path)
    append(house, "films/planted.py", "PLANTED = {'a':1,\n 'b':2}\n")

    answer = run_check("format", house)

    assert answer.returncode == 1
    assert "films/planted.py" in answer.stdout


def test_a_missing_migration_is_seen(tmp_path: Path) -> None:
    house = copy_house(tmp_path)
    before = run_check("missing migrations", house)
    planted = "\n\nclass Planted(models.Model):\n    objects: models.Manager\n"
    append(house, "films/models.py", planted)

    after = run_check("missing migrations", house)

    assert before.returncode == 0, before.stdout + before.stderr
    assert after.returncode == 1
    assert "Create model Planted" in after.stdout


def test_a_setting_unfit_for_production_is_seen(tmp_path: Path) -> None:
    house = copy_house(tmp_path)
    before = run_check("deployment", house)
    append(house, "merchstore/settings.py", "\nSESSION_COOKIE_SECURE = False\n")

    after = run_check("deployment", house)

    assert before.returncode == 0, before.stderr
    assert after.returncode == 1
    assert "security.W012" in after.stderr


def test_a_wrong_type_returned_by_a_service_is_seen(tmp_path: Path) -> None:
    house = copy_house(tmp_path)
    lend_types(house)
    wrong = "\n\ndef planted_title(film: Film) -> int:\n    return film.title_en\n"
    untyped = "\n\ndef planted_untyped(film):\n    return film\n"
    append(house, "films/services.py", wrong + untyped)

    answer = run_check("types", house)

    assert answer.returncode == 1
    assert 'expected "int"' in answer.stdout
    assert "Function is missing a type annotation" in answer.stdout
    assert answer.stdout.rstrip().splitlines()[-1].startswith("Found 2 errors in 1 file"), answer.stdout


def test_all_checks_run_even_when_one_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = check.Check("broken", ("sh", "-c", "echo what is wrong; exit 3"))
    sound = check.Check("sound", ("true",))
    monkeypatch.setattr(check, "CHECKS", (broken, sound))

    with pytest.raises(Failed, match="1 of 2 checks do not hold: broken"):
        check.check([])

    output = capsys.readouterr().out
    assert "what is wrong" in output
    assert "✗ broken" in output
    assert "✓ sound" in output
