"""Roles × routes: every page of the panel, every method, asked by each role, a stranger and a rival. A route without a row fails."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from merchants.models import Member, Merchant
from merchstore.panel import account_urls
from merchstore.panel.urls import urlpatterns
from tests.factories import make_user
from tests.system.everything import each_verb, one_of_everything, template
from tests.system.test_isolation import everything_as_it_is, rival_session

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

# Written out, and not taken from the code that is tested.
ALL = frozenset({"owner", "catalogue", "orders", "finance", "read_only"})
OWNER = frozenset({"owner"})
CATALOGUE = frozenset({"owner", "catalogue"})
ORDERS = frozenset({"owner", "orders"})
FINANCE = frozenset({"owner", "finance", "read_only"})
NOT_THERE = None

READ_BY_ALL, READ_BY_OWNER, READ_BY_FINANCE, READ_BY_ORDERS = (
    (roles, NOT_THERE) for roles in (ALL, OWNER, FINANCE, ORDERS)
)
DONE_BY_OWNER, DONE_BY_CATALOGUE, DONE_BY_ORDERS = ((NOT_THERE, roles) for roles in (OWNER, CATALOGUE, ORDERS))
FORM_OF_OWNER, FORM_OF_CATALOGUE = ((roles, roles) for roles in (OWNER, CATALOGUE))

#: By the route's name: who may look (GET, HEAD), and who may do it (POST). Where a method is not there at all it is 405 to everybody.
ROLES: dict[str, tuple[frozenset[str] | None, frozenset[str] | None]] = {
    "home": READ_BY_ALL,
    "rights": READ_BY_ALL,
    "checklist": READ_BY_ALL,
    "requirement": (ALL, OWNER),
    "requirement_file": READ_BY_OWNER,
    "ask_review": DONE_BY_OWNER,
    "members": READ_BY_OWNER,
    "invite": DONE_BY_OWNER,
    "member_role": DONE_BY_OWNER,
    "member_remove": DONE_BY_OWNER,
    "invitation_verb": DONE_BY_OWNER,
    "audit": READ_BY_OWNER,
    "audit_csv": READ_BY_OWNER,
    "products": READ_BY_ALL,
    "product": (ALL, CATALOGUE),
    "product_preview": READ_BY_ALL,
    "new_product": FORM_OF_CATALOGUE,
    "products_edit": DONE_BY_CATALOGUE,
    "product_price": DONE_BY_CATALOGUE,
    "price_withdraw": DONE_BY_CATALOGUE,
    "product_variant": DONE_BY_CATALOGUE,
    "variant_edit": DONE_BY_CATALOGUE,
    "variant_remove": DONE_BY_CATALOGUE,
    "product_stock": DONE_BY_CATALOGUE,
    "product_stock_terms": DONE_BY_CATALOGUE,
    "product_mockups": FORM_OF_CATALOGUE,
    "reviews": READ_BY_ALL,
    "review_answer": DONE_BY_CATALOGUE,
    "size_guides": READ_BY_ALL,
    "new_size_guide": FORM_OF_CATALOGUE,
    "size_guide": FORM_OF_CATALOGUE,
    "product_image_new": DONE_BY_CATALOGUE,
    "product_image": DONE_BY_CATALOGUE,
    "product_verb": DONE_BY_CATALOGUE,
    "imports": READ_BY_ALL,
    "import": READ_BY_ALL,
    "import_progress": READ_BY_ALL,
    "import_report": READ_BY_ALL,
    "new_import": FORM_OF_CATALOGUE,
    "import_columns": FORM_OF_CATALOGUE,
    "import_verb": DONE_BY_CATALOGUE,
    "orders": READ_BY_ALL,
    "order": READ_BY_ALL,
    "order_pick": READ_BY_ALL,
    "order_sheet": READ_BY_ALL,
    "order_slip": READ_BY_ORDERS,
    "order_ship": DONE_BY_ORDERS,
    "order_cancel": DONE_BY_ORDERS,
    "order_delivered": DONE_BY_ORDERS,
    "return_receive": DONE_BY_ORDERS,
    "return_refuse": DONE_BY_ORDERS,
    "statements": READ_BY_FINANCE,
    "statement": READ_BY_FINANCE,
    "statement_lines": READ_BY_FINANCE,
    "statement_csv": READ_BY_FINANCE,
    "statement_pdf": READ_BY_FINANCE,
    "royalties": READ_BY_FINANCE,
    "payouts": READ_BY_FINANCE,
    "payout": READ_BY_FINANCE,
    "approvals": READ_BY_ALL,
    "approval": READ_BY_ALL,
    "approval_certificate": READ_BY_ALL,
    "round": READ_BY_ALL,
    "round_file": READ_BY_ALL,
    "new_approval": FORM_OF_CATALOGUE,
    "approval_draft": DONE_BY_CATALOGUE,
    "approval_withdraw": DONE_BY_CATALOGUE,
    "round_write": DONE_BY_CATALOGUE,
    "round_discard": DONE_BY_CATALOGUE,
    "round_remark": DONE_BY_CATALOGUE,
    "campaigns": READ_BY_ALL,
    "campaign": READ_BY_ALL,
    "campaign_progress": READ_BY_ALL,
    "new_campaign": FORM_OF_CATALOGUE,
    "campaign_edit": FORM_OF_CATALOGUE,
    "campaign_offer": DONE_BY_CATALOGUE,
    "campaign_withdraw": DONE_BY_CATALOGUE,
    "campaign_send": DONE_BY_CATALOGUE,
    "campaign_ask": FORM_OF_CATALOGUE,
    "keys": READ_BY_OWNER,
    "new_key": FORM_OF_OWNER,
    "key_replace": FORM_OF_OWNER,
    "key_revoke": DONE_BY_OWNER,
    "sandbox": DONE_BY_OWNER,
    "webhooks": READ_BY_OWNER,
    "webhook": READ_BY_OWNER,
    "delivery": READ_BY_OWNER,
    "new_webhook": FORM_OF_OWNER,
    "webhook_edit": DONE_BY_OWNER,
    "webhook_rotate": DONE_BY_OWNER,
    "webhook_test": DONE_BY_OWNER,
    "webhook_verb": DONE_BY_OWNER,
    "delivery_redeliver": DONE_BY_OWNER,
}
#: Pages of a person rather than of a merchant: what a role may does not matter there.
OF_NO_MERCHANT = {"merchants", "sign_in", "sign_out", "apply", "applied", "apply_confirm", "invitation"}
METHODS = ("get", "head", "options", "post", "put", "patch", "delete")


def rows() -> list[tuple[str, str]]:
    """Name and address of each route of a merchant, once for each of its verbs."""
    return [
        (pattern.name, template("panel/" + route))
        for pattern in urlpatterns
        if pattern.name not in OF_NO_MERCHANT
        for route in each_verb(str(pattern.pattern))
    ]


def allowed(name: str, method: str) -> frozenset[str] | None:
    reads, writes = ROLES[name]
    return {"get": reads, "head": reads, "post": writes}.get(method)


@contextmanager
def undone() -> Iterator[None]:
    """What is done meanwhile has never been. No `atomic`: services that insist on being outermost would refuse."""
    point = transaction.savepoint()
    yield
    transaction.savepoint_rollback(point)


def signed_in(merchant: Merchant, role: str) -> Client:
    user = make_user(f"{role}-hand", is_staff=False, is_superuser=False)
    merchant.members.create(user=user, role=role)
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def ask(client: Client, method: str, address: str) -> Any:
    answer = getattr(client, method)(address)
    if answer.streaming:
        answer.getvalue()  # read to its end, a file is closed
    return answer


def is_right(answer: Any, who: str, roles: frozenset[str] | None) -> bool:
    """405 where the method is not there; else to a stranger the way in, to a rival nothing, to other roles no, to these the page."""
    status = answer.status_code
    if roles is None:
        return bool(status == 405)
    if who == "stranger":
        return status == 302 and answer["Location"].startswith("/panel/en/sign-in/?next=")
    if who == "rival":
        return bool(status == 404)
    return status in OPENED if who in roles else bool(status == 403)


#: The page; led on; said why not; and not in a state for it, which is nothing that a role decides.
OPENED = (200, 302, 303, 404, 409, 422)


def test_every_route_has_a_row() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(ROLES) | OF_NO_MERCHANT
    assert {name for name, address in rows() if "{merchant}" not in address} == set()
    assert set(Member.Role.values) == ALL


def test_each_role_opens_what_is_its_own_and_changes_nothing_else() -> None:
    things = one_of_everything()
    merchant = Merchant.objects.get(slug=things["merchant"])
    asking = {role: signed_in(merchant, role) for role in sorted(ALL)}
    asking |= {"stranger": Client(raise_request_exception=False), "rival": rival_session()}
    addresses = [(name, address.format(**things)) for name, address in rows()]
    before, wrong, offered, refused = everything_as_it_is(), {}, {}, 0

    for who, client in asking.items():
        shown = ""
        for name, address in addresses:
            for method in METHODS:
                roles = allowed(name, method)
                if (roles is None and who != "owner") or (method == "head" and roles and who in roles):
                    continue  # 405 to everybody, whoever asks; and HEAD is what GET does
                is_refused = roles is None or who not in roles
                with nullcontext() if is_refused else undone():
                    answer = ask(client, method, address)
                refused += is_refused
                if not is_right(answer, who, roles):
                    wrong[who, method, address] = answer.status_code
                if method == "get" and not is_refused and "html" in answer["Content-Type"]:
                    shown += answer.content.decode()
        assert everything_as_it_is() == before, who
        # No page that a role opens leads it to one that says no.
        offered |= {
            (who, name): address
            for name, address in addresses
            if who in ALL and who not in (ROLES[name][0] or ALL) and f'href="{address}"' in shown
        }

    assert wrong == {}
    assert offered == {}
    assert refused >= 800


def test_ones_own_account_asks_for_no_role_and_lets_no_stranger_in() -> None:
    """Pages of a person: to a stranger the way in, or what everybody may open."""
    opened = {
        "account_login", "account_logout", "mfa_login_webauthn", "mfa_authenticate", "account_inactive", "account_reset_password",
        "account_reset_password_done", "account_reset_password_from_key_done", "account_reset_password_from_key",
    }  # fmt: skip
    before, wrong = None, {}
    stranger = Client(raise_request_exception=False)

    before = everything_as_it_is()
    for pattern in account_urls.ROUTES:
        if pattern.name in opened:
            continue
        address = re.sub(r"\{\w+\}", "1" * 30, "/panel/en" + template(str(pattern.pattern)))
        for method in METHODS:
            answer = ask(stranger, method, address)
            if not (
                answer.status_code in (302, 405)
                and answer.get("Location", "/panel/en/sign-in/").startswith("/panel/en/sign-in/")
            ):
                wrong[method, address] = (answer.status_code, answer.get("Location"))

    assert wrong == {}
    assert everything_as_it_is() == before
