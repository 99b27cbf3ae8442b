"""What no browser says of a passkey is a form that is wrong, at every door."""

import pytest
from django.test import Client

from tests import factories

pytestmark = pytest.mark.django_db

MADE_UP = [
    "{}", "[]", "1", '{"id":"x"}', '{"id":5,"rawId":[],"type":{},"response":null}',
    '{"id":"eA","rawId":"eA","type":"public-key","response":{}}',
    '{"id":"eA","rawId":"eA","type":"public-key","response":{"clientDataJSON":"eA","attestationObject":"eA"}}',
]  # fmt: skip
OPEN = ["/panel/en/sign-in/passkey/", "/us/en/sign-in/passkey/"]
OWN = [
    "/panel/en/account/passkeys/add/",
    "/panel/en/account/passkeys/confirm/",
    "/us/en/account/security/passkeys/add/",
]


@pytest.mark.parametrize("address", OPEN + OWN)
def test_a_made_up_credential_is_refused(client: Client, address: str) -> None:
    factories.make_market("us")
    user = factories.make_user("wei", email="wei@example.com", is_staff=False, is_superuser=False)
    if address in OWN:
        client.force_login(user)
    client.get(address)

    answers = {client.post(address, {"credential": said, "name": "a"}).status_code for said in MADE_UP}

    # 403: nothing to confirm with, without a passkey.
    assert answers <= {302, 303, 403, 422}
    assert user.authenticator_set.count() == 0
    assert ("_auth_user_id" in client.session) is (address in OWN)
