"""A merchant's state moves along its own road only, and somebody always owns it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import date
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEntry
from catalog.models import ShelfSpan
from catalog.upkeep import catch_up_shelf
from core.errors import Refused
from merchants import onboarding, services
from merchants.models import Member, Merchant
from tests.factories import make_merchant, make_product, make_user

State = Merchant.State
Capture = Callable[..., AbstractContextManager[list[Callable[[], None]]]]


def trail() -> list[tuple[str, dict]]:
    return list(AuditEntry.objects.order_by("id").values_list("verb", "changes"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "verb, road",
    [
        (onboarding.approve_merchant, dict.fromkeys([State.APPLIED, State.IN_REVIEW], State.APPROVED)),
        (services.suspend_merchant, {State.APPROVED: State.SUSPENDED}),
        (services.reinstate_merchant, {State.SUSPENDED: State.APPROVED}),
        (services.close_merchant, dict.fromkeys(set(State) - {State.CLOSED}, State.CLOSED)),
    ],
)
@pytest.mark.parametrize("state", list(State))
def test_a_state_is_left_by_its_own_verbs_only(
    verb: Callable[..., Merchant],
    road: dict[State, State],
    state: State,
    django_capture_on_commit_callbacks: Capture,
) -> None:
    user, merchant = make_user(), make_merchant(state=state)
    before = merchant.updated_at

    with django_capture_on_commit_callbacks() as jobs:
        if state in road:
            verb(merchant, by=user)
        else:
            with pytest.raises(Refused) as refused:
                verb(merchant, by=user)
            assert (refused.value.code, refused.value.facts) == ("wrong_state", {"state": state.label})

    merchant.refresh_from_db()
    assert merchant.state == road.get(state, state)
    assert (merchant.updated_at > before) is (state in road)
    # The shelf, and the merchant's programs.
    assert len(jobs) == (2 if state in road else 0)
    assert AuditEntry.objects.count() == (1 if state in road else 0)
    if state in road:
        entry = AuditEntry.objects.get()
        assert (entry.actor, entry.subject_id) == (user, merchant.public_id)
        assert entry.changes == {"state": [state.value, road[state].value]}


@pytest.mark.django_db
def test_the_goods_of_a_suspended_merchant_leave_the_shelf_and_come_back() -> None:
    product = make_product()
    others = make_product()

    def on_shelf() -> set[int]:
        catch_up_shelf(at=timezone.now())
        return set(ShelfSpan.objects.at(timezone.now()).values_list("product", flat=True))

    before = on_shelf()
    services.suspend_merchant(product.merchant, by=None)
    during = on_shelf()
    services.reinstate_merchant(product.merchant, by=None)

    assert before == {product.pk, others.pk}
    assert during == {others.pk}
    assert on_shelf() == before


@pytest.mark.django_db
def test_papers_that_run_out_take_the_goods_with_them(django_capture_on_commit_callbacks: Capture) -> None:
    product = make_product()

    with django_capture_on_commit_callbacks() as jobs:
        services.set_documents_expiry(product.merchant, by=None, expire_on=date(2026, 1, 31))
        services.set_documents_expiry(product.merchant, by=None, expire_on=date(2026, 1, 31))

    catch_up_shelf(at=timezone.now())
    assert not ShelfSpan.objects.at(timezone.now()).exists()
    assert len(jobs) == 1
    assert trail() == [("merchant.documents_set", {"expire_on": [None, "2026-01-31"]})]


@pytest.mark.django_db
def test_papers_of_a_day_that_has_no_next_are_refused() -> None:
    merchant = make_merchant()

    with pytest.raises(Refused) as refused:
        services.set_documents_expiry(merchant, by=None, expire_on=date.max)

    merchant.refresh_from_db()
    assert (refused.value.code, merchant.documents_expire_on, trail()) == ("date_out_of_range", None, [])


@pytest.mark.django_db
def test_a_merchant_applies_under_a_name_of_its_own() -> None:
    merchant = services.create_merchant(by=None, slug="harbour", name="Harbour", country="cn")

    with pytest.raises(Refused) as refused:
        services.create_merchant(by=None, slug="harbour", name="Other", country="US")

    assert (merchant.state, merchant.country) == (State.APPLIED, "CN")
    assert refused.value.code == "slug_taken"
    assert Merchant.objects.count() == 1


@pytest.mark.django_db
def test_editing_writes_what_changed_and_nothing_else() -> None:
    merchant = make_merchant(name="Harbour", city="Hong Kong")

    services.edit_merchant(merchant, by=None, name="Harbour", city="Kowloon")
    services.edit_merchant(merchant, by=None, city="Kowloon")

    assert trail() == [("merchant.edited", {"city": ["Hong Kong", "Kowloon"]})]
    with pytest.raises(TypeError):
        services.edit_merchant(merchant, by=None, state=State.CLOSED)


@pytest.mark.django_db
def test_members_come_change_and_go() -> None:
    merchant, owner, user = make_merchant(), make_user("owner"), make_user("mei")
    services.add_member(merchant, owner, role="owner", by=None)

    member = services.add_member(merchant, user, role="orders", by=None)
    services.change_role(member, role="finance", by=None)
    services.change_role(member, role="finance", by=None)
    services.remove_member(member, by=None)

    assert list(Member.objects.values_list("user__username", "role")) == [("owner", "owner")]
    assert trail()[1:] == [
        ("merchant.member_added", {"user": user.public_id, "role": "orders"}),
        ("merchant.role_changed", {"user": user.public_id, "role": ["orders", "finance"]}),
        ("merchant.member_removed", {"user": user.public_id, "role": ["finance", None]}),
    ]


@pytest.mark.django_db
def test_member_refusals() -> None:
    merchant, user = make_merchant(), make_user("owner")
    owner = services.add_member(merchant, user, role="owner", by=None)
    # An owner elsewhere does not own this one.
    services.add_member(make_merchant(), make_user("other"), role="owner", by=None)
    attempts = [
        (lambda: services.add_member(merchant, user, role="orders", by=None), "already_member"),
        (lambda: services.add_member(merchant, make_user("x"), role="king", by=None), "unknown_role"),
        (lambda: services.change_role(owner, role="king", by=None), "unknown_role"),
        (lambda: services.change_role(owner, role="orders", by=None), "last_owner"),
        (lambda: services.remove_member(owner, by=None), "last_owner"),
    ]

    codes = []
    for attempt, _code in attempts:
        with pytest.raises(Refused) as refused:
            attempt()
        codes.append(refused.value.code)

    assert codes == [code for _attempt, code in attempts]
    assert list(merchant.members.values_list("role", flat=True)) == ["owner"]


def _two_owners_leave_at_once() -> int:
    """How many owners a merchant has left after its two owners were removed at the same moment."""
    merchant = make_merchant()
    owners = [services.add_member(merchant, make_user(name), role="owner", by=None) for name in ("a", "b")]
    start = Barrier(2)

    def leave(owner: Member) -> None:
        try:
            start.wait(timeout=10)
            services.remove_member(owner, by=None)
        except Refused:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(leave, owners))
    return merchant.members.count()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_last_owners_cannot_both_leave() -> None:
    assert _two_owners_leave_at_once() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_would_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows that the test above can fail: the same race, with the merchant's row read but not locked."""
    between = Barrier(2)
    check = services._keeps_an_owner

    def check_and_wait(member: Member) -> None:
        check(member)
        between.wait(timeout=10)

    monkeypatch.setattr(services, "_lock", lambda merchant: Merchant.objects.get(pk=merchant.pk))
    monkeypatch.setattr(services, "_keeps_an_owner", check_and_wait)

    assert _two_owners_leave_at_once() == 0
