"""A licence's state moves along its own road, and two of them never sell the same exclusive right."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEntry
from catalog.models import ShelfSpan
from catalog.upkeep import catch_up_shelf
from core.errors import Refused
from licensing import locks, services, states
from licensing.models import Category, Grant, Licence
from licensing.services import GrantTerms
from tests.factories import make_category, make_film, make_licence, make_merchant, make_product, make_user

State = Licence.State
Capture = Callable[..., AbstractContextManager[list[Callable[[], None]]]]


def verbs() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))


def refusal(call: Callable[[], Any]) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code, refused.value.facts


@pytest.mark.django_db
@pytest.mark.parametrize(
    "verb, road",
    [
        (services.execute_licence, {State.DRAFT: State.EXECUTED}),
        (services.suspend_licence, {State.EXECUTED: State.SUSPENDED}),
        (services.reinstate_licence, {State.SUSPENDED: State.EXECUTED}),
        (services.terminate_licence, dict.fromkeys([State.EXECUTED, State.SUSPENDED], State.TERMINATED)),
    ],
)
@pytest.mark.parametrize("state", list(State))
def test_a_state_is_left_by_its_own_verbs_only(
    verb: Callable[..., Licence],
    road: dict[State, State],
    state: State,
    django_capture_on_commit_callbacks: Capture,
) -> None:
    user, licence = make_user(), make_licence(make_film(), make_merchant(), state=state)
    before = licence.updated_at

    with django_capture_on_commit_callbacks() as jobs:
        if state in road:
            verb(licence, by=user)
        else:
            assert refusal(lambda: verb(licence, by=user)) == ("wrong_state", {"state": state.label})

    licence.refresh_from_db()
    assert licence.state == road.get(state, state)
    assert (licence.updated_at > before) is (state in road)
    assert len(jobs) == (2 if state in road else 0)  # the shelf, and the programs that are told
    assert AuditEntry.objects.count() == (1 if state in road else 0)
    if state in road:
        entry = AuditEntry.objects.get()
        assert (entry.actor, entry.subject_id) == (user, licence.public_id)
        assert entry.changes == {"state": [state.value, road[state].value]}


@pytest.mark.django_db
def test_the_shelf_follows_the_licence() -> None:
    product = make_product()
    other = make_product()
    assert product.licence is not None

    def on_shelf() -> set[int]:
        catch_up_shelf(at=timezone.now())
        return set(ShelfSpan.objects.at(timezone.now()).values_list("product", flat=True))

    seen = [on_shelf()]
    for step in (
        lambda: services.suspend_licence(product.licence, by=None),
        lambda: services.reinstate_licence(product.licence, by=None),
        lambda: services.set_grants(product.licence, [GrantTerms(None, ["JP"])], by=None),
        lambda: services.set_grants(product.licence, [GrantTerms(None, ["US"])], by=None),
        lambda: services.terminate_licence(product.licence, by=None),
    ):
        step()
        seen.append(on_shelf())

    both, one = {product.pk, other.pk}, {other.pk}
    assert seen == [both, one, both, one, both, one]


@pytest.mark.django_db
def test_a_category_has_a_code_of_its_own() -> None:
    services.create_category(by=None, code="mugs", name_en="Mugs")

    assert refusal(lambda: services.create_category(by=None, code="mugs", name_en="Cups")) == (
        "slug_taken",
        {"slug": "mugs"},
    )
    assert list(Category.objects.values_list("name_en", flat=True)) == ["Mugs"]


@pytest.mark.django_db
def test_a_draft_is_written_normalised() -> None:
    film, merchant, category = make_film(), make_merchant(), make_category()

    licence = services.create_licence(
        by=None,
        number="LIC-1",
        film=film,
        merchant=merchant,
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
        grants=[
            GrantTerms(category, ["us", "CN-HK", "US"], ["own_shop", "own_shop"], ["us-pr"]),
            GrantTerms(None, ["JP", "*"]),
        ],
        schedule=["TEE-1", " TEE-1 ", ""],
    )

    assert licence.state == State.DRAFT
    assert list(licence.grants.values_list("category", "countries", "excluded_countries", "channels")) == [
        (category.pk, ["US", "HK"], ["PR"], ["own_shop"]),
        (None, ["*"], [], ["*"]),
    ]
    assert list(licence.schedule.values_list("sku", flat=True)) == ["TEE-1"]
    assert verbs() == ["licence.created", "licence.grants_set", "licence.schedule_set"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "grant, expected",
    [
        (GrantTerms(None, ["QQ"]), ("unknown_country", {"country": "QQ"})),
        (GrantTerms(None, ["US"], excluded_countries=["Mars"]), ("unknown_country", {"country": "Mars"})),
        (GrantTerms(None, ["US"], ["moon_base"]), ("unknown_channel", {"channel": "moon_base"})),
        (GrantTerms(None, []), ("grant_empty", {})),
        (GrantTerms(None, ["US"], []), ("grant_empty", {})),
    ],
)
def test_a_bad_grant_is_refused_and_the_old_ones_stay(grant: GrantTerms, expected: tuple[str, dict]) -> None:
    licence = make_licence(make_film(), make_merchant(), countries=("CN",))

    found = refusal(lambda: services.set_grants(licence, [GrantTerms(None, ["JP"]), grant], by=None))

    assert found == expected
    assert [grant.countries for grant in licence.grants.all()] == [["CN"]]
    assert verbs() == []


@pytest.mark.django_db
def test_the_same_grants_again_change_nothing(django_capture_on_commit_callbacks: Capture) -> None:
    licence = make_licence(make_film(), make_merchant(), countries=("US",))
    before, grant = licence.updated_at, licence.grants.get()

    with django_capture_on_commit_callbacks() as jobs:
        services.set_grants(licence, [GrantTerms(None, ["us"])], by=None)
        services.set_schedule(licence, [], by=None)

    licence.refresh_from_db()
    assert (licence.updated_at, licence.grants.get().pk, jobs, verbs()) == (before, grant.pk, [], [])


@pytest.mark.django_db
def test_a_licence_without_grants_is_not_executed() -> None:
    licence = make_licence(make_film(), make_merchant(), state=State.DRAFT)
    Grant.objects.all().delete()

    assert refusal(lambda: services.execute_licence(licence, by=None)) == ("grant_missing", {})
    licence.refresh_from_db()
    assert licence.state == State.DRAFT


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change, code",
    [
        ({"ends_on": date(2025, 12, 31)}, "bad_term"),
        ({"ends_on": date(9999, 12, 31)}, "date_out_of_range"),
        ({"time_zone": "Mars/Olympus"}, "unknown_zone"),
        ({"number": "LIC-TAKEN"}, "number_taken"),
    ],
)
def test_bad_terms_are_refused(change: dict[str, Any], code: str) -> None:
    make_licence(make_film(), make_merchant(), number="LIC-TAKEN")
    licence = make_licence(make_film(), make_merchant(), state=State.DRAFT)

    assert refusal(lambda: services.edit_licence(licence, by=None, **change))[0] == code
    assert Licence.objects.get(pk=licence.pk).ends_on == date(2027, 12, 31)
    assert verbs() == []


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.EXECUTED, State.SUSPENDED])
def test_once_executed_only_the_end_and_the_lines_move(state: State) -> None:
    licence = make_licence(make_film(), make_merchant(), state=state)

    services.edit_licence(licence, by=None, ends_on=date(2029, 1, 1), legal_line_en="© the owners")
    code, _facts = refusal(lambda: services.edit_licence(licence, by=None, starts_on=date(2020, 1, 1)))
    other, _facts = refusal(lambda: services.edit_licence(licence, by=None, is_exclusive=True, grace_days=3))

    licence.refresh_from_db()
    assert (code, other) == ("licence_amended", "licence_amended")
    assert (licence.ends_on, licence.starts_on, licence.is_exclusive, licence.grace_days) == (
        date(2029, 1, 1),
        date(2026, 1, 1),
        False,
        0,
    )


# -- exclusivity ------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "theirs, mine, overlaps",
    [
        ({"countries": ("US",)}, {"countries": ("US", "CN")}, True),
        ({"countries": ("US",)}, {"countries": ("CN",)}, False),
        ({"countries": ("*",)}, {"countries": ("CN",)}, True),
        ({"countries": ("*",), "excluded": ("CN",)}, {"countries": ("CN",)}, False),
        ({"countries": ("US",)}, {"countries": ("*",), "excluded": ("US",)}, False),
        ({"countries": ("*",), "excluded": ("US",)}, {"countries": ("*",)}, True),
        ({"countries": ("US",), "channels": ("wholesale",)}, {"countries": ("US",), "channels": ("own_shop",)}, False),
        ({"countries": ("US",), "channels": ("wholesale",)}, {"countries": ("US",)}, True),
        ({"ends_on": date(2026, 5, 31)}, {"starts_on": date(2026, 6, 1)}, False),
        ({"ends_on": date(2026, 6, 1)}, {"starts_on": date(2026, 6, 1)}, True),
        ({"state": State.SUSPENDED}, {}, True),
        ({"state": State.TERMINATED}, {}, False),
        ({"state": State.DRAFT}, {}, False),
    ],
)
@pytest.mark.parametrize("who", ["theirs", "mine", "neither"])
def test_an_exclusive_right_is_sold_once(
    theirs: dict[str, Any], mine: dict[str, Any], overlaps: bool, who: str
) -> None:
    film = make_film()
    make_licence(film, make_merchant(), number="LIC-THEIRS", is_exclusive=who == "theirs", **theirs)
    licence = make_licence(film, make_merchant(), is_exclusive=who == "mine", **mine | {"state": State.DRAFT})

    if overlaps and who != "neither":
        found = refusal(lambda: services.execute_licence(licence, by=None))
        assert found == ("grant_overlaps", {"licence": "LIC-THEIRS"})
    else:
        services.execute_licence(licence, by=None)

    licence.refresh_from_db()
    assert licence.state == (State.DRAFT if overlaps and who != "neither" else State.EXECUTED)


@pytest.mark.django_db
def test_other_films_categories_and_the_own_licences_do_not_overlap() -> None:
    film, merchant = make_film(), make_merchant()
    shirts, mugs = make_category("shirts"), make_category("mugs")
    make_licence(film, make_merchant(), is_exclusive=True, category=shirts)
    make_licence(make_film(), make_merchant(), is_exclusive=True)
    make_licence(film, merchant, is_exclusive=True, category=mugs)
    licence = make_licence(film, merchant, category=mugs, state=State.DRAFT)

    services.execute_licence(licence, by=None)
    widened = refusal(lambda: services.set_grants(licence, [GrantTerms(None, ["*"])], by=None))

    assert widened[0] == "grant_overlaps"
    assert licence.grants.get().category == mugs


def _two_exclusive_licences_are_executed_at_once() -> list[str]:
    """The states of two exclusive licences of one film after both were executed at the same moment."""
    film = make_film()
    drafts = [make_licence(film, make_merchant(), is_exclusive=True, state=State.DRAFT) for _ in range(2)]
    start = Barrier(2)

    def execute(licence: Licence) -> None:
        try:
            start.wait(timeout=10)
            services.execute_licence(licence, by=None)
        except Refused:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(execute, drafts))
    return sorted(Licence.objects.values_list("state", flat=True))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_exclusive_licences_executed_at_once_one_wins() -> None:
    assert _two_exclusive_licences_are_executed_at_once() == ["draft", "executed"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_films_lock_both_would_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows that the test above can fail: the same race, with the film not locked."""
    between = Barrier(2)
    check = states.refuse_overlap

    def check_and_wait(licence: Licence) -> None:
        check(licence)
        between.wait(timeout=10)

    monkeypatch.setattr(locks, "lock_film", lambda film: None)
    monkeypatch.setattr(states, "refuse_overlap", check_and_wait)

    assert _two_exclusive_licences_are_executed_at_once() == ["executed", "executed"]
