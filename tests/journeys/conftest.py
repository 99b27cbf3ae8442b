"""The demo's shop, open to a real browser for all the journeys: loaded once, served by this process, emptied after the last.

What a journey changes stays for those after it, so each brings what it needs and leaves the shop as a fan would.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from campaigns.staging import stage_revision
from catalog.queries import markets
from demo import load, pictures
from demo.rows import Tally
from tests.journeys.people import make_refused

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@dataclass(frozen=True)
class Site:
    url: str

    def at(self, rest: str = "", *, market: str = "us", prefix: str = "en") -> str:
        return f"{self.url}/{market}/{prefix}/{rest}"


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """The whole folder is one shop, and one release of it."""


@pytest.fixture(scope="package")
def _shop(django_db_setup: None, django_db_blocker: Any) -> Iterator[Site]:
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    own = override_settings(
        PAYMENT_PROVIDERS=["sandbox"],
        SANDBOX_PRIVATE_KEY=key.decode(),
        RELEASE=uuid4().hex,
        # Counts of who asked how often, of another run, are not those of this one.
        SECRET_KEY=uuid4().hex * 2,
    )
    with own, django_db_blocker.unblock(), _emptied():
        _load()
        server = LiveServer("localhost")
        # Where providers send people back to, and tell of what was paid.
        with override_settings(SITE_URL=server.url):
            yield Site(server.url)
        server.stop()


@contextmanager
def _emptied() -> Iterator[None]:
    """Nothing of it is left to other tests, even where loading failed."""
    markets._kept.clear()
    try:
        yield
    finally:
        call_command("flush", interactive=False, verbosity=0)
        markets._kept.clear()


def _load() -> None:
    """The demo as far as fans see it: neither the studio's papers nor the pictures for other channels, which take half a minute."""
    with pytest.MonkeyPatch.context() as without:
        make = pictures._make
        without.setattr(
            pictures, "_make", lambda wanted, told: make([one for one in wanted if not one.png_width], told)
        )
        for paper in ("load_approvals", "load_royalties", "load_joining"):
            without.setattr(load, paper, lambda *_: Tally())
        load.load_demo(timezone.now(), lambda _line: None)
    make_refused()
    stage_revision(load.schedule_demo(timezone.now(), timedelta(hours=6)).revisions.get().pk)


@pytest.fixture
def _django_db_helper(_shop: Site, django_db_blocker: Any) -> Iterator[None]:
    """In the place of pytest-django's own: what a test writes is there for the server at once, and nothing is undone after it."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def site(_shop: Site) -> Site:
    return _shop


@dataclass
class Said:
    """What a page complained of, and what it asked of somebody else."""

    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Open]:
    """A browser of one's own, with what `new_context` takes. What a page complains of, or asks of another site, fails the test."""
    contexts, said = [], Said()

    def open_one(**options: Any) -> Page:
        context = browser.new_context(**{"locale": "en-US"} | options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: said.complaints.append(f"{page.url} {error}"))
        page.on("console", lambda message: _hear(said, page, message))
        page.on(
            "request",
            lambda asked: asked.url.startswith((site.url, "data:", "blob:")) or said.foreign.append(asked.url),
        )
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert said == Said()


def _hear(said: Said, page: Page, message: Any) -> None:
    # An answer that is meant to be 404 or 422 is an error to the browser, and to nobody else.
    meant = ("the server responded with a status of 4", "registration blocked by Playwright")
    if message.type in ("error", "warning") and not any(words in message.text for words in meant):
        said.complaints.append(f"{page.url} {message.text}")


@pytest.fixture
def phone(open_page: Open) -> Page:
    return open_page(**PHONE)


@pytest.fixture
def desktop(open_page: Open) -> Page:
    return open_page(viewport={"width": 1280, "height": 900})
