"""The clock stands still, and a small shop stands on it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from campaigns.models import Campaign, Placement
from campaigns.services import schedule_campaign
from campaigns.staging import stage_revision
from tests.factories import NOW


@dataclass
class Clock:
    at: datetime


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """`timezone.now()` says what this says; it begins at NOW and moves by hand."""
    clock = Clock(NOW)
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock.at)
    return clock


Get = Callable[..., Any]


@pytest.fixture
def get(db: None, clock: Clock, client: Client) -> Get:
    """GET an address of the API by what follows /api/v1/."""
    return lambda address, **headers: client.get(f"/api/v1/{address}", headers=headers)


def publish(campaign: Campaign, *, announced_at: datetime | None = None) -> Campaign:
    """Schedule and stage the campaign, as the desk and the worker would."""
    if announced_at is not None:
        Placement.objects.create(
            campaign=campaign, slot="home_hero", headline_en="Corridors", headline_zh="长廊", announced_at=announced_at
        )
    stage_revision(schedule_campaign(campaign, by=None, at=NOW).pk)
    campaign.refresh_from_db()
    return campaign
