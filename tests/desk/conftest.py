"""People at the desk, and a campaign that has been staged."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import User
from campaigns import services, staging
from campaigns.models import Campaign
from tests.factories import make_campaign, make_film, make_licence, make_merchant, make_product, make_user


@pytest.fixture
def head(db: None) -> User:
    """The head of the desk: may do everything."""
    return make_user("head")


@pytest.fixture
def second(db: None) -> User:
    """Somebody else who may approve."""
    return make_user("second")


@pytest.fixture
def desk(head: User) -> Client:
    client = Client()
    client.force_login(head)
    return client


@pytest.fixture
def second_desk(second: User) -> Client:
    client = Client()
    client.force_login(second)
    return client


@pytest.fixture
def reader_desk(db: None) -> Client:
    """Staff who may look at everything and change nothing."""
    reader = make_user("reader", is_superuser=False)
    reader.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(reader)
    return client


@pytest.fixture
def fan_client(db: None) -> Client:
    """Somebody with an account who does not work here."""
    client = Client()
    client.force_login(make_user("fan", is_staff=False, is_superuser=False))
    return client


@pytest.fixture
def draft(db: None) -> Campaign:
    """A draft over two products, a week long, from tomorrow on."""
    film = make_film("the-ferryman", title_en="The Ferryman", ground="#10172B", ink="#FBEFD9")
    licence = make_licence(film, make_merchant("harbour"))
    for number in range(2):
        make_product(licence=licence, title_en=f"Ferry model {number}", prices={"us": 5000})
    start = timezone.now().replace(microsecond=0) + timedelta(days=1)
    return make_campaign(film, name_en="Ten years", starts_at=start, ends_at=start + timedelta(days=7))


@pytest.fixture
def scheduled(draft: Campaign, head: User) -> Campaign:
    """The draft, scheduled and staged."""
    revision = services.schedule_campaign(draft, by=head, at=timezone.now())
    staging.stage_revision(revision.pk)
    draft.refresh_from_db()
    return draft
