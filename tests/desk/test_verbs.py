"""Each button does its verb, in the states where it may; elsewhere it says why not, and nothing changes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from campaigns.models import Campaign, Listing, Revision, SyncRun
from catalog.models import Price, Variant
from films.models import Embargo
from films.services import set_embargo
from licensing.models import Licence
from merchants.models import Member, Merchant
from tests.factories import make_film, make_licence, make_market, make_merchant, make_user

pytestmark = pytest.mark.django_db

L, M = Licence.State, Merchant.State


def verb(row: object, code: str) -> str:
    meta = row._meta  # type: ignore[attr-defined]
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_verb", args=[row.pk, code])  # type: ignore[attr-defined]


def page(campaign: Campaign) -> str:
    return reverse("admin:campaigns_campaign_desk", args=[campaign.pk])


LICENCE_VERBS = [
    ("execute", L.DRAFT, L.EXECUTED),
    ("suspend", L.EXECUTED, L.SUSPENDED),
    ("reinstate", L.SUSPENDED, L.EXECUTED),
    ("terminate", L.EXECUTED, L.TERMINATED),
    ("terminate", L.SUSPENDED, L.TERMINATED),
]
MERCHANT_VERBS = [
    ("approve", M.APPLIED, M.APPROVED),
    ("approve", M.IN_REVIEW, M.APPROVED),
    ("give_back", M.IN_REVIEW, M.APPLIED),
    ("suspend", M.APPROVED, M.SUSPENDED),
    ("reinstate", M.SUSPENDED, M.APPROVED),
    ("close", M.APPLIED, M.CLOSED),
    ("close", M.IN_REVIEW, M.CLOSED),
    ("close", M.APPROVED, M.CLOSED),
    ("close", M.SUSPENDED, M.CLOSED),
]


@pytest.mark.parametrize("code", ["execute", "suspend", "reinstate", "terminate"])
@pytest.mark.parametrize("state", list(L))
def test_a_licences_buttons(desk: Client, code: str, state: Licence.State) -> None:
    licence = make_licence(make_film(), make_merchant(), state=state)
    target = {(verb, source): target for verb, source, target in LICENCE_VERBS}.get((code, state))
    change = reverse("admin:licensing_licence_change", args=[licence.pk])

    offered = verb(licence, code) in desk.get(change).content.decode()
    answer = desk.post(verb(licence, code))

    licence.refresh_from_db()
    assert offered is (target is not None)
    assert licence.state == (target or state)
    assert AuditEntry.objects.count() == (1 if target else 0)
    if target:
        assert answer["Location"] == reverse("admin:licensing_licence_page", args=[licence.pk])
    else:
        assert answer.status_code == 422
        assert f"This cannot be done while it is {state.label}." in answer.content.decode()


@pytest.mark.parametrize("code", ["approve", "give_back", "suspend", "reinstate", "close"])
@pytest.mark.parametrize("state", list(M))
def test_a_merchants_buttons(desk: Client, code: str, state: Merchant.State) -> None:
    merchant = make_merchant(state=state)
    target = {(verb, source): target for verb, source, target in MERCHANT_VERBS}.get((code, state))
    change = reverse("admin:merchants_merchant_change", args=[merchant.pk])

    offered = verb(merchant, code) in desk.get(change).content.decode()
    answer = desk.post(verb(merchant, code), {"reason": "It is time."})

    merchant.refresh_from_db()
    assert offered is (target is not None)
    assert merchant.state == (target or state)
    assert AuditEntry.objects.count() == (1 if target else 0)
    assert answer.status_code == (302 if target else 422)


def test_a_link_does_nothing(desk: Client) -> None:
    licence = make_licence(make_film(), make_merchant())

    answer = desk.get(verb(licence, "suspend"))

    licence.refresh_from_db()
    assert answer.status_code == 200
    assert "leaves the shelf until it is reinstated" in answer.content.decode()
    assert licence.state == L.EXECUTED


def test_a_link_to_what_cannot_be_done_says_so(desk: Client) -> None:
    licence = make_licence(make_film(), make_merchant())

    shown = desk.get(verb(licence, "reinstate")).content.decode()

    assert "In the state it is in, this cannot be done." in shown
    assert "data-once" in shown
    assert 'class="desk-button desk-button-main' not in shown


def test_a_reader_gets_no_buttons(reader_desk: Client) -> None:
    licence = make_licence(make_film(), make_merchant())

    shown = reader_desk.get(reverse("admin:licensing_licence_change", args=[licence.pk])).content.decode()
    answer = reader_desk.post(verb(licence, "suspend"))

    licence.refresh_from_db()
    assert "/do/" not in shown
    assert answer.status_code == 403
    assert licence.state == L.EXECUTED


def test_a_button_needs_its_token(head: object) -> None:
    licence = make_licence(make_film(), make_merchant())
    client = Client(enforce_csrf_checks=True)
    client.force_login(head)  # type: ignore[arg-type]

    assert client.post(verb(licence, "suspend")).status_code == 403
    licence.refresh_from_db()
    assert licence.state == L.EXECUTED


def test_a_button_nobody_knows_is_not_found(desk: Client) -> None:
    licence = make_licence(make_film(), make_merchant())

    assert desk.post(verb(licence, "explode")).status_code == 404
    assert desk.post(verb(licence, "suspend").replace(str(licence.pk), "999999")).status_code == 404


def test_an_embargo_is_lifted_once(desk: Client, head: object) -> None:
    film = make_film()
    embargo = set_embargo(film, by=head, tier="title", lifts_at=timezone.now() + timedelta(days=9))  # type: ignore[arg-type]

    first, second = (desk.post(verb(embargo, "lift")) for _ in range(2))

    assert (first.status_code, second.status_code) == (302, 422)
    assert "That has already been done." in second.content.decode()
    assert Embargo.objects.get().lifts_at <= timezone.now()


def test_papers_are_set_by_their_own_form(desk: Client) -> None:
    merchant = make_merchant()

    wrong = desk.post(verb(merchant, "papers"), {"documents_expire_on": "tomorrow"})
    right = desk.post(verb(merchant, "papers"), {"documents_expire_on": "2027-03-31"})

    merchant.refresh_from_db()
    assert (wrong.status_code, right.status_code) == (422, 302)
    assert merchant.documents_expire_on == date(2027, 3, 31)


def test_a_member_is_removed_and_the_list_shown(desk: Client) -> None:
    merchant = make_merchant()
    Member.objects.create(merchant=merchant, user=make_user("owner"), role="owner")
    member = Member.objects.create(merchant=merchant, user=make_user("mei"), role="orders")

    answer = desk.post(verb(member, "remove"))

    assert answer["Location"] == reverse("admin:merchants_member_changelist")
    assert [row.role for row in Member.objects.all()] == ["owner"]


# -- campaigns ------------------------------------------------------------------------------------


def test_schedule_freezes_a_revision_and_twice_is_once(desk: Client, draft: Campaign) -> None:
    shown = desk.get(page(draft)).content.decode()
    first = desk.post(verb(draft, "schedule"))
    second = desk.post(verb(draft, "schedule"))

    draft.refresh_from_db()
    assert verb(draft, "schedule") in shown
    assert first["Location"] == second["Location"] == page(draft)
    assert draft.state == Campaign.State.SCHEDULED
    assert Revision.objects.count() == 1
    assert SyncRun.objects.filter(kind=SyncRun.Kind.STAGE).count() == 1


def test_a_plan_that_cannot_be_says_why(desk: Client, draft: Campaign) -> None:
    Campaign.objects.filter(pk=draft.pk).update(rule={"films": ["nothing-like-it"]})

    answer = desk.post(verb(draft, "schedule"))

    draft.refresh_from_db()
    assert answer.status_code == 422
    assert "finds nothing that may be listed" in answer.content.decode()
    assert draft.state == Campaign.State.DRAFT
    assert not Revision.objects.exists()


def test_the_author_does_not_approve_but_a_second_person_does(
    desk: Client, second_desk: Client, draft: Campaign
) -> None:
    Campaign.objects.filter(pk=draft.pk).update(needs_approval=True)
    desk.post(verb(draft, "schedule"))
    mine, theirs = desk.get(page(draft)).content.decode(), second_desk.get(page(draft)).content.decode()

    refused = desk.post(verb(draft, "approve"))
    state = Revision.objects.get().state
    approved = second_desk.post(verb(draft, "approve"))
    again = second_desk.post(verb(draft, "approve"))

    assert verb(draft, "approve") not in mine
    assert "you made it yourself" in mine
    assert verb(draft, "approve") in theirs
    assert (refused.status_code, state) == (422, Revision.State.AWAITING_APPROVAL)
    assert "A second person has to approve" in refused.content.decode()
    assert (approved.status_code, again.status_code) == (302, 422)
    assert Revision.objects.get().approved_by.username == "second"  # type: ignore[union-attr]


def test_pause_resume_and_cancel(desk: Client, scheduled: Campaign) -> None:
    states, codes = [], []
    for code in ("pause", "pause", "resume", "resume", "cancel", "cancel"):
        codes.append(desk.post(verb(scheduled, code)).status_code)
        scheduled.refresh_from_db()
        states.append(scheduled.state)

    assert codes == [302, 422, 302, 422, 302, 422]
    assert states == ["paused", "paused", "scheduled", "scheduled", "cancelled", "cancelled"]


@pytest.mark.parametrize("code", ["pause", "resume", "roll-back", "rehearse", "approve"])
def test_a_draft_refuses_what_needs_a_revision(desk: Client, draft: Campaign, code: str) -> None:
    shown = desk.get(page(draft)).content.decode()

    answer = desk.post(verb(draft, code))

    draft.refresh_from_db()
    assert verb(draft, code) not in shown
    assert answer.status_code == 422
    assert "Nothing has been changed." in answer.content.decode()
    assert draft.state == Campaign.State.DRAFT
    assert not AuditEntry.objects.exists()


def test_shift_is_read_in_the_campaigns_own_time(desk: Client, scheduled: Campaign) -> None:
    window = {"starts_at": "2027-01-10T20:00:00", "ends_at": "2027-01-17T20:00:00"}

    backwards = desk.post(verb(scheduled, "shift"), window | {"ends_at": "2027-01-01T20:00:00"})
    garbage = desk.post(verb(scheduled, "shift"), window | {"ends_at": "soon"})
    ancient = desk.post(verb(scheduled, "shift"), window | {"starts_at": "0001-01-01T00:00:00"})
    shifted = desk.post(verb(scheduled, "shift"), window)

    scheduled.refresh_from_db()
    assert [answer.status_code for answer in (backwards, garbage, ancient, shifted)] == [422, 422, 422, 302]
    assert "has to end after it starts" in backwards.content.decode()
    assert scheduled.starts_at == datetime(2027, 1, 10, 12, tzinfo=UTC)
    assert "2027-01-10T20:00:00" in desk.get(verb(scheduled, "shift")).content.decode()
    assert Revision.objects.count() == 2


def test_rehearse_makes_a_run_per_channel(desk: Client, scheduled: Campaign) -> None:
    answer = desk.post(verb(scheduled, "rehearse"))

    assert answer.status_code == 302
    assert SyncRun.objects.filter(kind=SyncRun.Kind.REHEARSAL).count() == 1


def test_rollback_shows_what_it_keeps_before_it_is_done(desk: Client, scheduled: Campaign) -> None:
    variant = Variant.objects.select_related("product").get(product__title_en="Ferry model 0")
    Price.objects.create(
        variant=variant, market=make_market("us"), amount=4444, starts_at=timezone.now() + timedelta(days=2)
    )

    asked = desk.get(verb(scheduled, "roll-back")).content.decode()
    before = Campaign.objects.get(pk=scheduled.pk).state
    done = desk.post(verb(scheduled, "roll-back"))

    scheduled.refresh_from_db()
    assert "Ferry model 0" in asked
    assert "$44.44" in asked
    assert "Ferry model 1" not in asked
    assert before == Campaign.State.SCHEDULED
    assert done.status_code == 302
    assert (scheduled.state, scheduled.published) == (Campaign.State.ROLLED_BACK, None)


def test_a_market_is_held_and_released(desk: Client, scheduled: Campaign) -> None:
    market, stranger = make_market("us"), make_market("hk")
    held = scheduled.published.promotion.held_markets  # type: ignore[union-attr]

    wrong = desk.post(verb(scheduled, "hold-market"), {"market": stranger.pk})
    hold = desk.post(verb(scheduled, "hold-market"), {"market": market.pk})
    during = list(held.all())
    shown = desk.get(page(scheduled)).content.decode()
    release = desk.post(verb(scheduled, "release-market"), {"market": market.pk})

    assert (wrong.status_code, hold.status_code, release.status_code) == (422, 302, 302)
    assert during == [market]
    assert verb(scheduled, "release-market") in shown
    assert list(held.all()) == []


def test_what_a_channel_refused_is_seen_and_sent_again(desk: Client, scheduled: Campaign) -> None:
    listing = Listing.objects.filter(campaign=scheduled).order_by("pk")[0]
    Listing.objects.filter(pk=listing.pk).update(state=Listing.State.REFUSED, problem="image under 500 px")
    shown = desk.get(page(scheduled)).content.decode()

    answer = desk.post(verb(scheduled, "send-again"), {"channel": listing.channel_id})

    assert "1 listing refused: image under 500 px." in shown
    assert "See and retry" in shown
    assert verb(scheduled, "send-again") in shown
    assert answer.status_code == 302
    listing.refresh_from_db()
    assert (listing.state, listing.problem) == (Listing.State.RETRY, "")
