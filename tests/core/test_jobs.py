"""Jobs: a known name, sent after the commit, and a broker that is away is nobody's error."""

import pytest
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from core.jobs import enqueue

pytestmark = pytest.mark.django_db(transaction=True)

# Loading the tasks sets Django's logging up anew, which a test that reads the log could not bear in its middle.
current_app.loader.import_default_modules()


@pytest.fixture
def sent(monkeypatch):
    """What reaches the broker: (name, arguments)."""
    seen = []
    for name in ("campaigns.resume_work", "campaigns.stage_revision"):
        task = current_app.tasks[name]
        monkeypatch.setattr(task, "apply_async", lambda kwargs, name=name: seen.append((name, kwargs)))
    return seen


def test_a_job_is_sent_after_the_commit_and_not_before(sent):
    with transaction.atomic():
        enqueue("campaigns.stage_revision", revision_id=7)
        assert sent == []

    assert sent == [("campaigns.stage_revision", {"revision_id": 7})]


def test_a_job_of_a_transaction_that_failed_is_not_sent(sent):
    with transaction.atomic():
        enqueue("campaigns.resume_work")
        transaction.set_rollback(True)

    assert sent == []


def test_a_name_that_no_app_registered_is_refused_at_once(sent):
    with pytest.raises(LookupError, match=r"campaigns\.make_tea"):
        enqueue("campaigns.make_tea")

    assert sent == []


@pytest.mark.parametrize("error", [OperationalError("away"), ConnectionRefusedError("away"), TimeoutError("away")])
def test_a_broker_that_is_away_is_logged_and_is_no_error(monkeypatch, caplog, error):
    def refuse(**_options):
        raise error

    monkeypatch.setattr(current_app.tasks["campaigns.resume_work"], "apply_async", refuse)

    with transaction.atomic():
        enqueue("campaigns.resume_work")

    [record] = [record for record in caplog.records if record.message == "job.not_sent"]
    assert (record.job, record.error) == ("campaigns.resume_work", "away")


def test_a_bug_in_sending_is_not_hidden(monkeypatch):
    def broken(**_options):
        raise TypeError("not JSON")

    monkeypatch.setattr(current_app.tasks["campaigns.resume_work"], "apply_async", broken)

    with pytest.raises(TypeError):
        enqueue("campaigns.resume_work")
