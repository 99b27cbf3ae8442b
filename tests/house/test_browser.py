"""The browser of the tests: it sees the site, shares the test with the database, and hides no error of a page."""

import pytest
from playwright.sync_api import Browser, Page

from accounts.models import User


@pytest.mark.django_db(transaction=True)
def test_a_page_is_seen_while_the_test_uses_the_database(page: Page, live_server) -> None:
    User.objects.create_user(username="somebody")

    answer = page.goto(f"{live_server.url}/health/")

    assert answer.json() == {"database": "ok"}
    assert User.objects.count() == 1


def test_an_error_in_the_script_of_a_page_is_kept(browser: Browser) -> None:
    context = browser.new_context()
    opened, errors = context.new_page(), []
    opened.on("pageerror", lambda error: errors.append(str(error)))

    opened.set_content("<script>throw new Error('planted')</script>")
    context.close()

    assert errors == ["planted"]
