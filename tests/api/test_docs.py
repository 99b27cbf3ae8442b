"""The page that shows the API's description, in a real browser, under the site's own policy."""

from django.test import Client
from playwright.sync_api import expect


def test_the_page_is_within_the_site_s_policy(client: Client, db):
    response = client.get("/api/v1/docs")

    assert response.status_code == 200
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]


METHODS = {"get", "post", "put", "patch", "delete"}


def test_the_page_shows_every_endpoint(page, live_server):
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)

    page.goto(f"{live_server.url}/api/v1/docs")

    paths = page.request.get(f"{live_server.url}/api/v1/schema").json()["paths"]
    described = sum(name in METHODS for operations in paths.values() for name in operations)
    assert described > 90
    expect(page.locator(".opblock")).to_have_count(described)
    expect(page.locator("h1.title")).to_contain_text("merchstore")
    assert refused == []


def test_the_page_has_words_without_script(browser, live_server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()

    page.goto(f"{live_server.url}/api/v1/docs")

    assert page.locator("noscript a").get_attribute("href") == "/api/v1/schema"
    context.close()
