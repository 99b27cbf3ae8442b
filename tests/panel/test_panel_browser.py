"""The panel in a browser: stock written in the list, a product at another date, and nothing that axe objects to."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from catalog.models import Stock, Variant
from merchants.models import Merchant
from tests.factories import make_user

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PASSWORD = "a-ferry-at-night"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home(merchant: Merchant, goods: Variant, live_server: Any) -> str:
    """The address of the panel of a merchant with goods, whose owner signs in as `lin`."""
    user = make_user("lin", is_staff=False, is_superuser=False)
    user.set_password(PASSWORD)
    user.save()
    merchant.members.create(user=user, role="owner")
    return f"{live_server.url}/panel/en/{merchant.slug}/"


def sign_in(page: Page, home: str) -> None:
    page.goto(home)  # which leads to the form, and from it back
    page.fill("[name=login]", "lin")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(home)


def test_stock_is_written_in_the_list_and_a_product_seen_at_another_date(page: Page, home: str, goods: Variant) -> None:
    refusals: list[str] = []
    page.on("console", lambda message: refusals.append(message.text) if message.type == "error" else None)
    sign_in(page, home)
    page.goto(home + "products/")

    page.fill(f"#to-{goods.public_id}", "31")
    page.focus(f"#save-{goods.public_id}")
    page.keyboard.press("Enter")

    expect(page.locator("#panel-live")).to_contain_text("Saved")
    expect(page.locator(f"#save-{goods.public_id}")).to_be_focused()
    expect(page.locator(f"#stock-{goods.public_id} [name=expected]")).to_have_value("31")
    assert Stock.objects.get(variant=goods).on_hand == 31

    Stock.objects.update(on_hand=7)  # somebody counted meanwhile
    page.fill(f"#to-{goods.public_id}", "40")
    page.keyboard.press("Enter")
    expect(page.locator(f"#error-{goods.public_id}")).to_be_visible()
    expect(page.locator(f"#to-{goods.public_id}")).to_be_focused()
    assert Stock.objects.get(variant=goods).on_hand == 7
    assert [text for text in refusals if "422" not in text] == []  # which is the answer to the second

    page.goto(f"{home}products/{goods.product.public_id}/preview/?market=us")
    later = timezone.now() + timedelta(days=900)  # long after the licence
    page.fill("[name=at]", later.strftime("%Y-%m-%dT12:00"))
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#preview")).to_contain_text("Nobody sees it there then.")
    expect(page.locator("#panel-live")).to_contain_text(f"{later.day} {later:%b %Y}, 12:00")
    expect(page.get_by_role("button", name="Show")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, home: str, scheme: Any) -> None:
    """Its script is put into the page, which our policy forbids to everybody else."""
    context = browser.new_context(bypass_csp=True, color_scheme=scheme, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    try:
        sign_in(page, home)
        for rest in ("", "products/", "rights/"):
            page.goto(home + rest)
            page.evaluate(AXE)
            found = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)
            assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == [], rest
            assert found["passes"], rest
    finally:
        context.close()
