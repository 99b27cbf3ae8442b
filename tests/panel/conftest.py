"""People of merchants, and one merchant's goods to bring in."""

import pytest
from django.test import Client

from merchants.models import Merchant
from tests.catalog.importing_goods import make_importer
from tests.factories import make_merchant, make_user


@pytest.fixture
def merchant(db: None) -> Merchant:
    return make_importer()


def signed_in(merchant: Merchant, role: str) -> Client:
    user = make_user(f"{role}-of-{merchant.slug}", is_staff=False, is_superuser=False)
    merchant.members.create(user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(merchant: Merchant) -> Client:
    return signed_in(merchant, "owner")


@pytest.fixture
def reader(merchant: Merchant) -> Client:
    """May look at everything of the merchant and change nothing."""
    return signed_in(merchant, "read_only")


@pytest.fixture
def rival(db: None) -> Client:
    """Owns another merchant's account."""
    return signed_in(make_merchant("rival"), "owner")
