"""Signing in: password, authenticator app, recovery codes, passkeys, forgotten passwords, sessions; and who has to."""

import re
import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.letters import send_letters
from accounts.models import AuditEntry, Letter, User
from merchants.invitations import invite
from merchants.models import Merchant
from merchstore.panel.account_urls import ROUTES
from merchstore.panel.visit import SECOND_STEP
from tests.factories import make_market, make_merchant, make_user

PASSWORD = "a long enough secret"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

#: By the route's name: the address, and the status of GET for a stranger and for somebody who is signed in.
ACCESS = {
    "account_login": ("sign-in/", 200, 302),
    "account_logout": ("sign-out/", 405, 405),
    "own_account": ("account/", 302, 200),
    "usersessions_list": ("account/sessions/", 302, 200),
    "account_address": ("account/address/", 302, 200),
    "account_address_confirm": ("account/address/a-wrong-token-of-some-length/", 302, 404),
    "mfa_login_webauthn": ("sign-in/passkey/", 302, 302),
    "mfa_authenticate": ("sign-in/second-step/", 302, 302),
    "account_inactive": ("account/inactive/", 200, 200),
    "account_reset_password": ("account/password/forgotten/", 200, 200),
    "account_reset_password_done": ("account/password/forgotten/sent/", 200, 200),
    "account_reset_password_from_key_done": ("account/password/new/done/", 200, 200),
    "account_reset_password_from_key": ("account/password/new/a-wrong-key/", 200, 200),
    "account_reauthenticate": ("account/confirm/", 302, 200),
    "account_change_password": ("account/password/", 302, 200),
    "account_set_password": ("account/password/first/", 302, 302),
    "mfa_index": ("account/second-step/", 302, 200),
    "mfa_reauthenticate": ("account/second-step/confirm/", 302, 302),
    "mfa_activate_totp": ("account/second-step/app/", 302, 200),
    "mfa_deactivate_totp": ("account/second-step/app/remove/", 302, 404),
    "mfa_view_recovery_codes": ("account/second-step/codes/", 302, 404),
    "mfa_generate_recovery_codes": ("account/second-step/codes/new/", 302, 200),
    "mfa_list_webauthn": ("account/passkeys/", 302, 200),
    "mfa_add_webauthn": ("account/passkeys/add/", 302, 200),
    "mfa_reauthenticate_webauthn": ("account/passkeys/confirm/", 302, 302),
    "mfa_remove_webauthn": ("account/passkeys/7/remove/", 302, 404),
    "mfa_edit_webauthn": ("account/passkeys/7/", 302, 404),
}


@pytest.fixture
def merchant(db: None) -> Merchant:
    return make_merchant("mill")


@pytest.fixture
def person(merchant: Merchant) -> User:
    user = make_user("ming", is_staff=False, is_superuser=False, email="ming@mill.example")
    user.set_password(PASSWORD)
    user.save()
    merchant.members.create(user=user, role="owner")
    return user


def code_of(secret: str = SECRET) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sign_in(client: Client, name: str = "ming@mill.example", **more: str) -> Any:
    return client.post("/panel/en/sign-in/", {"login": name, "password": PASSWORD} | more)


def test_every_page_of_the_account_has_a_row() -> None:
    assert {route.name for route in ROUTES} == set(ACCESS)


@pytest.mark.parametrize("name", ACCESS)
def test_access(name: str, person: User) -> None:
    address, stranger, own = ACCESS[name]
    client = Client()
    client.force_login(person)

    answers = [one.get(f"/panel/{prefix}/{address}") for prefix in ("en", "zh") for one in (Client(), client)]

    assert [answer.status_code for answer in answers] == [stranger, own] * 2
    for answer in answers:
        if answer.status_code == 200:
            assert answer["Cache-Control"] == "private, no-store"
            assert not re.search(r"<script(?![^>]*(src=|application/json))|style=", answer.content.decode())
    if answers[3].status_code == 200:
        assert 'lang="zh-Hans"' in answers[3].content.decode()


def test_nobody_registers_in_the_panel(client: Client, db: None) -> None:
    assert client.get("/panel/en/account/signup/").status_code == 404


def test_who_has_an_app_is_not_in_before_the_code(person: User) -> None:
    TOTP.activate(person, SECRET)
    client = Client()

    asked = sign_in(client)
    before = client.get("/panel/en/mill/members/")
    wrong = client.post(asked["Location"], {"code": "000000"})
    right = client.post(asked["Location"], {"code": code_of()})

    assert asked["Location"] == "/panel/en/sign-in/second-step/"
    assert (before.status_code, before["Location"]) == (
        302,
        "/panel/en/sign-in/?next=%2Fpanel%2Fen%2Fmill%2Fmembers%2F",
    )
    assert wrong.status_code == 422
    assert (right.status_code, right["Location"]) == (302, "/panel/en/")
    assert client.get("/panel/en/mill/members/").status_code == 200


def test_a_code_works_once(person: User) -> None:
    TOTP.activate(person, SECRET)
    code = code_of()
    first, second = Client(), Client()

    came_in = first.post(sign_in(first)["Location"], {"code": code})
    again = second.post(sign_in(second)["Location"], {"code": code})

    assert (came_in.status_code, again.status_code) == (302, 422)


@pytest.mark.parametrize(
    "address, names, step",
    [
        ("/us/en/sign-in/", ("email", "password"), "/us/en/sign-in/second-step/"),
        ("/desk/login/", ("username", "password"), "/panel/en/sign-in/second-step/"),
    ],
)
def test_no_other_door_lets_in_without_the_second_step(
    person: User, address: str, names: tuple[str, str], step: str
) -> None:
    make_market("us")
    TOTP.activate(person, SECRET)
    person.is_staff = person.is_superuser = True
    person.username = person.email
    person.save()
    client = Client()

    answer = client.post(address, {names[0]: person.username, names[1]: PASSWORD})

    assert answer["Location"] == step
    assert "_auth_user_id" not in client.session
    assert client.post(answer["Location"], {"code": code_of()}).status_code in (302, 303)
    assert client.session["_auth_user_id"] == str(person.pk)


def test_the_desk_lets_in_who_has_no_second_step(person: User) -> None:
    person.is_staff = person.is_superuser = True
    person.save()
    client = Client()

    wrong = client.post("/desk/login/", {"username": "ming", "password": "no"})
    right = client.post("/desk/login/?next=/desk/merchants/", {"username": "ming", "password": PASSWORD})

    assert wrong.status_code == 200
    assert "_auth_user_id" in client.session
    assert right["Location"] == "/desk/merchants/"
    assert client.get("/desk/").status_code == 200


def test_setting_up_an_app_gives_codes_each_of_which_works_once(
    person: User, django_capture_on_commit_callbacks: Any
) -> None:
    client = Client()
    sign_in(client)

    page = client.get("/panel/en/account/second-step/app/")
    secret = page.context["form"].secret
    with django_capture_on_commit_callbacks(execute=True):
        done = client.post("/panel/en/account/second-step/app/", {"code": code_of(secret)})
    codes = client.get("/panel/en/account/second-step/codes/").context["unused_codes"]
    other = Client()
    came_in = other.post(sign_in(other)["Location"], {"code": codes[0]})
    third = Client()
    again = third.post(sign_in(third)["Location"], {"code": codes[0]})

    assert page.status_code == 200
    assert done["Location"] == "/panel/en/account/second-step/codes/"
    assert len(codes) == 10
    assert (came_in.status_code, again.status_code) == (302, 422)
    assert "sealed1:" in Authenticator.objects.get(type="totp").data["secret"]
    assert Letter.objects.filter(to=person.email, template="as_written").exists()


def test_a_second_step_ends_what_was_opened_without_one(
    person: User, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.REQUIRE_MFA = True
    thief, owner = Client(), Client()
    for client in (thief, owner):
        sign_in(client)
    secret = owner.get("/panel/en/account/second-step/app/").context["form"].secret

    with django_capture_on_commit_callbacks(execute=True):
        owner.post("/panel/en/account/second-step/app/", {"code": code_of(secret)})

    assert thief.get("/panel/en/mill/members/")["Location"].startswith("/panel/en/sign-in/")
    assert owner.get("/panel/en/mill/members/").status_code == 200


def test_a_second_step_ends_a_session_that_no_list_shows(person: User, django_capture_on_commit_callbacks: Any) -> None:
    thief, owner = Client(), Client()
    for client in (thief, owner):
        sign_in(client)
    UserSession.objects.exclude(session_key=owner.session.session_key).delete()
    secret = owner.get("/panel/en/account/second-step/app/").context["form"].secret

    with django_capture_on_commit_callbacks(execute=True):
        owner.post("/panel/en/account/second-step/app/", {"code": code_of(secret)})

    assert [client.get("/panel/en/account/").status_code for client in (thief, owner)] == [302, 200]


def test_all_others_are_those_that_no_list_shows_too(person: User) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        sign_in(client)
    UserSession.objects.exclude(session_key=here.session.session_key).delete()

    here.post("/panel/en/account/sessions/", {"session": "others"})

    assert [client.get("/panel/en/account/").status_code for client in (here, there)] == [200, 302]


# -- the address of an account -----------------------------------------------------------------------


@pytest.fixture
def fan(db: None) -> Client:
    """Has made an account in the shop, with an address that may be somebody else's."""
    make_market("us")
    client = Client()
    made = client.post("/us/en/sign-up/", {"email": "Lin@Mill.example", "password": PASSWORD})
    assert made.status_code == 303
    return client


def set_up_app(client: Client) -> Any:
    """What is answered to somebody who would set up an app."""
    page = client.get("/panel/en/account/second-step/app/")
    if page.status_code != 200:
        return page
    return client.post("/panel/en/account/second-step/app/", {"code": code_of(page.context["form"].secret)})


def link_of(pattern: str) -> str:
    send_letters(at=timezone.now())
    found = re.search(rf"http://[^/]+(/panel/en/account/{pattern}/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_an_address_that_nobody_has_confirmed_takes_no_second_step(fan: Client) -> None:
    refused = [set_up_app(fan), fan.post("/panel/en/account/passkeys/add/", {"name": "K", "credential": "{}"})]

    assert [answer["Location"] for answer in refused] == ["/panel/en/account/second-step/"] * 2
    assert not Authenticator.objects.exists()
    assert "Confirm your e-mail address first." in fan.get("/panel/en/account/second-step/").content.decode()


def test_the_letter_confirms_the_address_for_who_is_signed_in_with_it(fan: Client, person: User) -> None:
    fan.post("/panel/en/account/address/")
    link = link_of("address")
    other = Client()
    sign_in(other)

    looked = [fan.get(link), other.post(link), Client().post(link)]
    still = EmailAddress.objects.get().verified
    done = fan.post(link)

    assert [answer.status_code for answer in looked] == [200, 404, 302]
    assert still is False
    assert done["Location"] == "/panel/en/account/second-step/"
    assert EmailAddress.objects.get().verified
    assert set_up_app(fan).status_code == 302
    assert Authenticator.objects.filter(type="totp").count() == 1


def test_a_link_of_another_address_or_another_account_confirms_nothing(fan: Client) -> None:
    fan.post("/panel/en/account/address/")
    link = link_of("address")
    User.objects.update(email="another@mill.example")

    assert fan.post(link).status_code == 404
    assert fan.post(link[:-3] + "xx/").status_code == 404
    assert not EmailAddress.objects.get().verified


def test_no_more_than_three_letters_an_hour_ask_for_it(fan: Client) -> None:
    answers = [fan.post("/panel/en/account/address/").status_code for _ in range(4)]

    assert answers == [200, 200, 200, 429]
    assert Letter.objects.filter(template="account_address").count() == 3


def test_whose_address_it_is_gets_the_account_that_somebody_else_has_made(fan: Client, merchant: Merchant) -> None:
    """Somebody has made an account with the address of a person who is invited, and is signed in."""
    invite(merchant, email="lin@mill.example", role="owner", language="en", by=None, at=timezone.now())
    send_letters(at=timezone.now())
    invitation = re.search(r"(/panel/en/invitations/\S+)", str(mail.outbox[-1].body))
    assert invitation
    set_up_app(fan)
    lin = Client()

    lin.post("/panel/en/account/password/forgotten/", {"email": "lin@mill.example"})
    form = lin.get(link_of("password/new"), follow=True)
    new = {"password1": "another long secret", "password2": "another long secret"}
    lin.post(form.redirect_chain[-1][0], new)
    came_in = lin.post("/panel/en/sign-in/", {"login": "lin@mill.example", "password": "another long secret"})
    accepted = lin.post(invitation[1])

    assert came_in["Location"] == "/panel/en/"  # no second step of somebody else's is asked for
    assert accepted["Location"] == "/panel/en/mill/checklist/"
    assert fan.get("/panel/en/mill/members/")["Location"].startswith("/panel/en/sign-in/")
    assert EmailAddress.objects.get().verified
    assert set_up_app(lin).status_code == 302
    assert Authenticator.objects.filter(type="totp").count() == 1


def test_an_invitation_confirms_the_address_of_who_accepts_it(fan: Client, merchant: Merchant) -> None:
    invite(merchant, email="lin@mill.example", role="owner", language="en", by=None, at=timezone.now())
    send_letters(at=timezone.now())
    link = re.search(r"(/panel/en/invitations/\S+)", str(mail.outbox[-1].body))
    assert link

    fan.post(link[1])

    assert EmailAddress.objects.get().verified


@pytest.mark.parametrize("role", ["owner", "catalogue", "orders", "finance", "read_only"])
def test_who_gives_rights_or_deals_with_money_needs_a_second_step(
    role: str, merchant: Merchant, person: User, settings: Any
) -> None:
    settings.REQUIRE_MFA = True
    merchant.members.update(role=role)
    client = Client()
    client.force_login(person)

    without = client.get("/panel/en/mill/orders/")
    shown = client.get("/panel/en/account/second-step/?for=role").content.decode()
    TOTP.activate(person, SECRET)
    with_one = client.get("/panel/en/mill/orders/")

    if role in SECOND_STEP:
        assert (without.status_code, without["Location"]) == (302, "/panel/en/account/second-step/?for=role")
        assert "Your role gives others rights" in shown
    else:
        assert without.status_code == 200
    assert with_one.status_code == 200


def test_what_is_sensitive_asks_again_after_a_while_and_loses_nothing(
    merchant: Merchant, person: User, settings: Any
) -> None:
    settings.RECENT_SIGN_IN_MINUTES = 15
    client = Client()
    sign_in(client)
    wanted = {"email": "new@mill.example", "role": "orders", "language": "en"}

    fresh = client.get("/panel/en/mill/members/")
    _signed_in_an_hour_ago(client)
    stale = client.post("/panel/en/mill/members/invite/", wanted)
    nothing = merchant.invitations.count()
    resumed = client.post(stale["Location"], {"password": PASSWORD})

    assert fresh.status_code == 200
    assert stale["Location"] == "/panel/en/account/confirm/?next=%2Fpanel%2Fen%2Fmill%2Fmembers%2Finvite%2F"
    assert nothing == 0
    assert resumed.status_code == 302
    assert merchant.invitations.get().email == "new@mill.example"


def _signed_in_an_hour_ago(client: Client) -> None:
    session = client.session
    session["account_authentication_methods"] = [
        record | {"at": time.time() - 3600} for record in session["account_authentication_methods"]
    ]
    session.save()


def test_a_forgotten_password_is_answered_alike_whoever_asks(person: User, client: Client) -> None:
    known = client.post("/panel/zh/account/password/forgotten/", {"email": "MING@mill.example"})
    unknown = client.post("/panel/zh/account/password/forgotten/", {"email": "nobody@mill.example"})

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert list(Letter.objects.values_list("to", "language")) == [("ming@mill.example", "zh-hans")]


def test_the_link_of_the_letter_sets_a_new_password_once(person: User, client: Client) -> None:
    elsewhere = Client()
    sign_in(elsewhere)
    client.post("/panel/en/account/password/forgotten/", {"email": person.email})
    send_letters(at=timezone.now())
    link = re.search(r"http://[^/]+(/panel/en/account/password/new/\S+)", str(mail.outbox[0].body))
    assert link
    new = {"password1": "another long secret", "password2": "another long secret"}

    form = client.get(link[1], follow=True)
    done = client.post(form.redirect_chain[-1][0], new)
    again = Client().get(link[1])

    assert done["Location"] == "/panel/en/account/password/new/done/"
    person.refresh_from_db()
    assert person.check_password("another long secret")
    assert "was used before" in again.content.decode()
    assert elsewhere.get("/panel/en/account/").status_code == 302
    assert Letter.objects.get(pk=Letter.objects.order_by("pk").first().pk).said == {}  # type: ignore[union-attr]


def test_the_link_of_the_letter_leads_to_this_site_whatever_host_was_asked(
    person: User, client: Client, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["*"]

    client.post("/panel/en/account/password/forgotten/", {"email": person.email}, headers={"host": "evil.example"})
    send_letters(at=timezone.now())

    assert f"{settings.SITE_URL}/panel/en/account/password/new/" in str(mail.outbox[0].body)
    assert "evil.example" not in str(mail.outbox[0].body)


def test_other_sessions_are_listed_and_ended(person: User) -> None:
    here, there, third = Client(), Client(), Client()
    for client in (here, there, third):
        sign_in(client)
    rows = here.get("/panel/en/account/sessions/").context["sessions"]
    one = next(row for row, _ in rows if row.session_key == there.session.session_key)

    here.post("/panel/en/account/sessions/", {"session": str(one.pk)})

    assert len(rows) == 3
    assert [c.get("/panel/en/account/").status_code for c in (here, there, third)] == [200, 302, 200]
    here.post("/panel/en/account/sessions/", {"session": "others"})
    assert [c.get("/panel/en/account/").status_code for c in (here, third)] == [200, 302]


def test_the_session_of_another_person_is_not_ended(person: User) -> None:
    stranger = make_user("lin", is_staff=False, is_superuser=False)
    stranger.set_password(PASSWORD)
    stranger.save()
    mine, theirs = Client(), Client()
    sign_in(mine)
    sign_in(theirs, "lin")
    row = theirs.get("/panel/en/account/sessions/").context["sessions"][0][0]

    mine.post("/panel/en/account/sessions/", {"session": str(row.pk)})

    assert theirs.get("/panel/en/account/").status_code == 200


def test_guessing_is_stopped(person: User) -> None:
    client = Client()

    answers = [
        client.post("/panel/en/sign-in/", {"login": person.email, "password": f"guess {number}"}).status_code
        for number in range(12)
    ]

    assert answers[0] == 422
    # The right one does not help either, for a while.
    assert sign_in(client).status_code in (422, 429)
    assert "_auth_user_id" not in client.session


@pytest.mark.browser
def test_a_passkey_is_added_and_signs_in(
    live_server: Any, page: Page, person: User, settings: Any, transactional_db: None
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    base = live_server.url.replace("127.0.0.1", "localhost")
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    authenticator = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
    page.goto(f"{base}/panel/en/sign-in/")
    page.get_by_label("Login").or_(page.locator("input[name=login]")).first.fill(person.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.goto(f"{base}/panel/en/account/passkeys/add/")

    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.context.clear_cookies()
    page.goto(f"{base}/panel/en/sign-in/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page).not_to_have_url(re.compile("sign-in"))
    assert Authenticator.objects.get(type="webauthn").user == person


def test_the_desk_takes_a_lost_second_step_away(person: User, admin_client: Client) -> None:
    step = TOTP.activate(person, SECRET).instance
    address = f"/desk/mfa/authenticator/{step.pk}/"

    shown = admin_client.get(f"{address}change/").content.decode()
    done = admin_client.post(f"{address}do/remove/")

    assert SECRET not in shown
    assert "sealed1:" not in shown
    assert done.status_code == 302
    assert not Authenticator.objects.exists()
    assert AuditEntry.objects.get(verb="user.second_step_removed").subject_id == person.public_id
    assert Letter.objects.get().to == person.email
    assert sign_in(Client())["Location"] == "/panel/en/"
