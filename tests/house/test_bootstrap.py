"""The environment is made from the hashed locks alone, and only when they changed. uv is a stand-in taking notes."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import browser
from scripts.steps import ROOT, Failed

UV = f"""#!/bin/sh
case "$1" in
  --version) exit 0 ;;
  venv) for last; do :; done; rm -rf "$last"; mkdir -p "$last/bin"; ln -sf {sys.executable} "$last/bin/python" ;;
esac
echo "$@" >> "$NOTES"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the real scripts and two small locks, and a PATH on which there is nothing but the stand-in."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    (tmp_path / "requirements.txt").write_text("django==5.2.19 \\\n    --hash=sha256:0\n")
    (tmp_path / "requirements-dev.txt").write_text("pytest==9.2.0 \\\n    --hash=sha256:0\n")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "uv").write_text(UV)
    (programs / "uv").chmod(0o755)
    for name in ("sh", "rm", "mkdir", "ln"):
        (programs / name).symlink_to(str(shutil.which(name)))
    return tmp_path


def bootstrap(project: Path, *arguments: str) -> list[str]:
    """What uv was asked to do in this run."""
    notes = project / "notes"
    notes.write_text("")
    answer = subprocess.run(
        [sys.executable, "-m", "scripts.bootstrap", *arguments],
        cwd=project,
        env={"PATH": str(project / "programs"), "NOTES": str(notes)},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return notes.read_text().splitlines()


def install(project: Path, lock: str) -> str:
    return f"pip install --quiet --python {project}/.venv/bin/python --require-hashes -r {lock}"


def test_the_first_run_makes_the_environment_and_the_second_does_nothing(project: Path) -> None:
    first, second = bootstrap(project), bootstrap(project)

    assert [line.split()[0] for line in first] == ["venv", "pip"]
    assert first[1] == install(project, "requirements.txt")
    assert second == []


def test_a_changed_lock_is_installed(project: Path) -> None:
    bootstrap(project)
    (project / "requirements.txt").write_text("django==5.2.20 \\\n    --hash=sha256:1\n")

    assert bootstrap(project) == [install(project, "requirements.txt")]


def test_the_development_lock_contains_the_other_one(project: Path) -> None:
    bootstrap(project, "--dev")

    assert bootstrap(project) == []
    assert bootstrap(project, "--dev") == []


def test_an_environment_whose_python_is_gone_is_made_anew(project: Path) -> None:
    bootstrap(project)
    (project / ".venv/bin/python").unlink()

    assert [line.split()[0] for line in bootstrap(project)] == ["venv", "pip"]


def pins(name: str) -> dict[str, str]:
    """Package and version of each pin, read from the lock file as an installer would."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", (ROOT / name).read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_pin_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    blocks = re.split(r"\n(?=[a-z])", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))

    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert re.findall(r"https?://\S+|--(?:extra-)?index-url|--find-links", text) == []


def test_the_two_locks_agree() -> None:
    runtime, development = pins("requirements.txt"), pins("requirements-dev.txt")

    assert runtime
    assert {name: development.get(name) for name in runtime} == runtime


def program(folder: Path, name: str, code: int) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\nexit {code}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.delenv("MERCHSTORE_BROWSER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "MAC_PATHS", ())
    monkeypatch.setattr(browser, "BIN", tmp_path)
    return tmp_path


def test_a_browser_on_path_is_found_past_one_that_does_not_run(no_browser: Path) -> None:
    program(no_browser, "chromium", 1)
    runs = program(no_browser, "google-chrome", 0)

    assert browser.find() == runs


def test_a_named_browser_that_does_not_run_is_told(no_browser: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERCHSTORE_BROWSER", str(no_browser / "absent"))

    with pytest.raises(Failed, match="absent does not run: name a Chromium or Chrome binary, or unset it"):
        browser.find()


def test_no_browser_and_no_way_to_get_one_is_told_in_one_line(no_browser: Path) -> None:
    with pytest.raises(Failed) as refusal:
        browser.find_or_install()

    assert str(refusal.value) == browser.HOW_TO_GET
    assert "\n" not in browser.HOW_TO_GET


def test_the_browser_is_installed_by_playwright_where_there_is_none(no_browser: Path) -> None:
    installed = no_browser / "chromium"
    playwright = program(no_browser, "playwright", 0)
    # What it installs is a copy of itself: also a program that ends well when it is asked for its version.
    playwright.write_text(f'#!/bin/sh\n[ "$*" = "install chromium" ] && /bin/cp "$0" {installed}\nexit 0\n')

    assert browser.find_or_install() == installed
