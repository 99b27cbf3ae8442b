"""Films' verbs for the desk: texts, embargoes, releases."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from catalog.models import ShelfSpan
from catalog.upkeep import catch_up_shelf
from core.errors import Refused
from films import services
from films.models import Embargo, Film, Release
from tests.factories import make_film, make_product, make_user

pytestmark = pytest.mark.django_db

AT = datetime(2026, 12, 23, 12, tzinfo=UTC)
Capture = Callable[..., AbstractContextManager[list[Callable[[], None]]]]


def trail() -> list[tuple[str, dict]]:
    return list(AuditEntry.objects.order_by("id").values_list("verb", "changes"))


def refusal(call: Callable[[], Any]) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code, refused.value.facts


def test_setting_an_embargo_again_moves_it(django_capture_on_commit_callbacks: Capture) -> None:
    user, film = make_user(), make_film()
    before = film.updated_at

    with django_capture_on_commit_callbacks() as jobs:
        first = services.set_embargo(film, by=user, tier="title", country="cn", lifts_at=AT, zone="Asia/Shanghai")
        services.set_embargo(film, by=user, tier="title", country="CN", lifts_at=AT, zone="Asia/Shanghai")
        second = services.set_embargo(
            film, by=user, tier="title", country="CN", lifts_at=AT + timedelta(days=1), zone="Asia/Shanghai"
        )

    film.refresh_from_db()
    assert first.pk == second.pk
    assert Embargo.objects.get().lifts_at == AT + timedelta(days=1)
    assert film.updated_at > before
    assert len(jobs) == 2
    scope = {"tier": "title", "country": "CN", "zone": "Asia/Shanghai"}
    assert trail() == [
        ("film.embargo_set", scope | {"lifts_at": [None, "2026-12-23T12:00:00+00:00"]}),
        ("film.embargo_set", scope | {"lifts_at": ["2026-12-23T12:00:00+00:00", "2026-12-24T12:00:00+00:00"]}),
    ]
    assert {entry.subject_id for entry in AuditEntry.objects.all()} == {film.public_id}


@pytest.mark.parametrize(
    "wrong, expected",
    [
        ({"tier": "ending"}, ("unknown_tier", {"tier": "ending"})),
        ({"country": "QQ"}, ("unknown_country", {"country": "QQ"})),
        ({"zone": "Mars"}, ("unknown_zone", {"zone": "Mars"})),
        ({"lifts_at": datetime.max.replace(tzinfo=UTC)}, ("date_out_of_range", {"date": "9999-12-31"})),
    ],
)
def test_a_bad_embargo_is_refused(wrong: dict[str, Any], expected: tuple[str, dict]) -> None:
    film = make_film()

    found = refusal(lambda: services.set_embargo(film, by=None, **{"tier": "title", "lifts_at": AT} | wrong))

    assert found == expected
    assert not Embargo.objects.exists()
    assert trail() == []


def test_the_shelf_follows_an_embargo_and_its_lifting() -> None:
    product, other = make_product(), make_product()

    def on_shelf() -> set[int]:
        catch_up_shelf(at=timezone.now())
        return set(ShelfSpan.objects.at(timezone.now()).values_list("product", flat=True))

    before = on_shelf()
    embargo = services.set_embargo(
        product.film, by=None, tier="title", country="US", lifts_at=timezone.now() + timedelta(days=3)
    )
    during = on_shelf()
    services.lift_embargo(embargo, by=None, at=timezone.now())

    assert (before, during, on_shelf()) == ({product.pk, other.pk}, {other.pk}, before)


def test_what_is_lifted_is_not_lifted_twice() -> None:
    embargo = services.set_embargo(make_film(), by=None, tier="title", lifts_at=AT)

    services.lift_embargo(embargo, by=None, at=AT - timedelta(days=1))

    assert refusal(lambda: services.lift_embargo(embargo, by=None, at=AT)) == ("already_done", {})
    assert Embargo.objects.get().lifts_at == AT - timedelta(days=1)
    assert [verb for verb, _changes in trail()] == ["film.embargo_set", "film.embargo_lifted"]


def test_a_release_has_one_date_per_country_in_its_own_zone() -> None:
    film = make_film()

    services.set_release(film, by=None, country="us", opens_on=date(2026, 12, 23))
    services.set_release(film, by=None, country="US", opens_on=date(2026, 12, 24))
    services.set_release(film, by=None, country="NZ", opens_on=date(2026, 12, 23))

    assert list(Release.objects.order_by("country").values_list("country", "opens_on", "zone")) == [
        ("NZ", date(2026, 12, 23), "Pacific/Auckland"),
        ("US", date(2026, 12, 24), "America/New_York"),
    ]
    assert trail()[1] == (
        "film.release_set",
        {"country": "US", "zone": "America/New_York", "opens_on": ["2026-12-23", "2026-12-24"]},
    )


def test_a_release_is_taken_back_once() -> None:
    release = services.set_release(make_film(), by=None, country="US", opens_on=date(2026, 12, 23))

    services.remove_release(release, by=None)

    assert refusal(lambda: services.remove_release(release, by=None)) == ("already_done", {})
    assert not Release.objects.exists()


def test_texts_are_written_where_they_differ() -> None:
    film = services.create_film(by=None, slug="the-ferryman", title_en="The Ferryman", year=2016)

    services.set_film_texts(film, by=None, title_en="The Ferryman", title_zh="摆渡人")

    film.refresh_from_db()
    assert (film.title_zh, film.year) == ("摆渡人", 2016)
    assert trail() == [
        ("film.created", {"slug": "the-ferryman"}),
        ("film.edited", {"title_zh": ["", "摆渡人"]}),
    ]
    assert refusal(lambda: services.create_film(by=None, slug="the-ferryman", title_en="Other"))[0] == "slug_taken"
    assert Film.objects.count() == 1
    with pytest.raises(TypeError):
        services.set_film_texts(film, by=None, slug="elsewhere")
