"""Imports fall from floor to floor, and so do foreign keys. Each guard is shown a breach and has to see it."""

from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.test.utils import isolate_apps

from accounts.models import User
from campaigns.models import Campaign
from films.models import Film
from merchants.models import Merchant
from tests.house.plans import IMPORTS, append, copy_house, floor_of, floors, run_check

SITE = "merchstore"


def own_apps() -> list[str]:
    return [name for name in settings.INSTALLED_APPS if name.split(".")[0] in IMPORTS["root_packages"]]


def climbing_relations(found: list[type[models.Model]]) -> list[str]:
    """Relations that point up, or sideways to a sibling: `Model.field → Model`."""
    climbing = []
    for model in found:
        own = model._meta.app_config.name if model._meta.app_config else model._meta.app_label
        for field in (*model._meta.fields, *model._meta.many_to_many):
            if field.related_model is None or field.related_model._meta.app_config.name not in own_apps():
                continue
            target = field.related_model._meta.app_config.name
            if own != target and floor_of(target) <= floor_of(own):
                climbing.append(f"{model.__name__}.{field.name} → {field.related_model.__name__}")
    return climbing


def test_foreign_keys_point_down() -> None:
    found = [model for app in own_apps() for model in apps.get_app_config(app.split(".")[-1]).get_models()]

    climbing = climbing_relations(found)

    assert found
    assert climbing == []


@isolate_apps("core", "films")
def test_a_foreign_key_that_climbs_or_goes_sideways_is_seen() -> None:
    class Planted(models.Model):
        up = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
        sideways = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+")
        within = models.ForeignKey(Film, on_delete=models.PROTECT, related_name="+")
        down = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

        class Meta:
            app_label = "films"

        def __str__(self) -> str:
            return "planted"

    climbing = climbing_relations([Planted])

    assert climbing == ["Planted.up → Campaign", "Planted.sideways → Merchant"]


def test_every_app_stands_on_a_floor_and_is_read_by_the_import_linter() -> None:
    base = Path(settings.BASE_DIR)
    inside = {Path(app.path).relative_to(base).parts[0] for app in apps.get_app_configs() if _is_ours(app.path, base)}

    assert inside - set().union(*floors()) == set()
    assert inside - set(IMPORTS["root_packages"]) == set()


def test_folders_of_the_plan_that_exist_are_read_by_the_import_linter() -> None:
    base = Path(settings.BASE_DIR)
    built = {name for name in set().union(*floors()) if (base / name / "__init__.py").exists()}

    assert built - set(IMPORTS["root_packages"]) == set()


def _is_ours(path: str, base: Path) -> bool:
    return Path(path).is_relative_to(base) and ".venv" not in Path(path).relative_to(base).parts


def test_doors_have_no_tables() -> None:
    doors = [app for app in apps.get_app_configs() if app.name.startswith(f"{SITE}.")]

    assert doors
    assert [model.__name__ for door in doors for model in door.get_models()] == []


@pytest.mark.parametrize(
    "importer, imported",
    [
        ("core", "films"),
        ("films", "merchants"),
        ("merchants", "films"),
        ("licensing", "catalog"),
        ("catalog", "campaigns"),
        ("campaigns", "merchstore.storefront"),
        ("accounts", "demo"),
        ("merchstore", "bench"),
        ("merchstore.api", "merchstore.storefront"),
        ("merchstore.storefront", "merchstore.urls"),
    ],
)
def test_an_import_that_climbs_is_seen(tmp_path: Path, importer: str, imported: str) -> None:
    house = copy_house(tmp_path)
    before = run_check("floors", house)
    append(house, f"{importer.replace('.', '/')}/planted.py", f"import {imported}\n")

    after = run_check("floors", house)

    assert before.returncode == 0, before.stdout
    assert after.returncode == 1
    assert f"{importer}.planted -> {imported}" in after.stdout


def test_a_module_of_the_site_that_no_layer_names_is_seen(tmp_path: Path) -> None:
    house = copy_house(tmp_path)
    append(house, "merchstore/planted.py", "")

    answer = run_check("floors", house)

    assert answer.returncode == 1
    assert "merchstore.planted" in answer.stdout
