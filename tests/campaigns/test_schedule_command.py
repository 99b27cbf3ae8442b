"""`manage.py schedule_campaign`, with which the demo sets its launch before the reader's eyes."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from campaigns.models import Campaign
from tests.factories import make_campaign, make_film, make_product

pytestmark = pytest.mark.django_db

A_SECOND = timedelta(seconds=1)


def call(slug: str, seconds: int) -> str:
    output = StringIO()
    call_command("schedule_campaign", slug, "--in", str(seconds), stdout=output)
    return output.getvalue()


def campaign_with_goods(**overrides) -> Campaign:
    film = make_film()
    make_product(film=film)
    return make_campaign(film, **overrides)


def test_a_draft_is_moved_and_scheduled() -> None:
    campaign = campaign_with_goods()
    length = campaign.ends_at - campaign.starts_at
    before = timezone.now()

    call(campaign.slug, 60)

    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.SCHEDULED
    assert before <= campaign.starts_at - timedelta(seconds=60) <= timezone.now()
    assert campaign.ends_at - campaign.starts_at == length
    assert [revision.starts_at for revision in campaign.revisions.all()] == [campaign.starts_at]


def test_a_scheduled_campaign_is_moved() -> None:
    campaign = campaign_with_goods()
    call(campaign.slug, 60)

    call(campaign.slug, 3600)

    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.SCHEDULED
    assert abs(campaign.starts_at - timezone.now() - timedelta(hours=1)) < 60 * A_SECOND


def test_a_campaign_that_has_begun_stays() -> None:
    campaign = campaign_with_goods()
    call(campaign.slug, -1)
    campaign.refresh_from_db()
    began_at = campaign.starts_at

    said = call(campaign.slug, 60)

    campaign.refresh_from_db()
    assert campaign.starts_at == began_at
    assert campaign.revisions.count() == 1
    assert "stays as it is" in said


def test_a_campaign_without_goods_is_refused_in_words() -> None:
    campaign = make_campaign(make_film())

    with pytest.raises(CommandError, match="finds nothing that may be listed"):
        call(campaign.slug, 60)


def test_an_unknown_campaign_is_told() -> None:
    with pytest.raises(CommandError, match="no campaign nowhere"):
        call("nowhere", 60)
