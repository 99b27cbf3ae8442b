"""Who acts for a merchant: members, roles, invitations."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.letters import send_letters
from accounts.models import AuditEntry, Letter, User
from core.errors import Refused
from merchants import invitations
from merchants.models import Invitation, Member, Merchant
from merchants.services import close_merchant
from tests.factories import make_merchant, make_user
from tests.panel.conftest import signed_in

PASSWORD = "a long enough secret"


@pytest.fixture
def merchant(db: None) -> Merchant:
    return make_merchant("mill")


def invite(client: Client, email: str = "lin@mill.example", **said: str) -> int:
    told = {"email": email, "role": "orders", "language": "zh-hans"} | said
    return client.post("/panel/en/mill/members/invite/", told).status_code


def link_of_last_letter() -> str:
    send_letters(at=timezone.now())
    found = re.search(r"http://[^/]+(/panel/(?:en|zh)/invitations/\S+/)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_an_invited_person_makes_an_account_and_acts_in_the_role(merchant: Merchant, owner: Client) -> None:
    status = invite(owner)
    link = link_of_last_letter()
    client = Client()

    page = client.get(link)
    weak = client.post(link, {"name": "Lin", "password": "123"})
    done = client.post(link, {"name": "Lin", "password": PASSWORD})

    assert (status, page.status_code, weak.status_code, done.status_code) == (302, 200, 422, 302)
    assert 'lang="zh-Hans"' in page.content.decode()
    assert mail.outbox[-1].to == ["lin@mill.example"]
    member = merchant.members.get(user__email="lin@mill.example")
    assert member.role == "orders"
    assert client.get("/panel/en/mill/orders/").status_code == 200
    assert client.get("/panel/en/mill/members/").status_code == 403
    verbs = list(AuditEntry.objects.filter(merchant_key=merchant.pk).order_by("pk").values_list("verb", flat=True))
    assert verbs == ["merchant.invited", "merchant.invitation_accepted"]


def test_a_link_works_once(merchant: Merchant, owner: Client) -> None:
    invite(owner)
    link = link_of_last_letter()
    Client().post(link, {"name": "Lin", "password": PASSWORD})

    again = Client().post(link, {"name": "Mallory", "password": PASSWORD})

    assert again.status_code == 404
    assert merchant.members.count() == 2


@pytest.mark.parametrize("why", ["expired", "revoked", "sent again", "merchant closed"])
def test_a_link_that_is_over_opens_nothing(why: str, merchant: Merchant, owner: Client) -> None:
    invite(owner)
    link = link_of_last_letter()
    row = Invitation.objects.get()
    if why == "expired":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif why == "merchant closed":
        close_merchant(merchant, by=None)
    else:
        verb = "revoke" if why == "revoked" else "send-again"
        assert owner.post(f"/panel/en/mill/members/invitations/{row.public_id}/{verb}/").status_code == 302

    assert Client().get(link).status_code == 404
    assert Client().post(link, {"name": "Lin", "password": PASSWORD}).status_code == 404
    assert not User.objects.filter(email="lin@mill.example").exists()
    assert merchant.members.count() == 1


def test_who_has_an_account_does_not_join_a_merchant_that_was_closed(merchant: Merchant, owner: Client) -> None:
    lin, client = make_user("lin", is_staff=False, is_superuser=False, email="lin@mill.example"), Client()
    client.force_login(lin)
    invite(owner)
    link = link_of_last_letter()
    close_merchant(merchant, by=None)

    assert client.post(link).status_code == 404
    assert not lin.memberships.exists()


def test_one_that_expired_is_sent_again_with_another_link(merchant: Merchant, owner: Client) -> None:
    invite(owner)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    row = Invitation.objects.get()

    owner.post(f"/panel/en/mill/members/invitations/{row.public_id}/send-again/")

    assert Client().get(link_of_last_letter()).status_code == 200


def test_an_account_of_the_same_address_says_yes_and_one_of_another_cannot(merchant: Merchant, owner: Client) -> None:
    lin = make_user("lin", is_staff=False, is_superuser=False, email="Lin@mill.example")
    mallory = make_user("mallory", is_staff=False, is_superuser=False, email="mallory@other.example")
    invite(owner)
    link = link_of_last_letter()
    own, other = Client(), Client()
    own.force_login(lin)
    other.force_login(mallory)

    unsigned = Client().post(link, {"name": "Lin", "password": PASSWORD})
    stranger = other.post(link)
    accepted = own.post(link)

    assert (unsigned.status_code, stranger.status_code, accepted.status_code) == (422, 422, 302)
    assert not mallory.memberships.exists()
    assert list(lin.memberships.values_list("merchant__slug", "role")) == [("mill", "orders")]


def test_who_acts_already_or_is_invited_already_is_not_invited_again(merchant: Merchant, owner: Client) -> None:
    member = make_user("lin", is_staff=False, is_superuser=False, email="lin@mill.example")
    merchant.members.create(user=member, role="orders")

    assert invite(owner, "LIN@mill.example") == 422
    assert invite(owner, "new@mill.example") == 302
    assert invite(owner, "New@mill.example") == 422
    assert Letter.objects.count() == 1


def test_roles_are_changed_and_people_removed_but_the_last_owner_stays(merchant: Merchant, owner: Client) -> None:
    lin = make_user("lin", is_staff=False, is_superuser=False)
    merchant.members.create(user=lin, role="orders")
    first = Member.objects.get(role="owner").user

    refused = [
        owner.post(f"/panel/en/mill/members/{first.public_id}/role/", {"role": "orders"}),
        owner.post(f"/panel/en/mill/members/{first.public_id}/remove/"),
        owner.post(f"/panel/en/mill/members/{lin.public_id}/role/", {"role": "king"}),
    ]
    changed = owner.post(f"/panel/en/mill/members/{lin.public_id}/role/", {"role": "finance"})

    assert [answer.status_code for answer in refused] == [422] * 3
    assert changed.status_code == 302
    assert merchant.members.get(user=lin).role == "finance"
    assert owner.post(f"/panel/en/mill/members/{lin.public_id}/remove/").status_code == 302
    assert list(merchant.members.values_list("role", flat=True)) == ["owner"]


def test_a_rival_touches_nobody(merchant: Merchant, owner: Client, rival: Client) -> None:
    invite(owner)
    row, person = Invitation.objects.get(), merchant.members.get().user

    answers = [
        rival.post(f"/panel/en/{slug}/members/{rest}")
        for slug in ("mill", "rival")
        for rest in (
            f"invitations/{row.public_id}/revoke/", f"{person.public_id}/remove/", f"{person.public_id}/role/",
        )
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [404] * 6
    assert Invitation.objects.get().revoked_at is None
    assert merchant.members.get().role == "owner"


@pytest.mark.parametrize("role", ["catalogue", "orders", "finance", "read_only"])
def test_only_owners_see_and_change_members(role: str, merchant: Merchant) -> None:
    client = signed_in(merchant, role)

    assert client.get("/panel/en/mill/members/").status_code == 403
    assert invite(client) == 403
    assert not Invitation.objects.exists()


def test_a_token_is_kept_as_a_digest_alone(merchant: Merchant, owner: Client) -> None:
    invite(owner)
    token = link_of_last_letter().split("/")[-2]

    assert Invitation.objects.get().digest != token
    assert Letter.objects.get().said == {}
    assert invitations.of_token(token, at=timezone.now()) == Invitation.objects.get()


def test_two_answers_to_one_link_make_one_member(merchant: Merchant, owner: Client) -> None:
    invite(owner)
    token = link_of_last_letter().split("/")[-2]
    lin = make_user("lin", is_staff=False, is_superuser=False, email="lin@mill.example")
    invitations._accept(token, lin, timezone.now())

    with pytest.raises(Refused, match="used"):
        invitations._accept(token, lin, timezone.now())
