"""The rights gate, row by row: who may list, sell and ship what, where, through which channel, and when.

The rows are those of the gate's table (docs/gate.md). `decide` is pure, so the facts are built by hand; how they are
read from the database is shown at the end.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from core.errors import Refused
from core.territories import normalise_country
from films.models import Embargo, Tier
from licensing.facts import load_rights_facts
from licensing.gate import (
    Action,
    Article,
    EmbargoTerms,
    GrantTerms,
    LicenceTerms,
    Reason,
    Stage,
    decide,
    embargo_lifts_at,
    stage_in_market,
    turning_points,
)
from licensing.models import Licence, ScheduleLine
from merchants.models import Merchant
from tests import factories

TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2027, 1, 1, tzinfo=UTC)
GRACE_END = datetime(2027, 1, 15, tzinfo=UTC)
AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 7, 1, tzinfo=UTC)
SHIRTS, MUGS = 1, 2
LIST, SELL, SHIP = Action

GRANT = GrantTerms(SHIRTS, frozenset({"US", "DE"}), frozenset(), frozenset({"own_shop", "export"}))
LICENCE = LicenceTerms("L-1", 1, 1, "executed", START, END, GRACE_END, (GRANT,))
ARTICLE = Article(
    film_id=1, merchant_id=1, category_id=SHIRTS, reveals=Tier.TITLE, on_sale_at=None, street_on=None,
    is_on_schedule=True, licence=LICENCE, merchant_state="approved", papers_end_at=None, embargoes=(),
)  # fmt: skip


def licensed(*grants: GrantTerms, **changes) -> Article:
    """The article under a licence with these changes."""
    return replace(ARTICLE, licence=replace(LICENCE, **({"grants": grants} if grants else {}), **changes))


def reasons(article: Article, action: Action, *, country="US", channel="own_shop", at=AT, paid_at=None) -> list[str]:
    decision = decide(article, action, country=country, channel=channel, at=at, paid_at=paid_at)
    assert decision.allowed is (not decision.reasons)
    return [str(reason) for reason in decision.reasons]


def all_three(article: Article, **asked) -> list[list[str]]:
    return [reasons(article, action, **asked) for action in Action]


def test_an_article_within_its_licence_is_listed_sold_and_shipped():
    assert all_three(ARTICLE) == [[], [], []]


@pytest.mark.parametrize(
    ("state", "reason"),
    [("terminated", "LICENCE_TERMINATED"), ("suspended", "LICENCE_SUSPENDED"), ("draft", "LICENCE_NOT_EXECUTED")],
)
def test_rows_1_to_3_a_licence_that_is_not_in_force_stops_everything(state, reason):
    assert all_three(licensed(state=state)) == [[reason]] * 3


def test_every_state_of_a_licence_but_executed_stops_everything():
    for state in Licence.State:
        assert bool(reasons(licensed(state=state.value), LIST)) is (state != Licence.State.EXECUTED)


def test_row_4_the_term_begins_at_its_first_instant():
    assert all_three(ARTICLE, at=START - TICK) == [["TERM_NOT_STARTED"]] * 3
    assert all_three(ARTICLE, at=START) == [[], [], []]


def test_row_5_the_term_ends_after_its_last_instant():
    assert all_three(ARTICLE, at=END - TICK) == [[], [], []]
    assert all_three(ARTICLE, at=END) == [["TERM_EXPIRED"]] * 3


@pytest.mark.parametrize(
    ("at", "paid_at", "ships"),
    [
        (END, END - TICK, True),
        (END, END, False),
        (END, None, False),
        (GRACE_END - TICK, END - TICK, True),
        (GRACE_END, END - TICK, False),
    ],
)
def test_row_5_what_was_paid_before_the_end_ships_within_the_grace(at, paid_at, ships):
    assert reasons(ARTICLE, SHIP, at=at, paid_at=paid_at) == ([] if ships else ["TERM_EXPIRED"])
    assert reasons(ARTICLE, LIST, at=at, paid_at=paid_at) == ["TERM_EXPIRED"]
    assert reasons(ARTICLE, SELL, at=at, paid_at=paid_at) == ["TERM_EXPIRED"]


def test_row_5_without_grace_nothing_ships_after_the_term():
    assert reasons(licensed(grace_ends_at=END), SHIP, at=END, paid_at=END - TICK) == ["TERM_EXPIRED"]


def test_row_5_the_grace_heals_nothing_but_the_term():
    ended = licensed(state="terminated")

    assert reasons(ended, SHIP, at=END, paid_at=END - TICK) == ["LICENCE_TERMINATED"]


def test_row_11_an_exclusion_beats_an_inclusion():
    world = replace(GRANT, countries=frozenset({"*"}), excluded_countries=frozenset({"US"}))

    assert all_three(licensed(world)) == [["TERRITORY_EXCLUDED"]] * 3
    assert all_three(licensed(world), country="FR") == [[], [], []]


def test_row_11_an_exclusion_in_one_grant_beats_an_inclusion_in_another():
    excluding = replace(GRANT, countries=frozenset({"DE"}), excluded_countries=frozenset({"US"}))

    assert all_three(licensed(GRANT, excluding)) == [["TERRITORY_EXCLUDED"]] * 3
    assert all_three(licensed(excluding, GRANT)) == [["TERRITORY_EXCLUDED"]] * 3


def test_row_11_an_exclusion_of_another_category_or_channel_does_not_count():
    mugs = replace(GRANT, category_id=MUGS, excluded_countries=frozenset({"US"}))
    wholesale = replace(GRANT, channels=frozenset({"wholesale"}), excluded_countries=frozenset({"US"}))

    assert all_three(licensed(GRANT, mugs, wholesale)) == [[], [], []]


def test_row_12_a_country_that_is_not_granted():
    assert all_three(ARTICLE, country="FR") == [["TERRITORY_NOT_LICENSED"]] * 3
    assert all_three(licensed(GRANT, replace(GRANT, countries=frozenset({"FR"}))), country="FR") == [[], [], []]


def test_row_14_without_a_licence_nothing_is_an_article():
    assert all_three(replace(ARTICLE, licence=None)) == [["ARTICLE_NOT_LICENSED"]] * 3


@pytest.mark.parametrize("other", [{"film_id": 2}, {"merchant_id": 2}])
def test_row_14_the_licence_of_another_film_or_merchant_does_not_count(other):
    assert all_three(licensed(**other)) == [["ARTICLE_NOT_LICENSED"]] * 3


def test_row_14_an_article_that_is_not_on_the_schedule():
    assert all_three(replace(ARTICLE, is_on_schedule=False)) == [["ARTICLE_NOT_LICENSED"]] * 3


def test_row_15_a_category_that_is_not_granted():
    assert all_three(replace(ARTICLE, category_id=MUGS)) == [["CATEGORY_NOT_LICENSED"]] * 3
    assert all_three(replace(licensed(replace(GRANT, category_id=None)), category_id=MUGS)) == [[], [], []]


def test_row_16_a_channel_that_is_not_granted():
    assert all_three(ARTICLE, channel="marketplace") == [["CHANNEL_NOT_LICENSED"]] * 3
    assert all_three(ARTICLE, channel="export") == [[], [], []]
    assert all_three(licensed(replace(GRANT, channels=frozenset({"*"}))), channel="marketplace") == [[], [], []]


def test_category_channel_and_territory_have_to_come_from_one_grant():
    here = replace(GRANT, countries=frozenset({"DE"}))
    elsewhere = replace(GRANT, category_id=MUGS)

    assert reasons(licensed(here, elsewhere), LIST) == ["TERRITORY_NOT_LICENSED"]


def test_a_licence_that_grants_nothing_names_all_three():
    article = replace(ARTICLE, licence=replace(LICENCE, grants=()))

    assert reasons(article, SELL) == ["TERRITORY_NOT_LICENSED", "CATEGORY_NOT_LICENSED", "CHANNEL_NOT_LICENSED"]


def test_row_20_an_embargo_hides_and_does_not_stop_what_was_sold():
    secret = replace(ARTICLE, embargoes=(EmbargoTerms(Tier.TITLE, "", LATER),))

    assert all_three(secret, at=LATER - TICK) == [["EMBARGO_ACTIVE"], ["EMBARGO_ACTIVE"], []]
    assert all_three(secret, at=LATER) == [[], [], []]


def test_row_20_an_embargo_of_one_country_holds_there_alone():
    secret = replace(ARTICLE, embargoes=(EmbargoTerms(Tier.TITLE, "DE", LATER),))

    assert reasons(secret, LIST, country="DE") == ["EMBARGO_ACTIVE"]
    assert reasons(secret, LIST, country="US") == []


@pytest.mark.parametrize("reveals", list(Tier))
@pytest.mark.parametrize("tier", list(Tier))
def test_row_20_an_article_waits_for_every_tier_up_to_the_one_it_reveals(reveals, tier):
    secret = replace(ARTICLE, reveals=reveals, embargoes=(EmbargoTerms(tier, "", LATER),))
    is_revealed = list(Tier).index(tier) <= list(Tier).index(reveals)

    assert reasons(secret, LIST) == (["EMBARGO_ACTIVE"] if is_revealed else [])


def test_row_20_the_last_of_several_embargoes_decides():
    embargoes = (
        EmbargoTerms(Tier.TITLE, "", LATER),
        EmbargoTerms(Tier.TITLE, "US", LATER + DAY),
        EmbargoTerms(Tier.LOGO, "", LATER - DAY),
    )

    assert embargo_lifts_at(replace(ARTICLE, reveals=Tier.LOGO, embargoes=embargoes), "US") == LATER + DAY
    assert embargo_lifts_at(replace(ARTICLE, reveals=Tier.LOGO, embargoes=embargoes), "DE") == LATER


def test_row_21_before_the_on_sale_date_it_is_coming_soon():
    soon = replace(ARTICLE, on_sale_at=LATER)

    assert all_three(soon, at=LATER - TICK) == [[], ["BEFORE_ON_SALE_DATE"], ["BEFORE_ON_SALE_DATE"]]
    assert decide(soon, LIST, country="US", channel="own_shop", at=LATER - TICK).stage is Stage.COMING_SOON
    assert all_three(soon, at=LATER) == [[], [], []]
    assert decide(soon, LIST, country="US", channel="own_shop", at=LATER).stage is Stage.ON_SALE


@pytest.mark.parametrize(
    ("country", "street_at"),
    [("US", datetime(2026, 7, 17, 4, tzinfo=UTC)), ("DE", datetime(2026, 7, 16, 22, tzinfo=UTC))],
)
def test_row_22_before_the_street_date_of_the_country_it_is_a_pre_order(country, street_at):
    ordered = replace(ARTICLE, street_on=date(2026, 7, 17))

    assert all_three(ordered, country=country, at=street_at - TICK) == [[], [], ["BEFORE_STREET_DATE"]]
    assert decide(ordered, SELL, country=country, channel="own_shop", at=street_at - TICK).stage is Stage.PRE_ORDER
    assert all_three(ordered, country=country, at=street_at) == [[], [], []]


def test_rows_21_and_22_together_before_the_on_sale_date():
    both = replace(ARTICLE, on_sale_at=LATER, street_on=date(2026, 7, 17))

    assert all_three(both) == [[], ["BEFORE_ON_SALE_DATE"], ["BEFORE_ON_SALE_DATE", "BEFORE_STREET_DATE"]]
    assert decide(both, LIST, country="US", channel="own_shop", at=AT).stage is Stage.COMING_SOON


@pytest.mark.parametrize("state", [state for state in Merchant.State if state != Merchant.State.APPROVED])
def test_row_24_a_merchant_that_is_not_approved(state):
    assert all_three(replace(ARTICLE, merchant_state=state.value)) == [["MERCHANT_NOT_AUTHORISED"]] * 3


def test_row_24_papers_run_out_at_an_instant():
    dated = replace(ARTICLE, papers_end_at=LATER)

    assert all_three(dated, at=LATER - TICK) == [[], [], []]
    assert all_three(dated, at=LATER) == [["MERCHANT_NOT_AUTHORISED"]] * 3


def test_all_reasons_are_given_in_the_order_of_the_table():
    worst = replace(
        licensed(replace(GRANT, excluded_countries=frozenset({"US"})), state="suspended"),
        category_id=MUGS, is_on_schedule=False, merchant_state="suspended", on_sale_at=END + 2 * DAY,
        street_on=date(2027, 2, 1), embargoes=(EmbargoTerms(Tier.TITLE, "", END + DAY),),
    )  # fmt: skip

    found = [reasons(worst, action, channel="wholesale", at=END) for action in Action]

    everything = [
        "LICENCE_SUSPENDED", "TERM_EXPIRED", "TERRITORY_EXCLUDED", "ARTICLE_NOT_LICENSED", "CATEGORY_NOT_LICENSED",
        "CHANNEL_NOT_LICENSED", "EMBARGO_ACTIVE", "BEFORE_ON_SALE_DATE", "BEFORE_STREET_DATE",
        "MERCHANT_NOT_AUTHORISED",
    ]  # fmt: skip
    assert found == [
        [reason for reason in everything if not reason.startswith("BEFORE")],
        [reason for reason in everything if reason != "BEFORE_STREET_DATE"],
        [reason for reason in everything if reason != "EMBARGO_ACTIVE"],
    ]


def test_the_table_in_the_documents_has_the_reasons_in_the_same_order(request):
    lines = (request.config.rootpath / "docs/gate.md").read_text().splitlines()

    assert [line.split("`")[1] for line in lines if line.startswith("| `")] == [str(reason) for reason in Reason]


def test_a_market_lists_what_one_of_its_countries_allows():
    only_germany = licensed(replace(GRANT, countries=frozenset({"DE"})))

    assert stage_in_market(only_germany, ["DE", "FR", "IT"], at=AT) is Stage.ON_SALE
    assert stage_in_market(only_germany, ["FR", "IT"], at=AT) is None


def test_a_market_hides_what_one_of_its_countries_keeps_secret():
    """Even where the licence does not reach: half a market cannot be kept from reading a page."""
    secret = replace(ARTICLE, embargoes=(EmbargoTerms(Tier.TITLE, "FR", LATER),))

    assert stage_in_market(secret, ["DE", "FR"], at=LATER - TICK) is None
    assert stage_in_market(secret, ["DE", "FR"], at=LATER) is Stage.ON_SALE
    assert stage_in_market(secret, ["DE", "IT"], at=AT) is Stage.ON_SALE


def test_a_market_is_as_far_as_its_furthest_country():
    """Lisbon's midnight is an hour after Berlin's; where the licence does not reach, a date does not count."""
    dated = replace(licensed(replace(GRANT, countries=frozenset({"*"}))), street_on=date(2026, 7, 17))
    in_berlin = datetime(2026, 7, 16, 22, tzinfo=UTC)
    only_portugal = replace(dated, licence=replace(LICENCE, grants=(replace(GRANT, countries=frozenset({"PT"})),)))

    assert stage_in_market(dated, ["PT", "DE"], at=in_berlin - TICK) is Stage.PRE_ORDER
    assert stage_in_market(dated, ["PT", "DE"], at=in_berlin) is Stage.ON_SALE
    assert stage_in_market(only_portugal, ["PT", "DE"], at=in_berlin) is Stage.PRE_ORDER


def test_a_shop_without_the_own_shop_channel_is_on_no_shelf():
    assert stage_in_market(licensed(replace(GRANT, channels=frozenset({"wholesale"}))), ["US"], at=AT) is None


def test_turning_points_name_every_instant_at_which_a_market_changes():
    article = replace(
        ARTICLE, on_sale_at=LATER, street_on=date(2026, 7, 17), papers_end_at=LATER + 60 * DAY,
        embargoes=(EmbargoTerms(Tier.TITLE, "US", LATER - 9 * DAY),),
    )  # fmt: skip

    assert turning_points(article, ["US"]) == {
        START, END, LATER, LATER + 60 * DAY, LATER - 9 * DAY, datetime(2026, 7, 17, 4, tzinfo=UTC)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "country"),
    [
        ("US-PR", "PR"), ("US-GU", "GU"), ("US-MP", "MP"), ("CN-HK", "HK"), ("CN-MO", "MO"), ("CN-TW", "TW"),
        ("us-pr", "PR"), (" cn-hk ", "HK"), ("US-CA", "US"), ("CN-11", "CN"), ("de", "DE"), ("CN", "CN"), ("PR", "PR"),
    ],
)  # fmt: skip
def test_countries_are_normalised_first(code, country):
    assert normalise_country(code) == country


@pytest.mark.parametrize("code", ["", "*", "EU", "UK", "USA", "XX", "ZZ", "中国", "U\x00", "-US", "12", "US\n;"])
def test_what_is_no_country_is_refused(code):
    with pytest.raises(Refused) as refused:
        normalise_country(code)

    assert refused.value.code == "unknown_country"


def facts_of(product) -> Article:
    facts = load_rights_facts(
        film_ids=[product.film_id], merchant_ids=[product.merchant_id], licence_ids=[product.licence_id]
    )
    names = ("film_id", "merchant_id", "category_id", "licence_id", "sku", "reveals", "on_sale_at", "street_on")
    return facts.article(**{name: getattr(product, name) for name in names})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "first", "last", "grace_days", "starts_at", "ends_at", "grace_ends_at"),
    [
        # The last day has 25 hours: the clock goes back on 25 October.
        (
            "Europe/Berlin",
            date(2026, 1, 1),
            date(2026, 10, 25),
            1,
            (2025, 12, 31, 23),
            (2026, 10, 25, 23),
            (2026, 10, 26, 23),
        ),
        # The first day has 23 hours, and the grace of 14 days spans a change: 14 days, not 14 × 24 hours.
        (
            "America/New_York",
            date(2026, 3, 8),
            date(2026, 10, 25),
            14,
            (2026, 3, 8, 5),
            (2026, 10, 26, 4),
            (2026, 11, 9, 5),
        ),
        (
            "Asia/Shanghai",
            date(2026, 1, 1),
            date(2026, 1, 1),
            0,
            (2025, 12, 31, 16),
            (2026, 1, 1, 16),
            (2026, 1, 1, 16),
        ),
    ],
)
def test_a_term_is_whole_days_of_the_licences_zone(zone, first, last, grace_days, starts_at, ends_at, grace_ends_at):
    licence = factories.make_licence(
        factories.make_film(),
        factories.make_merchant(),
        time_zone=zone,
        starts_on=first,
        ends_on=last,
        grace_days=grace_days,
    )
    article = facts_of(factories.make_product(licence=licence, on_shelf=False))
    starts, ends, grace = (datetime(*parts, tzinfo=UTC) for parts in (starts_at, ends_at, grace_ends_at))

    assert all_three(article, at=starts - TICK) == [["TERM_NOT_STARTED"]] * 3
    assert all_three(article, at=starts) == [[], [], []]
    assert all_three(article, at=ends - TICK) == [[], [], []]
    assert reasons(article, SELL, at=ends) == ["TERM_EXPIRED"]
    assert reasons(article, SHIP, at=grace - TICK, paid_at=ends - TICK) == []
    assert reasons(article, SHIP, at=grace, paid_at=ends - TICK) == ["TERM_EXPIRED"]


@pytest.mark.django_db
def test_papers_are_valid_to_the_end_of_their_last_day_where_the_merchant_lives():
    merchant = factories.make_merchant(country="US", documents_expire_on=date(2026, 11, 1))
    licence = factories.make_licence(factories.make_film(), merchant)
    article = facts_of(factories.make_product(licence=licence, on_shelf=False))

    # New York, on the day the clock goes back: 25 hours, ending at 05:00 UTC.
    end = datetime(2026, 11, 2, 5, tzinfo=UTC)
    assert reasons(article, LIST, at=end - TICK) == []
    assert reasons(article, LIST, at=end) == ["MERCHANT_NOT_AUTHORISED"]


@pytest.mark.django_db
def test_a_schedule_counts_where_the_licence_has_one():
    film, merchant = factories.make_film(), factories.make_merchant()
    licence = factories.make_licence(film, merchant, is_scheduled=True)
    ScheduleLine.objects.create(licence=licence, sku="ON")
    listed = factories.make_product(licence=licence, sku="ON", on_shelf=False)
    unlisted = factories.make_product(licence=licence, sku="OFF", on_shelf=False)
    free = factories.make_product(licence=factories.make_licence(film, merchant), sku="FREE", on_shelf=False)

    assert [reasons(facts_of(product), LIST) for product in (listed, unlisted, free)] == [
        [],
        ["ARTICLE_NOT_LICENSED"],
        [],
    ]


@pytest.mark.django_db
def test_the_embargoes_of_the_film_are_read():
    film = factories.make_film()
    Embargo.objects.create(film=film, tier=Tier.TITLE, country="US", lifts_at=LATER)
    licence = factories.make_licence(film, factories.make_merchant())
    article = facts_of(factories.make_product(licence=licence, on_shelf=False))

    assert reasons(article, LIST, country="US") == ["EMBARGO_ACTIVE"]
    assert reasons(article, LIST, country="CN") == []
