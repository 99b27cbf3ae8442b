"""Keys × scopes: every address of the API, every method, asked with a key of each single scope. A route without a row fails."""

from contextlib import nullcontext
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from merchants.models import Merchant, PartnerKey
from merchstore.api.urls import urlpatterns
from sandboxes.services import make_sandbox
from tests.api.conftest import make_partner
from tests.api.scopes import OPENS, SCOPE_OF
from tests.system.everything import name_of, one_of_everything, template
from tests.system.test_isolation import everything_as_it_is
from tests.system.test_roles import ask, undone

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

METHODS = ("get", "head", "options", "post", "put", "patch", "delete")


def of_keys() -> list[Any]:
    """Routes that need a key."""
    return [pattern for pattern in urlpatterns if hasattr(getattr(pattern.callback, "view_class", None), "scope")]


def test_every_route_and_method_has_a_scope() -> None:
    there = {
        f"{pattern.name}.{method}"
        for pattern in of_keys()
        for method in pattern.callback.view_class.http_method_names
        if method not in ("head", "options")
    }
    assert there == set(SCOPE_OF)
    assert set(OPENS) == set(PartnerKey.Scope.values)


def test_a_key_of_one_scope_opens_what_the_scope_opens_and_changes_nothing_else(settings: Any) -> None:
    settings.API_RATE = settings.API_BULK_RATE = (10**6, 60)
    things = one_of_everything()
    merchant = Merchant.objects.get(slug=things["merchant"])
    sandbox = make_sandbox(merchant, by=None, at=timezone.now())
    keys = {(mer, scope): make_partner(mer, scopes=[scope]).secret for mer in (merchant, sandbox) for scope in OPENS}
    before, wrong, refused = everything_as_it_is(), {}, 0

    for scope in OPENS:
        for pattern in of_keys():
            name = str(pattern.name)
            owner = sandbox if name.startswith("sandbox") else merchant
            address = template("api/v1/" + str(pattern.pattern))
            if "{" in address:
                address = address.format(**things | {"name": name_of(name, things)})
            headers = {"authorization": f"Bearer {keys[owner, scope]}", "if-match": "*", "idempotency-key": name}
            client = Client(raise_request_exception=False, headers=headers)
            for method in METHODS:
                needed = SCOPE_OF.get(f"{name}.{'get' if method == 'head' else method}")
                if scope != "rights:read" and (needed is None or method == "head"):
                    continue  # one key asks for what is nobody's, and for what GET answers
                with nullcontext() if needed != scope else undone():
                    answer = ask(client, method, address)
                refused += answer.status_code == 403
                if not is_right(answer, method, scope, needed):
                    wrong[scope, method, address] = (answer.status_code, needed)
        assert everything_as_it_is() == before, scope

    assert wrong == {}
    assert refused >= 900


def is_right(answer: Any, method: str, scope: str, needed: str | None) -> bool:
    """405 for a method that is not there; 403 that names the scope; else whatever the address says to a key that may ask."""
    status = answer.status_code
    if needed is None:
        return status in (403, 405)
    if scope != needed:
        return status == 403 and (method == "head" or answer.json()["code"] == "scope_needed")
    return status < 500 and status not in (401, 403, 405)
