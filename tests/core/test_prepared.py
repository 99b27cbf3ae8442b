"""A prepared query answers what the queryset answers, whatever it is filled in with."""

from datetime import timedelta

import pytest
from django.db.models import Q

from core.prepared import Prepared, columns_of, instances
from films.models import Embargo, Film
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def films(shape, *, slugs, at):
    lifted = Embargo.objects.filter(lifts_at__lte=at).values("film")
    chosen = Film.objects.filter(Q(slug__in=slugs), pk__in=lifted).order_by("pk" if shape == "up" else "-pk")
    return chosen.values_list(*columns_of(Film, "synopsis_en"))


def test_it_answers_what_the_queryset_answers(django_assert_num_queries):
    for i in range(4):
        film = factories.make_film(f"f-{i}", palette=["#10172B"], countries=["CN"])
        Embargo.objects.create(film=film, tier="title", lifts_at=NOW + timedelta(days=i))
    prepared = Prepared(films)

    for shape in ("up", "down"):
        for slugs in (["f-0"], ["f-3", "f-1", "f-0"], ["f-2", "'; --", "%s"], ["f-1", "f-1", "f-2"]):
            for days in (-1, 0, 1, 5):
                at = NOW + timedelta(days=days, microseconds=1)
                with django_assert_num_queries(1):
                    found = prepared(shape, slugs=slugs, at=at)
                assert found == list(films(shape, slugs=slugs, at=at))


def test_rows_become_models_again(django_assert_num_queries):
    film = factories.make_film("f-0", palette=["#10172B"], year=2016)
    columns = columns_of(Film)
    prepared = Prepared(lambda *, slug: Film.objects.filter(slug=slug).values_list(*columns))

    with django_assert_num_queries(1):
        [found] = instances(Film, columns, prepared(slug="f-0"))

        assert (found, found.palette, found.year, found.created_at) == (film, ["#10172B"], 2016, film.created_at)


def test_a_value_that_the_statement_does_not_ask_for_is_a_fault():
    prepared = Prepared(lambda *, slug, other: Film.objects.filter(slug=slug).values_list("pk"))

    with pytest.raises(AssertionError, match="not in the statement"):
        prepared(slug="a", other="b")
