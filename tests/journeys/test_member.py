"""A fan with an account: adds a passkey, comes back with it alone, buys, finds the order again, and needs it after the password."""

import re

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from orders.models import Order
from tests.journeys.conftest import Site
from tests.journeys.people import PASSWORD, PLAIN, make_member, slug_of
from tests.journeys.test_guest import fill_and_see_the_sum

pytestmark = pytest.mark.django_db

#: A telephone that keeps passkeys, and a finger on it.
DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True,
    "automaticPresenceSimulation": True,
}  # fmt: skip


def test_a_member_comes_with_a_passkey_and_buys(phone: Page, site: Site) -> None:
    user = make_member()
    device = phone.context.new_cdp_session(phone)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    phone.goto(site.at("account/security/"))  # which leads to the form, and from it back
    phone.get_by_label("E-mail").fill(user.email)
    phone.get_by_label("Password").fill(PASSWORD)
    phone.get_by_role("button", name="Sign in", exact=True).click()
    expect(phone).to_have_url(site.at("account/security/"))
    phone.get_by_role("link", name="Add a passkey").click()
    phone.get_by_label("Name of the passkey").fill("My telephone")
    phone.get_by_role("button", name="Add a passkey").click()
    phone.wait_for_url(lambda address: "/passkeys/add/" not in address)
    assert Authenticator.objects.get(user=user, type=Authenticator.Type.WEBAUTHN).wrap().name == "My telephone"
    phone.get_by_role("button", name="Sign out").click()
    phone.wait_for_url(site.at())

    phone.goto(site.at("account/"))
    expect(phone.get_by_label("Password")).to_be_visible()
    phone.get_by_role("button", name="Sign in with a passkey").click()
    phone.wait_for_url(site.at("account/"))
    phone.goto(site.at(f"goods/p/{slug_of(PLAIN)}/"))
    phone.get_by_role("button", name="Add to basket").click()
    phone.get_by_role("link", name="Check out").click()
    fill_and_see_the_sum(phone, user.email)
    phone.locator("main:not(:has(.htmx-request)) .btn.wide").click()
    phone.get_by_role("link", name="Go to the payment").click()
    phone.get_by_role("button", name="now").click()
    phone.get_by_role("link", name="Back to the shop").click()
    expect(phone).to_have_url(re.compile(r"/us/en/orders/ord_"))

    order = Order.objects.get(user=user)
    phone.goto(site.at("account/"))
    phone.get_by_role("link", name=order.number).click()
    expect(phone.locator("main")).to_contain_text(order.number)
    assert order.state == "paid"

    phone.goto(site.at("account/security/"))
    phone.get_by_role("button", name="Sign out").click()
    phone.wait_for_url(site.at())
    phone.goto(site.at("account/wishlist/"))
    phone.get_by_label("E-mail").fill(user.email)
    phone.get_by_label("Password").fill(PASSWORD)
    phone.get_by_role("button", name="Sign in", exact=True).click()
    expect(phone).to_have_url(site.at("sign-in/second-step/"))
    phone.get_by_role("button", name="Use a passkey").click()
    expect(phone).to_have_url(site.at("account/wishlist/"))


def test_a_passkey_of_nobody_opens_nothing(phone: Page, site: Site) -> None:
    """A browser that has none says so where it was asked, in a region that is read out."""
    device = phone.context.new_cdp_session(phone)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    phone.goto(site.at("sign-in/"))

    phone.get_by_role("button", name="Sign in with a passkey").click()

    expect(phone.get_by_role("alert")).to_have_text("The browser has given no passkey. Try again, or use another way.")
    expect(phone).to_have_url(site.at("sign-in/"))
