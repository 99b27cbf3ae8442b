"""The house as pyproject.toml describes it, and a copy of it in which a test may plant a breach."""

import shutil
import subprocess
import tomllib
from pathlib import Path

from scripts.check import CHECKS, environment
from scripts.steps import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
IMPORTS = PROJECT["tool"]["importlinter"]


def floors() -> list[set[str]]:
    """The floors from the top down, each a set of names; names on one floor may not know each other."""
    contract = next(contract for contract in IMPORTS["contracts"] if contract["id"] == "floors")
    return [{name.strip(" ()") for name in layer.split("|")} for layer in contract["layers"]]


def floor_of(app: str) -> int:
    """Counted from the top. The doors stand on the site's floor."""
    package = app.split(".")[0]
    return next(number for number, floor in enumerate(floors()) if package in floor)


def copy_house(target: Path) -> Path:
    """The project's code and templates, without what they do not need to be checked."""
    skipped = shutil.ignore_patterns("__pycache__", "*.svg", "*.png", "*.woff2", "*.otf", "*.csv", "*.json")
    for name in [*IMPORTS["root_packages"], "scripts", "templates"]:
        shutil.copytree(ROOT / name, target / name, ignore=skipped)
    for name in ("manage.py", "pyproject.toml"):
        shutil.copy2(ROOT / name, target)
    (target / "static").mkdir()
    return target


def lend_types(house: Path) -> None:
    """What mypy has found out about this house already, where it has been asked: the copy's is the same but for a breach."""
    known = ROOT / ".mypy_cache"
    if known.is_dir():
        shutil.copytree(known, house / known.name)


def run_check(word: str, house: Path) -> subprocess.CompletedProcess[str]:
    """The very command that `make check` runs, in another house."""
    check = next(check for check in CHECKS if word in check.name)
    return subprocess.run(
        [str(part) for part in check.command],
        cwd=house,
        env=environment(house, check.environ),
        capture_output=True,
        text=True,
    )


def append(house: Path, name: str, text: str) -> None:
    path = house / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + text)
