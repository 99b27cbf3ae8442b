"""The lists in docs/ are compared with the code: a name in one and not in the other fails."""

import ast
import re
from pathlib import Path

from celery import current_app
from django.conf import settings

from scripts.steps import ROOT

READERS = {"env", "environ", "os.environ"}
FOREIGN = {"DJANGO_SETTINGS_MODULE"}  # Django's own, set by every entry point


def names_read(source: str) -> set[str]:
    """Environment variables a module reads: `env.kind("NAME")`, `os.environ.get("NAME")`, `os.environ["NAME"]`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            owner, first = ast.unparse(node.func.value), node.args[0]
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            owner, first = ast.unparse(node.value), node.slice
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"env", "os.getenv"} and node.args:
            owner, first = "env", node.args[0]
        else:
            continue
        if owner in READERS and isinstance(first, ast.Constant) and re.fullmatch(r"[A-Z][A-Z0-9_]+", str(first.value)):
            found.add(str(first.value))
    return found


def listed(document: str, heading: str) -> set[str]:
    """The names in the first column of the tables under a heading."""
    text = (ROOT / "docs" / document).read_text()
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    body = next(part for part in section if part.startswith(heading))
    return set(re.findall(r"^\| `([^`]+)`", body, flags=re.MULTILINE))


def read_by(*paths: Path) -> set[str]:
    return set().union(*(names_read(path.read_text()) for path in paths)) - FOREIGN


def test_every_variable_the_site_reads_is_documented() -> None:
    read = read_by(ROOT / "merchstore/settings.py", ROOT / "gunicorn.conf.py")

    assert read == listed("settings.md", "The site")


def test_every_variable_the_commands_read_is_documented() -> None:
    read = read_by(*(ROOT / "scripts").glob("*.py"), ROOT / "tests/conftest.py", *(ROOT / "bench").rglob("*.py"))
    given = {"DATABASE_URL", "REDIS_URL"}  # the site's own, read by the commands to see whether a server is given

    assert read - given == listed("settings.md", "Checks and tests")


def test_no_variable_is_read_anywhere_else() -> None:
    packages = ["core", "accounts", "films", "merchants", "licensing", "catalog", "campaigns", "merchstore", "demo"]
    modules = [path for name in packages for path in (ROOT / name).rglob("*.py") if path.name != "settings.py"]

    assert modules
    assert read_by(*modules) == set()


def test_a_variable_read_in_any_way_is_seen() -> None:
    source = (
        'A = env.str("AA")\nB = env.bool("BB", default=False)\nC = os.environ["CC"]\n'
        'D = os.environ.get("DD", "")\nE = env("EE")\nos.environ["WRITTEN"] = "x"\nF = facts.get("OTHER")\n'
    )

    assert names_read(source) == {"AA", "BB", "CC", "DD", "EE"}


def own_tasks() -> set[str]:
    current_app.loader.import_default_modules()
    return {name for name in current_app.tasks if not name.startswith("celery.")}


def test_every_task_is_documented() -> None:
    assert own_tasks() == listed("tasks.md", "Tasks")


def test_every_scheduled_and_routed_task_exists() -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert scheduled - own_tasks() == set()
    assert set(settings.CELERY_TASK_ROUTES) - own_tasks() == set()


def test_every_task_is_named_after_its_app_and_stands_in_its_tasks_module() -> None:
    homes = {name: current_app.tasks[name].__module__ for name in own_tasks()}

    assert homes == {name: f"{name.split('.')[0]}.tasks" for name in homes}


def test_the_queues_of_tasks_are_those_of_the_document() -> None:
    text = (ROOT / "docs/tasks.md").read_text()
    told = dict(re.findall(r"^\| `([^`]+)` \| (\w+) \|", text, flags=re.MULTILINE))
    routes = {name: settings.CELERY_TASK_ROUTES.get(name, {}) for name in own_tasks()}

    assert told == {name: route.get("queue", settings.CELERY_TASK_DEFAULT_QUEUE) for name, route in routes.items()}
