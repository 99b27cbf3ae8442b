"""The gate over time: a market's shelf turns only at instants that are known ahead."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from films.models import Tier
from licensing.gate import (
    Approval,
    Article,
    EmbargoTerms,
    Gap,
    GrantTerms,
    Hold,
    Stage,
    Window,
    decide,
    embargo_lifts_at,
    is_sold_off_during,
    stage_in_market,
    turning_points,
)
from licensing.models import DistributionChannel
from tests.licensing.gating import (
    ARTICLE,
    AT,
    DAY,
    END,
    GRANT,
    LATER,
    LICENCE,
    LIST,
    SELL_OFF,
    SELL_OFF_END,
    START,
    TICK,
    licensed,
)


def test_a_market_lists_what_one_of_its_countries_allows():
    only_germany = licensed(replace(GRANT, countries=frozenset({"DE"})))

    assert stage_in_market(only_germany, ["DE", "FR", "IT"], at=AT) is Stage.ON_SALE
    assert stage_in_market(only_germany, ["FR", "IT"], at=AT) is None


def test_a_market_hides_what_one_of_its_countries_keeps_secret():
    """Even where the licence does not reach: half a market cannot be kept from reading a page."""
    german = licensed(replace(GRANT, countries=frozenset({"DE"})))
    secret = replace(german, embargoes=(EmbargoTerms(Tier.TITLE, "FR", LATER),))

    assert stage_in_market(secret, ["DE", "FR"], at=LATER - TICK) is None
    assert stage_in_market(secret, ["DE", "FR"], at=LATER) is Stage.ON_SALE
    assert stage_in_market(secret, ["DE", "IT"], at=AT) is Stage.ON_SALE


def test_a_market_is_as_far_as_its_furthest_country():
    """Lisbon's midnight is an hour after Berlin's; where the licence does not reach, a date does not count."""
    dated = replace(licensed(replace(GRANT, countries=frozenset({"*"}))), street_on=date(2026, 7, 17))
    in_berlin = datetime(2026, 7, 16, 22, tzinfo=UTC)
    only_portugal = replace(dated, licences=(replace(LICENCE, grants=(replace(GRANT, countries=frozenset({"PT"})),)),))

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


def test_turning_points_name_what_a_sell_off_approvals_and_disputes_turn_on():
    article = replace(
        licensed(
            needs_approval=True, approvals=(Approval(START + DAY, 1, AT),), papers_end_at=LATER + 9 * DAY,
            needs_page_approval=True, page=Window(START + 2 * DAY, AT + DAY), payments_overdue_since=END + 3 * DAY,
            holds=(Hold("tkd_1", LATER, None),), **SELL_OFF,
        ),
        recalled_at=LATER + 5 * DAY, holds=(Hold("tkd_2", LATER + DAY, LATER + 2 * DAY),),
    )  # fmt: skip

    assert turning_points(article, ["US"]) == {
        START, END, SELL_OFF_END, START + DAY, AT, LATER + 9 * DAY, START + 2 * DAY, AT + DAY, END + 3 * DAY, LATER,
        LATER + 5 * DAY, LATER + DAY, LATER + 2 * DAY,
    }  # fmt: skip


def test_a_sell_off_leaves_the_shelf_with_its_last_declared_unit():
    assert stage_in_market(licensed(**SELL_OFF), ["US"], at=END) is Stage.ON_SALE
    assert stage_in_market(licensed(**SELL_OFF | {"inventory": 0}), ["US"], at=END) is None
    assert stage_in_market(licensed(**SELL_OFF), ["US"], at=SELL_OFF_END) is None


def test_a_passive_sale_puts_nothing_on_a_shelf():
    german = licensed(replace(GRANT, countries=frozenset({"DE"})))

    assert stage_in_market(german, ["FR", "IT"], at=AT) is None
    assert stage_in_market(german, ["FR", "DE"], at=AT) is Stage.ON_SALE


def test_a_campaign_meets_a_sell_off_by_its_instants():
    article = licensed(**SELL_OFF)

    assert not is_sold_off_during(article, AT, END)
    assert is_sold_off_during(article, AT, END + TICK)
    assert is_sold_off_during(article, SELL_OFF_END - TICK, SELL_OFF_END + DAY)
    assert not is_sold_off_during(article, SELL_OFF_END, SELL_OFF_END + DAY)
    assert not is_sold_off_during(ARTICLE, AT, SELL_OFF_END)
    assert is_sold_off_during(replace(ARTICLE, licences=(LICENCE, *article.licences)), AT, SELL_OFF_END)


# Few distinct instants, so that they meet.
instants = st.integers(0, 24).map(lambda n: START + n * timedelta(days=20, hours=7))
windows = st.tuples(instants, st.none() | instants)
countries = st.sets(st.sampled_from(["US", "DE", "FR", "PT", "CH", "*"]), max_size=3).map(frozenset)


def mostly(usual, *others):
    """`usual` four times out of five: an article that is never listed proves little."""
    return st.sampled_from([usual] * 4 * len(others) + list(others))


grants = st.builds(
    GrantTerms,
    category_id=mostly(None, 1, 2),
    countries=st.just(frozenset("*")) | countries,
    excluded_countries=mostly(frozenset(), frozenset({"DE"}), frozenset({"FR", "US"})),
    channels=mostly(frozenset({"*"}), frozenset({"wholesale"}), frozenset({"own_shop"})),
)
approvals = st.lists(st.builds(Approval, instants, st.just(1), st.none() | instants), max_size=3).map(
    lambda found: tuple(sorted(found, key=lambda approval: approval.issued_at))
)
holds = st.lists(st.builds(Hold, st.just("tkd"), instants, st.none() | instants), max_size=2).map(tuple)


@st.composite
def licences(draw):
    starts_at, ends_at = sorted([draw(instants), draw(instants)])
    sell_off = draw(st.integers(0, 3)) * 40 * DAY
    return replace(
        LICENCE,
        number=draw(st.sampled_from(["L-1", "L-2"])),
        state=draw(mostly("executed", "expired", "suspended", "draft", "terminated")),
        starts_at=starts_at - 30 * DAY,
        ends_at=ends_at,
        sell_off_ends_at=ends_at + sell_off,
        grants=tuple(draw(st.lists(grants, min_size=1, max_size=2))),
        is_exclusive=draw(st.booleans()),
        needs_approval=draw(st.booleans()),
        approvals=draw(approvals),
        needs_page_approval=draw(mostly(False, True)),
        page=draw(st.none() | st.builds(Window, instants, st.none() | instants)),
        papers_end_at=draw(mostly(None, 1).flatmap(lambda none: st.just(None) if none is None else instants)),
        payments_overdue_since=draw(st.none() | st.integers(0, 3).map(lambda n: ends_at + n * 25 * DAY)),
        inventory=draw(mostly(5, 0, None)),
        holds=draw(holds),
        gap=draw(mostly(Gap.NONE, Gap.NOT_ON_SCHEDULE, Gap.OTHER_FILM)),
    )


articles = st.builds(
    Article,
    film_id=st.just(1),
    merchant_id=st.just(1),
    category_id=st.just(1),
    reveals=st.sampled_from(list(Tier)),
    on_sale_at=st.none() | instants,
    street_on=st.none() | st.integers(0, 400).map(lambda n: date(2026, 1, 1) + timedelta(days=n)),
    licences=st.lists(licences(), min_size=1, max_size=2).map(tuple),
    merchant_state=mostly("approved", "suspended"),
    papers_end_at=st.none() | instants,
    embargoes=st.lists(
        st.builds(EmbargoTerms, st.sampled_from(list(Tier)), st.sampled_from(["", "DE", "US"]), instants), max_size=2
    ).map(tuple),
    recalled_at=mostly(None, 1).flatmap(lambda none: st.just(None) if none is None else instants),
    holds=holds,
)
markets = st.sampled_from([["US"], ["DE", "FR", "PT"], ["CH"], ["FR", "US"]])


def stage_by_definition(article: Article, market: list[str], at: datetime) -> Stage | None:
    """What decide() says of each country, put together."""
    if any(at < embargo_lifts_at(article, country) for country in market):
        return None
    decisions = [decide(article, LIST, country=c, channel=DistributionChannel.OWN_SHOP, at=at) for c in market]
    return max((d.stage for d in decisions if d.allowed), key=lambda stage: stage.value, default=None)


@settings(max_examples=150, deadline=None)
@given(articles, markets)
def test_a_market_turns_at_its_turning_points_and_says_what_decide_says(article, market):
    points = sorted(turning_points(article, market))
    first = points[0] if points else AT

    before = first - DAY
    for at, following in zip([before, *points], [*points, datetime(2040, 1, 1, tzinfo=UTC)], strict=True):
        stage = stage_in_market(article, market, at=at)
        assert stage == stage_by_definition(article, market, at)
        for inside in (at + (following - at) / 3, following - TICK):
            if at <= inside < following:
                assert stage_in_market(article, market, at=inside) == stage, (at, inside)
                assert stage_by_definition(article, market, inside) == stage, (at, inside)
