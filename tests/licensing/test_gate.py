"""The rights gate, row by row: who may list, sell and ship what, where, through which channel, and when.

The rows are those of the gate's table (docs/gate.md). `decide` is pure, so the facts are built by hand; how they are read
from the database is in test_gate_facts.py, and what becomes of them over time in test_gate_over_time.py.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import combinations

import pytest

from core.errors import Refused
from core.territories import EEA, normalise_country
from films.models import Tier
from licensing.gate import (
    NO_LICENCE,
    Action,
    Approval,
    EmbargoTerms,
    Finding,
    Flag,
    Gap,
    GrantTerms,
    Hold,
    Reason,
    Stage,
    Window,
    decide,
    embargo_lifts_at,
)
from licensing.models import Licence
from merchants.models import Merchant
from tests.licensing.gating import (
    ARTICLE,
    AT,
    DAY,
    END,
    GRACE_END,
    GRANT,
    IN_SELL_OFF,
    LATER,
    LICENCE,
    LIST,
    MUGS,
    NOTHING,
    OBSTACLES,
    SELL,
    SELL_OFF,
    SELL_OFF_END,
    SELL_OFF_GRACE_END,
    SHIP,
    START,
    TICK,
    all_three,
    licensed,
    reasons,
)

EUROPEAN = replace(GRANT, countries=frozenset({"DE", "US"}))


def test_an_article_within_its_licence_is_listed_sold_and_shipped():
    assert all_three(ARTICLE) == NOTHING


@pytest.mark.parametrize("obstacle", OBSTACLES, ids=lambda obstacle: f"{obstacle.reason}-{obstacle.group}")
@pytest.mark.parametrize("action", Action)
def test_each_obstacle_stops_the_actions_that_its_row_names(obstacle, action):
    article = obstacle.before(ARTICLE)

    expected = [] if action in obstacle.unless else [str(obstacle.reason)]
    assert reasons(article, action, **obstacle.asked) == expected


def test_every_reason_has_an_obstacle():
    assert {obstacle.reason for obstacle in OBSTACLES} == set(Reason)


@pytest.mark.parametrize("action", Action)
def test_any_two_obstacles_are_both_named_in_the_order_of_the_table(action):
    """Five hundred pairs. The order is that of the enumeration, whichever of the two was found first."""
    for one, other in combinations(OBSTACLES, 2):
        if one.group == other.group or one.asked.keys() & other.asked.keys():
            continue
        article = other.before(one.before(ARTICLE))
        if "grants" in one.licence and {"category", "channel"} & {other.group}:
            continue  # what is excluded where is then a matter of other grants: see the tests of rows 11 to 16
        both = {x.reason for x in (one, other) if action not in x.unless}
        found = reasons(article, action, **one.asked | other.asked)
        assert found == [str(reason) for reason in Reason if reason in both], (one, other)


def test_everything_that_can_fail_at_once_is_named_in_the_order_of_the_table():
    worst = replace(
        licensed(
            replace(GRANT, excluded_countries=frozenset({"US"})), state="suspended", gap=Gap.NOT_ON_SCHEDULE,
            needs_approval=True, needs_page_approval=True, needs_labels=True, payments_overdue_since=END,
            **SELL_OFF | {"inventory": 0},
        ),
        category_id=MUGS, merchant_state="suspended", on_sale_at=SELL_OFF_END + DAY, street_on=date(2027, 4, 1),
        recalled_at=AT, embargoes=(EmbargoTerms(Tier.TITLE, "", SELL_OFF_END),),
    )  # fmt: skip

    found = all_three(worst, channel="wholesale", at=IN_SELL_OFF)

    always = [
        "ARTICLE_RECALLED", "LICENCE_SUSPENDED", "SELL_OFF_PAYMENTS_OVERDUE", "SELL_OFF_QUANTITY_EXHAUSTED",
        "TERRITORY_EXCLUDED", "ARTICLE_NOT_LICENSED", "CATEGORY_NOT_LICENSED", "CHANNEL_NOT_LICENSED",
        "APPROVAL_INCOMPLETE",
    ]  # fmt: skip
    last = "MERCHANT_NOT_AUTHORISED"
    assert found == [
        [*always, "ASSET_NOT_APPROVED", "EMBARGO_ACTIVE", last],
        [*always, "EMBARGO_ACTIVE", "BEFORE_ON_SALE_DATE", last],
        [*always, "BEFORE_ON_SALE_DATE", "BEFORE_STREET_DATE", "AUTH_LABEL_MISSING", last],
    ]


def test_the_table_in_the_documents_has_the_reasons_in_the_same_order(request):
    lines = (request.config.rootpath / "docs/gate.md").read_text().splitlines()

    rows = [line.split("`")[1] for line in lines if line.startswith("|") and line.count("`") == 2]
    assert rows == [str(reason) for reason in Reason]


def test_row_0_a_recall_begins_at_its_instant():
    recalled = replace(ARTICLE, recalled_at=LATER)

    assert all_three(recalled, at=LATER - TICK) == NOTHING
    assert all_three(recalled, at=LATER) == [["ARTICLE_RECALLED"]] * 3


def test_every_state_of_a_licence_is_answered():
    """EXPIRED is for people. The dates say whether the term is over, so that an answer about the past stays true."""
    found = {state.value: reasons(licensed(state=state.value), LIST) for state in Licence.State}

    assert found == {
        "draft": ["LICENCE_NOT_EXECUTED"],
        "executed": [],
        "suspended": ["LICENCE_SUSPENDED"],
        "expired": [],
        "terminated": ["LICENCE_TERMINATED"],
    }
    assert all_three(licensed(state="expired"), at=GRACE_END) == [["TERM_EXPIRED"]] * 3


@pytest.mark.parametrize("where", ["licence", "article"])
def test_row_2_a_takedown_holds_from_its_start_until_it_is_released(where):
    holds = (Hold("tkd_1", LATER, LATER + DAY), Hold("tkd_2", LATER + 3 * DAY, None))
    frozen = licensed(holds=holds) if where == "licence" else replace(ARTICLE, holds=holds)

    instants = [LATER - TICK, LATER, LATER + DAY - TICK, LATER + DAY, LATER + 3 * DAY - TICK, LATER + 3 * DAY]
    found = [all_three(frozen, at=at) == [["LICENCE_SUSPENDED"]] * 3 for at in instants]
    assert found == [False, True, True, False, False, True]
    assert all_three(frozen, at=LATER - TICK) == NOTHING


def test_row_2_a_suspended_licence_under_a_takedown_is_named_once():
    both = licensed(state="suspended", holds=(Hold("tkd_1", START, None),))

    assert decide(both, LIST, country="US", channel="own_shop", at=AT).findings == (
        Finding(Reason.LICENCE_SUSPENDED, "L-1"),
    )


def test_row_4_the_term_begins_at_its_first_instant():
    assert all_three(ARTICLE, at=START - TICK) == [["TERM_NOT_STARTED"]] * 3
    assert all_three(ARTICLE, at=START) == NOTHING


def test_row_5_the_term_ends_after_its_last_instant():
    assert all_three(ARTICLE, at=END - TICK) == NOTHING
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
    assert reasons(licensed(grace_ends_at=END, sell_off_grace_ends_at=END), SHIP, at=END, paid_at=END - TICK) == [
        "TERM_EXPIRED"
    ]


def test_row_5_the_grace_heals_nothing_but_the_term():
    ended = licensed(state="terminated")

    assert reasons(ended, SHIP, at=END, paid_at=END - TICK) == ["LICENCE_TERMINATED"]


@pytest.mark.parametrize(("at", "is_sell_off"), [(END - TICK, False), (END, True), (SELL_OFF_END - TICK, True)])
def test_row_6_declared_stock_is_sold_off_after_the_term(at, is_sell_off):
    article = licensed(**SELL_OFF)

    assert all_three(article, at=at, quantity=3) == NOTHING
    flags = [decide(article, action, country="US", channel="own_shop", at=at).flags for action in Action]
    assert flags == [(Flag.SELL_OFF,) if is_sell_off else ()] * 3


def test_rows_7_to_9_count_in_the_sell_off_alone():
    article = licensed(**SELL_OFF | {"inventory": None, "payments_overdue_since": START})

    assert all_three(article, at=END - TICK, quantity=1000) == NOTHING
    assert all_three(article, at=END) == [["SELL_OFF_NO_INVENTORY_STATEMENT", "SELL_OFF_PAYMENTS_OVERDUE"]] * 3
    assert all_three(article, at=SELL_OFF_END) == [["SELL_OFF_ENDED"]] * 3


def test_row_8_payments_are_overdue_from_an_instant_on():
    article = licensed(**SELL_OFF | {"payments_overdue_since": IN_SELL_OFF})

    assert all_three(article, at=IN_SELL_OFF - TICK) == NOTHING
    assert all_three(article, at=IN_SELL_OFF) == [["SELL_OFF_PAYMENTS_OVERDUE"]] * 3
    assert decide(article, SELL, country="US", channel="own_shop", at=IN_SELL_OFF).flags == ()


def test_row_9_the_last_declared_unit_is_sold_and_none_after_it():
    article = licensed(**SELL_OFF)

    assert all_three(article, at=IN_SELL_OFF, quantity=3) == NOTHING
    assert all_three(article, at=IN_SELL_OFF, quantity=4) == [["SELL_OFF_QUANTITY_EXHAUSTED"]] * 3


def test_row_9_what_is_paid_ships_though_its_units_were_the_last():
    """An order takes its units when it is paid; counted again at dispatch, the last would stay in the warehouse."""
    sold_out = licensed(**SELL_OFF | {"inventory": 0})

    assert reasons(sold_out, SHIP, at=IN_SELL_OFF, paid_at=IN_SELL_OFF - TICK) == []
    assert reasons(sold_out, SHIP, at=IN_SELL_OFF) == ["SELL_OFF_QUANTITY_EXHAUSTED"]
    assert reasons(sold_out, SELL, at=IN_SELL_OFF, paid_at=IN_SELL_OFF - TICK) == ["SELL_OFF_QUANTITY_EXHAUSTED"]


def test_rows_7_and_8_what_was_paid_within_the_term_ships_within_the_grace_as_without_a_sell_off():
    article = licensed(**SELL_OFF | {"inventory": None, "payments_overdue_since": END})
    both = ["SELL_OFF_NO_INVENTORY_STATEMENT", "SELL_OFF_PAYMENTS_OVERDUE"]

    assert reasons(article, SHIP, at=GRACE_END - TICK, paid_at=END - TICK) == []
    assert reasons(article, SHIP, at=GRACE_END, paid_at=END - TICK) == both
    assert reasons(article, SHIP, at=GRACE_END - TICK, paid_at=END) == both


@pytest.mark.parametrize(
    ("at", "paid_at", "ships"),
    [
        (SELL_OFF_END, SELL_OFF_END - TICK, True),
        (SELL_OFF_END, SELL_OFF_END, False),
        (SELL_OFF_END, None, False),
        (SELL_OFF_END, END - TICK, True),
        (SELL_OFF_GRACE_END - TICK, SELL_OFF_END - TICK, True),
        (SELL_OFF_GRACE_END, SELL_OFF_END - TICK, False),
    ],
)
def test_row_10_the_sell_off_has_a_grace_like_the_term(at, paid_at, ships):
    article = licensed(**SELL_OFF)

    assert reasons(article, SHIP, at=at, paid_at=paid_at) == ([] if ships else ["SELL_OFF_ENDED"])
    assert reasons(article, LIST, at=at, paid_at=paid_at) == ["SELL_OFF_ENDED"]
    assert reasons(article, SELL, at=at, paid_at=paid_at) == ["SELL_OFF_ENDED"]


def test_row_11_an_exclusion_beats_an_inclusion():
    world = replace(GRANT, countries=frozenset({"*"}), excluded_countries=frozenset({"US"}))

    assert all_three(licensed(world)) == [["TERRITORY_EXCLUDED"]] * 3
    assert all_three(licensed(world), country="FR") == NOTHING


def test_row_11_an_exclusion_in_one_grant_beats_an_inclusion_in_another():
    excluding = replace(GRANT, countries=frozenset({"DE"}), excluded_countries=frozenset({"US"}))

    assert all_three(licensed(GRANT, excluding)) == [["TERRITORY_EXCLUDED"]] * 3
    assert all_three(licensed(excluding, GRANT)) == [["TERRITORY_EXCLUDED"]] * 3


def test_row_11_an_exclusion_of_another_category_or_channel_does_not_count():
    mugs = replace(GRANT, category_id=MUGS, excluded_countries=frozenset({"US"}))
    wholesale = replace(GRANT, channels=frozenset({"wholesale"}), excluded_countries=frozenset({"US"}))

    assert all_three(licensed(GRANT, mugs, wholesale)) == NOTHING


def test_row_11_the_whole_world_can_be_excluded():
    assert all_three(licensed(replace(GRANT, excluded_countries=frozenset({"*"})))) == [["TERRITORY_EXCLUDED"]] * 3


def test_row_12_a_country_that_is_not_granted():
    assert all_three(ARTICLE, country="CA") == [["TERRITORY_NOT_LICENSED"]] * 3
    assert all_three(licensed(GRANT, replace(GRANT, countries=frozenset({"CA"}))), country="CA") == NOTHING


@pytest.mark.parametrize("country", sorted(EEA - {"DE"}))
def test_row_13_an_order_from_elsewhere_in_the_eea_is_accepted_unasked(country):
    article = licensed(EUROPEAN)

    assert all_three(article, country=country) == [["TERRITORY_NOT_LICENSED"], [], []]
    flags = [decide(article, action, country=country, channel="own_shop", at=AT).flags for action in Action]
    assert flags == [(), (Flag.EEA_PASSIVE_SALE,), (Flag.EEA_PASSIVE_SALE,)]


def test_row_13_the_eea_has_thirty_states():
    assert len(EEA) == 30
    assert {"IS", "LI", "NO", "DE", "IE"} <= EEA
    assert EEA.isdisjoint({"CH", "GB", "TR", "US"})


def test_row_13_what_is_granted_is_no_passive_sale():
    assert decide(licensed(EUROPEAN), SELL, country="DE", channel="own_shop", at=AT).flags == ()


@pytest.mark.parametrize(
    ("article", "country"),
    [
        (licensed(EUROPEAN), "CH"),
        (licensed(EUROPEAN), "GB"),
        (licensed(EUROPEAN, is_exclusive=True), "FR"),
        (licensed(GRANT), "FR"),
        (licensed(replace(EUROPEAN, excluded_countries=frozenset({"DE"}))), "FR"),
        (licensed(replace(EUROPEAN, category_id=MUGS), GRANT), "FR"),
        (licensed(replace(EUROPEAN, channels=frozenset({"wholesale"})), GRANT), "FR"),
    ],
    ids=["Switzerland", "United Kingdom", "exclusive", "no state of the EEA", "the one state is excluded",
         "for another category", "for another channel"],
)  # fmt: skip
def test_row_13_is_no_way_round_row_12(article, country):
    assert all_three(article, country=country) == [["TERRITORY_NOT_LICENSED"]] * 3


def test_row_13_is_no_way_round_an_exclusion():
    excluding = replace(EUROPEAN, excluded_countries=frozenset({"FR"}))

    assert all_three(licensed(excluding), country="FR") == [["TERRITORY_EXCLUDED"]] * 3
    assert reasons(licensed(excluding), SELL, country="IT") == []


def test_row_14_without_a_licence_nothing_is_an_article():
    bare = replace(ARTICLE, licences=(NO_LICENCE,))

    assert all_three(bare) == [["ARTICLE_NOT_LICENSED"]] * 3
    assert bare.licence is None
    assert ARTICLE.licence is LICENCE


@pytest.mark.parametrize("gap", [Gap.OTHER_FILM, Gap.OTHER_MERCHANT])
def test_row_14_a_licence_of_something_else_says_nothing_more(gap):
    foreign = licensed(gap=gap, state="draft", needs_approval=True, needs_labels=True, papers_end_at=START)

    assert all_three(foreign, country="CA", channel="wholesale", at=SELL_OFF_END) == [["ARTICLE_NOT_LICENSED"]] * 3


def test_row_14_an_article_that_is_not_on_the_schedule_is_asked_for_the_rest_as_well():
    unlisted = licensed(gap=Gap.NOT_ON_SCHEDULE, state="draft")

    assert all_three(unlisted) == [["LICENCE_NOT_EXECUTED", "ARTICLE_NOT_LICENSED"]] * 3


def test_row_15_a_category_that_is_not_granted():
    assert all_three(replace(ARTICLE, category_id=MUGS)) == [["CATEGORY_NOT_LICENSED"]] * 3
    assert all_three(replace(licensed(replace(GRANT, category_id=None)), category_id=MUGS)) == NOTHING


def test_row_16_a_channel_that_is_not_granted():
    assert all_three(ARTICLE, channel="marketplace") == [["CHANNEL_NOT_LICENSED"]] * 3
    assert all_three(ARTICLE, channel="export") == NOTHING
    assert all_three(licensed(replace(GRANT, channels=frozenset({"*"}))), channel="marketplace") == NOTHING


def test_category_channel_and_territory_have_to_come_from_one_grant():
    here = replace(GRANT, countries=frozenset({"GB"}))
    elsewhere = replace(GRANT, category_id=MUGS)

    assert reasons(licensed(here, elsewhere), LIST) == ["TERRITORY_NOT_LICENSED"]


def test_a_licence_that_grants_nothing_names_all_three():
    article = replace(ARTICLE, licences=(replace(LICENCE, grants=()),))

    assert reasons(article, SELL) == ["TERRITORY_NOT_LICENSED", "CATEGORY_NOT_LICENSED", "CHANNEL_NOT_LICENSED"]


def test_row_17_a_certificate_counts_from_the_instant_it_was_issued():
    article = licensed(needs_approval=True, approvals=(Approval(LATER, 1, None),))

    assert all_three(article, at=LATER - TICK) == [["APPROVAL_INCOMPLETE"]] * 3
    assert all_three(article, at=LATER) == NOTHING


def test_row_17_a_licence_that_wants_no_approval_is_not_asked_for_one():
    assert all_three(licensed(needs_approval=False, approvals=(Approval(START, 1, START),))) == NOTHING


def test_row_18_an_approval_is_revoked_from_an_instant_on():
    article = licensed(needs_approval=True, approvals=(Approval(START, 1, LATER),))

    assert all_three(article, at=LATER - TICK) == NOTHING
    assert all_three(article, at=LATER) == [["APPROVAL_REVOKED"]] * 3


@pytest.mark.parametrize(
    ("first_revoked_at", "second_revoked_at", "expected"),
    [(None, None, []), (AT, None, []), (None, AT, ["APPROVAL_REVOKED"])],
    ids=["the old one stays until superseded", "a new version heals", "the old one does not come back"],
)
def test_row_18_the_version_approved_last_counts(first_revoked_at, second_revoked_at, expected):
    approvals = (Approval(START, 1, first_revoked_at), Approval(START + DAY, 2, second_revoked_at))
    article = licensed(needs_approval=True, approvals=approvals)

    assert all_three(article) == [expected] * 3
    assert all_three(article, at=START + DAY - TICK) == NOTHING


def test_row_19_a_page_is_approved_for_a_time():
    article = licensed(needs_page_approval=True, page=Window(LATER, LATER + DAY))
    unapproved = [["ASSET_NOT_APPROVED"], [], []]

    assert all_three(article, at=LATER - TICK) == unapproved
    assert all_three(article, at=LATER) == NOTHING
    assert all_three(article, at=LATER + DAY - TICK) == NOTHING
    assert all_three(article, at=LATER + DAY) == unapproved


def test_row_19_is_asked_only_where_the_licence_wants_it():
    assert all_three(licensed(needs_page_approval=False, page=None)) == NOTHING


def test_row_20_an_embargo_hides_and_does_not_stop_what_was_sold():
    secret = replace(ARTICLE, embargoes=(EmbargoTerms(Tier.TITLE, "", LATER),))

    assert all_three(secret, at=LATER - TICK) == [["EMBARGO_ACTIVE"], ["EMBARGO_ACTIVE"], []]
    assert all_three(secret, at=LATER) == NOTHING


def test_row_20_an_embargo_of_one_country_holds_there_alone():
    secret = replace(ARTICLE, embargoes=(EmbargoTerms(Tier.TITLE, "GB", LATER),))

    assert reasons(secret, LIST, country="GB") == ["EMBARGO_ACTIVE"]
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
    assert all_three(soon, at=LATER) == NOTHING
    assert decide(soon, LIST, country="US", channel="own_shop", at=LATER).stage is Stage.ON_SALE


@pytest.mark.parametrize(
    ("country", "street_at"),
    [("US", datetime(2026, 7, 17, 4, tzinfo=UTC)), ("GB", datetime(2026, 7, 16, 23, tzinfo=UTC))],
)
def test_row_22_before_the_street_date_of_the_country_it_is_a_pre_order(country, street_at):
    ordered = replace(ARTICLE, street_on=date(2026, 7, 17))

    assert all_three(ordered, country=country, at=street_at - TICK) == [[], [], ["BEFORE_STREET_DATE"]]
    assert decide(ordered, SELL, country=country, channel="own_shop", at=street_at - TICK).stage is Stage.PRE_ORDER
    assert all_three(ordered, country=country, at=street_at) == NOTHING


def test_rows_21_and_22_together_before_the_on_sale_date():
    both = replace(ARTICLE, on_sale_at=LATER, street_on=date(2026, 7, 17))

    assert all_three(both) == [[], ["BEFORE_ON_SALE_DATE"], ["BEFORE_ON_SALE_DATE", "BEFORE_STREET_DATE"]]
    assert decide(both, LIST, country="US", channel="own_shop", at=AT).stage is Stage.COMING_SOON


def test_row_23_a_unit_ships_with_a_label_bound_to_it():
    article = licensed(needs_labels=True)

    assert all_three(article) == [[], [], ["AUTH_LABEL_MISSING"]]
    assert all_three(article, is_labelled=True) == NOTHING


@pytest.mark.parametrize("state", [state for state in Merchant.State if state != Merchant.State.APPROVED])
def test_row_24_a_merchant_that_is_not_approved(state):
    assert all_three(replace(ARTICLE, merchant_state=state.value)) == [["MERCHANT_NOT_AUTHORISED"]] * 3


@pytest.mark.parametrize("dated", [replace(ARTICLE, papers_end_at=LATER), licensed(papers_end_at=LATER)])
def test_row_24_papers_run_out_at_an_instant(dated):
    assert all_three(dated, at=LATER - TICK) == NOTHING
    assert all_three(dated, at=LATER) == [["MERCHANT_NOT_AUTHORISED"]] * 3


def test_row_25_every_licence_has_to_pass_and_each_is_named():
    second = replace(LICENCE, number="L-2", film_id=2)
    third = replace(LICENCE, number="L-3", film_id=3)
    crossing = replace(ARTICLE, licences=(LICENCE, second, third))

    def found(article):
        return list(decide(article, SELL, country="US", channel="own_shop", at=AT).findings)

    assert found(crossing) == []
    assert found(replace(crossing, licences=(LICENCE, second, replace(third, state="draft")))) == [
        Finding(Reason.LICENCE_NOT_EXECUTED, "L-3")
    ]
    worse = replace(
        crossing,
        licences=(
            replace(LICENCE, needs_approval=True),
            replace(second, state="draft", needs_approval=True),
            replace(third, grants=(GrantTerms(None, frozenset({"GB"}), frozenset(), frozenset({"*"})),)),
        ),
        merchant_state="closed",
    )
    assert found(worse) == [
        Finding(Reason.LICENCE_NOT_EXECUTED, "L-2"),
        Finding(Reason.TERRITORY_NOT_LICENSED, "L-3"),
        Finding(Reason.APPROVAL_INCOMPLETE, "L-1"),
        Finding(Reason.APPROVAL_INCOMPLETE, "L-2"),
        Finding(Reason.MERCHANT_NOT_AUTHORISED, ""),
    ]
    assert reasons(worse, SELL) == [
        "LICENCE_NOT_EXECUTED", "TERRITORY_NOT_LICENSED", "APPROVAL_INCOMPLETE", "MERCHANT_NOT_AUTHORISED",
    ]  # fmt: skip


def test_row_25_a_property_without_a_licence_stops_it_all():
    crossing = replace(ARTICLE, licences=(NO_LICENCE, replace(LICENCE, number="L-2")))

    assert decide(crossing, LIST, country="US", channel="own_shop", at=AT).findings == (
        Finding(Reason.ARTICLE_NOT_LICENSED, ""),
    )


def test_row_25_the_flags_of_any_licence_are_given():
    crossing = replace(
        ARTICLE,
        licences=(
            replace(LICENCE, grants=(EUROPEAN,), ends_at=SELL_OFF_END, sell_off_ends_at=SELL_OFF_END),
            replace(LICENCE, number="L-2", grants=(replace(GRANT, countries=frozenset({"*"})),), **SELL_OFF),
        ),
    )

    decision = decide(crossing, SELL, country="FR", channel="own_shop", at=IN_SELL_OFF)

    assert (decision.allowed, decision.flags) == (True, (Flag.SELL_OFF, Flag.EEA_PASSIVE_SALE))


def test_countries_are_normalised_by_the_gate_itself():
    island = licensed(replace(GRANT, countries=frozenset({"PR"})))

    assert all_three(island, country="US-PR") == NOTHING
    assert all_three(island, country="us-ca") == [["TERRITORY_NOT_LICENSED"]] * 3
    with pytest.raises(Refused, match="not a country code"):
        decide(island, LIST, country="Atlantis", channel="own_shop", at=AT)


@pytest.mark.parametrize(
    ("code", "country"),
    [
        ("US-PR", "PR"), ("US-GU", "GU"), ("US-MP", "MP"), ("CN-HK", "HK"), ("CN-MO", "MO"), ("CN-TW", "TW"),
        ("us-pr", "PR"), (" cn-hk ", "HK"), ("US-CA", "US"), ("CN-11", "CN"), ("de", "DE"), ("CN", "CN"), ("PR", "PR"),
    ],
)  # fmt: skip
def test_countries_are_normalised_first(code, country):
    assert normalise_country(code) == country


@pytest.mark.parametrize(
    "code", ["", "*", "EU", "UK", "USA", "XX", "ZZ", "中国", "U\x00", "-US", "12", "US\n;", "ß", "ﬁ", "uſ", "US-ß"]
)
def test_what_is_no_country_is_refused(code):
    with pytest.raises(Refused) as refused:
        normalise_country(code)

    assert refused.value.code == "unknown_country"
