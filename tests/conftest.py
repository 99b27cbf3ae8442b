"""Fixtures for everybody: the shared data files, the browser. People and clients follow further down."""

import gc
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from playwright.sync_api import Browser, Page, expect, sync_playwright

from scripts import browser as browsers
from scripts.steps import Failed
from tests import factories

ROOT = Path(__file__).resolve().parent.parent
#: What a run leaves to look at: a picture of each page, in both languages and both themes.
ARTEFACTS = Path(os.environ.get("MERCHSTORE_ARTEFACTS") or ROOT / ".artefacts")
#: Tests here start processes of their own, which need the machine to themselves to be on time.
ALONE = ("tests/house", "tests/system", "tests/bench/test_launch_bench.py")
#: But these ask no clock: in their own process, or in a copy of the project. (A browser leaves its threads to the tests after it,
#: and those that fork would share its connections.)
BESIDE = (
    *(f"tests/system/test_{name}.py" for name in ("bad_input", "isolation", "leaks", "neighbours", "roles", "scopes")),
    *(f"tests/house/test_{name}.py" for name in ("bootstrap", "checks", "documents", "floors", "templates")),
)
#: Forms, pages and endpoints: of what is below them they ask nothing that its own tests do not.
DOORS = ("tests/api", "tests/desk", "tests/panel", "tests/storefront")
#: What takes longest begins first, so that no process is left alone with it at the end.
FIRST = ("tests/system/test_bad_input.py", "tests/demo/test_load.py", "tests/bench", "tests/system", "tests/house")
#: How long an expectation of a page may take to come true, in milliseconds: what a machine three times slower needs.
PATIENCE = 15_000


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--one-of-each",
        action="store_true",
        help="of each test one set of parameters, of each file of a door one test, and all of those marked `dialect`",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--one-of-each"):
        _keep_one_of_each(config, items)
    for item in items:
        if item.path.is_relative_to(ROOT / "tests/house"):
            item.add_marker("house")
        if not item.get_closest_marker("django_db") and not {"db", "transactional_db"} & set(
            getattr(item, "fixturenames", ())
        ):
            item.add_marker("pure")
        if {"browser", "page"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")
        if (item.get_closest_marker("browser") or _is_in(item.path, ALONE)) and not _is_in(item.path, BESIDE):
            item.add_marker("alone")
    # Within a place, and among all that is in none, they stay as they were.
    if hasattr(config, "workerinput"):
        items.sort(
            key=lambda item: next((n for n, place in enumerate(FIRST) if _is_in(item.path, (place,))), len(FIRST))
        )


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end, so that it is not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def _keep_one_of_each(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What differs in parameters alone asks another engine the same questions, unless the test says that it does not. So do
    the doors: what they ask is asked below them, and of each of their files one test shows that it can be."""
    seen: set[str] = set()
    kept, left = [], []
    for item in items:
        name = str(item.path) if _is_in(item.path, DOORS) else item.nodeid.partition("[")[0]
        (left if name in seen and not item.get_closest_marker("dialect") else kept).append(item)
        seen.add(name)
    config.hook.pytest_deselected(items=left)
    items[:] = kept


def _is_in(path: Path, places: tuple[str, ...]) -> bool:
    return any(path.is_relative_to(ROOT / place) for place in places)


@pytest.fixture(autouse=True)
def _on_the_right_engine(request: pytest.FixtureRequest) -> None:
    """A test that needs PostgreSQL says so, instead of passing on a database that cannot show the fault."""
    if request.node.get_closest_marker("postgres") and connection.vendor != "postgresql":
        pytest.fail("needs PostgreSQL and Redis: run `make test`, or give DATABASE_URL and REDIS_URL", pytrace=False)


@pytest.fixture(autouse=True)
def _counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the factories number begins anew in each test: else a search for "3" finds more once 300 things were made."""
    monkeypatch.setattr(factories, "_numbers", count(101))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files that importers are tried on: ../shared/data, or MERCHSTORE_SHARED_DATA."""
    folder = Path(os.environ.get("MERCHSTORE_SHARED_DATA") or ROOT.parent / "shared/data")
    if not (folder / "SOURCES.md").exists():
        pytest.fail(
            f"no shared data files in {folder}: put them there, or name their folder in MERCHSTORE_SHARED_DATA",
            pytrace=False,
        )
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run. Its own traffic is switched off: what it loads, the page asked for."""
    try:
        executable = browsers.find_or_install()
    except Failed as failure:
        pytest.fail(str(failure), pytrace=False)
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync"]
    if os.geteuid() == 0:
        quiet.append("--no-sandbox")
    # Playwright keeps an event loop running in this thread, which Django would take for a caller that must not wait.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=quiet)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page with no cookies; an error in the page's own script fails the test.

    Its `wait_for_function` asks twice by `eval`, which the site's policy forbids: what is waited for is said with `expect`.
    """
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert errors == []


@pytest.fixture(autouse=True)
def _nothing_kept(settings: Any) -> None:
    """No page of another test: a release of its own, since emptying the cache would empty somebody's Redis."""
    settings.RELEASE = uuid4().hex
