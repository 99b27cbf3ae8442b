"""`manage.py rights_check` and the object it shares with the API: the gate's answer, told so that it can be mended."""

import json
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from catalog.models import Image
from catalog.queries.rights import article_of, instant_of, product_named, rights_answer
from licensing.assets import digest_of_text
from licensing.explaining import _SENTENCES, Question, explain
from licensing.gate import Action, Decision, Finding, Gap, Reason, Stage, decide
from licensing.models import ApprovedAsset, Certificate, LicensedArticle, Takedown
from tests import factories
from tests.factories import NOW
from tests.licensing.gating import ARTICLE, AT, OBSTACLES, SELL, licensed

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
WHEN = "2026-11-22T12:00:00Z"


def make(sku="MUG", *, product=None, **terms):
    licence = factories.make_licence(factories.make_film(), factories.make_merchant(), **terms)
    return factories.make_product(licence=licence, sku=sku, on_shelf=False, **product or {})


def check(capsys, *arguments):
    """The exit code and what was printed."""
    try:
        call_command("rights_check", *arguments)
        code = 0
    except SystemExit as end:
        code = end.code
    except CommandError as error:
        code = error.returncode
        return code, str(error)
    return code, capsys.readouterr().out


def answer(capsys, *arguments):
    code, said = check(capsys, *arguments, "--json")
    return code, json.loads(said)


def test_an_allowed_sale_names_what_covers_it(capsys):
    product = make(number="L-1", unit_cap=100, units_used=40, sell_off_days=30, countries=["US"])

    code, said = answer(
        capsys, "--product", "MUG", "--country", "US", "--channel", "own_shop", "--at", WHEN, "--action", "SELL"
    )

    assert (code, said) == (
        0,
        {
            "product": product.public_id,
            "sku": "MUG",
            "action": "SELL",
            "country": "US",
            "channel": "own_shop",
            "at": WHEN,
            "paid_at": None,
            "quantity": 1,
            "labelled": False,
            "allowed": True,
            "stage": "on_sale",
            "flags": [],
            "main_reason": None,
            "reasons": [],
            "covered_by": [
                {
                    "licence": "L-1",
                    "term": {
                        "first_day": "2026-01-01",
                        "last_day": "2027-12-31",
                        "zone": "Asia/Shanghai",
                        "starts_at": "2025-12-31T16:00:00Z",
                        "ends_at": "2027-12-31T16:00:00Z",
                    },
                    "sell_off_until": "2028-01-30T16:00:00Z",
                    "sell_off_units_left": None,
                    "units_left": 60,
                }
            ],
        },
    )


def test_a_refusal_says_which_licence_which_condition_and_what_would_heal_it(capsys):
    make(number="L-1", countries=["US", "JP"], excluded=["CH"])

    code, said = answer(capsys, "--product", "MUG", "--country", "CA", "--at", WHEN, "--action", "list")

    assert (code, said["allowed"], said["main_reason"], said["covered_by"]) == (1, False, "TERRITORY_NOT_LICENSED", [])
    assert said["reasons"] == [
        {
            "code": "TERRITORY_NOT_LICENSED",
            "licence": "L-1",
            "sentence": "Licence L-1 does not grant Canada. It grants: JP, US.",
            "condition": {"country": "CA", "granted": ["JP", "US"], "excluded": ["CH"], "is_exclusive": False},
            "heals": "Grant CA in licence L-1 for this category and channel.",
        }
    ]


def test_without_an_action_all_three_are_asked_and_all_have_to_pass(capsys):
    product = make(needs_labels=True)
    question = ("--product", product.public_id, "--country", "US", "--at", WHEN)

    code, said = answer(capsys, *question)

    assert (code, said["allowed"], said["at"]) == (1, False, WHEN)
    assert [(one["action"], one["allowed"]) for one in said["decisions"]] == [
        ("LIST", True), ("SELL", True), ("SHIP", False),
    ]  # fmt: skip
    assert answer(capsys, *question, "--labelled")[0] == 0
    assert answer(capsys, *question, "--action", "SHIP")[1] == said["decisions"][2]


def test_for_people_it_prints_a_line_for_each_action_and_two_for_each_reason(capsys):
    make(number="L-1", state="suspended")

    code, said = check(capsys, "--product", "MUG", "--country", "US", "--at", WHEN, "--action", "SELL")

    assert (code, said) == (
        1,
        "SELL: no (on_sale)\n  LICENCE_SUSPENDED: Licence L-1 is suspended.\n    → The studio reinstates licence L-1.\n",
    )
    _code, chinese = check(
        capsys, "--product", "MUG", "--country", "US", "--at", WHEN, "--action", "SELL", "--language", "zh-hans"
    )
    assert "LICENCE_SUSPENDED" in chinese
    assert not chinese.replace("L-1", "").splitlines()[1].isascii()


def test_a_country_is_normalised_first(capsys):
    make(countries=["PR", "HK"])

    for asked, country in (("US-PR", "PR"), ("cn-hk", "HK")):
        code, said = answer(capsys, "--product", "MUG", "--country", asked, "--at", WHEN)
        assert (code, said["country"]) == (0, country)
    assert answer(capsys, "--product", "MUG", "--country", "US", "--at", WHEN)[0] == 1


def test_instants_are_told_in_utc_whatever_offset_they_came_with(capsys):
    make(starts_on=date(2026, 11, 23))
    begins = "2026-11-23T00:00:00+08:00"

    code, said = answer(capsys, "--product", "MUG", "--country", "US", "--at", begins)
    earlier, before = answer(capsys, "--product", "MUG", "--country", "US", "--at", "2026-11-22T15:59:59.999999Z")

    assert (code, said["at"]) == (0, "2026-11-22T16:00:00Z")
    assert (earlier, before["decisions"][0]["main_reason"]) == (1, "TERM_NOT_STARTED")


def test_what_was_paid_and_how_many_are_asked_for_reach_the_gate(capsys):
    make(ends_on=date(2026, 11, 20), grace_days=7)
    question = ("--product", "MUG", "--country", "US", "--at", WHEN, "--action", "SHIP")

    assert answer(capsys, *question)[1]["main_reason"] == "TERM_EXPIRED"
    code, said = answer(capsys, *question, "--paid-at", "2026-11-20T10:00:00Z", "--quantity", "3")
    assert (code, said["paid_at"], said["quantity"]) == (0, "2026-11-20T10:00:00Z", 3)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"--country": "UK"}, "unknown_country"),
        ({"--country": ""}, "unknown_country"),
        ({"--channel": "bazaar"}, "unknown_channel"),
        ({"--action": "BUY"}, "unknown_action"),
        ({"--action": ""}, "unknown_action"),
        ({"--at": "2026-11-22T12:00:00"}, "bad_instant"),
        ({"--at": "2026-11-22"}, "bad_instant"),
        ({"--at": "yesterday"}, "bad_instant"),
        ({"--at": ""}, "bad_instant"),
        ({"--at": "9999-12-31T23:59:59-12:00"}, "date_out_of_range"),
        ({"--at": "0001-01-01T00:00:00+14:00"}, "date_out_of_range"),
        ({"--paid-at": "2026-11-22T12:00"}, "bad_instant"),
        ({"--quantity": "0"}, "quantity_not_positive"),
        ({"--product": "CUP"}, "unknown_product"),
        ({"--product": "M\x00UG"}, "unknown_product"),
        ({"--product": "%"}, "unknown_product"),
        ({"--merchant": "nobody"}, "unknown_merchant"),
    ],
)
def test_a_question_that_cannot_be_answered_ends_with_2_and_one_line(capsys, changed, code):
    make()
    question = {"--product": "MUG", "--country": "US", "--channel": "own_shop", "--at": WHEN} | changed

    found, said = check(capsys, *(f"{name}={value}" for name, value in question.items()))

    assert (found, said.count("\n"), said.endswith(f"[{code}]")) == (2, 0, True)


def test_a_code_of_several_merchants_has_to_be_told_apart(capsys):
    first, second = make(), make(countries=["JP"])
    question = ("--product", "MUG", "--country", "US", "--at", WHEN, "--action", "SELL")

    code, said = check(capsys, *question)

    assert (code, "sku_of_several" in said) == (2, True)
    assert first.merchant.slug in said
    assert second.merchant.slug in said
    assert check(capsys, *question, "--merchant", first.merchant.slug)[0] == 0
    assert check(capsys, *question, "--merchant", second.merchant.slug)[0] == 1


def test_a_product_goes_by_its_id_slug_or_code():
    product = make(product={"slug": "the-mug"})
    make("the-mug", product={"slug": "another"})

    assert [product_named(name) for name in (product.public_id, "the-mug", "MUG")] == [product] * 3


@pytest.mark.parametrize("text", ["2026-11-22T20:00:00+08:00", "2026-11-22T12:00:00Z", "2026-11-22T20:00:00 08:00"])
def test_an_instant_comes_with_its_offset(text):
    """A plus sign in an address arrives as a space."""
    assert instant_of(text) == NOW


def test_a_page_is_looked_at_where_the_licence_wants_it():
    product = make(needs_page_approval=True, product={"title_en": "Mug", "title_zh": ""})
    Image.objects.create(product=product, file="goods/own-art.svg", width=8, height=9)
    picture = Image.objects.create(product=product, file="goods/a.jpg", width=8, height=9, digest="d" * 64)
    Image.objects.create(
        product=product, state=Image.State.WAITING, digest="e" * 64, try_at=NOW, source="https://a.example/b.jpg"
    )
    article = LicensedArticle.objects.create(merchant=product.merchant, sku="MUG")

    def allowed():
        said = rights_answer(product, country="US", channel="own_shop", at=NOW, actions=[Action.LIST])
        return said["allowed"], said["main_reason"]

    for sha256 in (digest_of_text("Mug"), digest_of_text(product.description_en)):
        ApprovedAsset.objects.create(article=article, licence=product.licence, sha256=sha256, approved_at=NOW - DAY)
    assert allowed() == (False, "ASSET_NOT_APPROVED")
    ApprovedAsset.objects.create(article=article, licence=product.licence, sha256=picture.digest, approved_at=NOW)
    assert allowed() == (True, None)
    product.title_zh = "杯"
    assert allowed() == (False, "ASSET_NOT_APPROVED")


def test_what_two_things_cause_is_told_twice():
    product = make(number="L-1", state="suspended")
    takedown = Takedown.objects.create(claimant="X", reason="Y", licence=product.licence, starts_at=NOW)
    product.merchant.state = "suspended"
    product.merchant.documents_expire_on = date(2026, 1, 1)
    product.merchant.save()

    said = rights_answer(product, country="US", channel="own_shop", at=NOW, actions=[Action.SELL])

    assert [(reason["code"], reason["condition"]) for reason in said["reasons"]] == [
        ("LICENCE_SUSPENDED", {"state": "suspended"}),
        ("LICENCE_SUSPENDED", {"takedown": takedown.public_id, "since": "2026-11-22T12:00:00Z"}),
        ("MERCHANT_NOT_AUTHORISED", {"merchant_state": "suspended"}),
        ("MERCHANT_NOT_AUTHORISED", {"papers_end_at": "2026-01-01T16:00:00Z"}),
    ]


def test_categories_and_versions_go_by_their_names():
    mugs, pins = factories.make_category("mugs"), factories.make_category("pins")
    licence = factories.make_licence(
        factories.make_film(), factories.make_merchant(), category=pins, needs_approval=True
    )
    product = factories.make_product(licence=licence, category=mugs, on_shelf=False)
    article = LicensedArticle.objects.create(merchant=product.merchant, sku=product.sku)
    Certificate.objects.create(article=article, licence=licence, version=2, issued_at=NOW - DAY, revoked_at=NOW)

    said = rights_answer(product, country="US", channel="own_shop", at=NOW, actions=[Action.SELL])

    assert [(reason["code"], reason["condition"]) for reason in said["reasons"]] == [
        ("CATEGORY_NOT_LICENSED", {"category": "mugs", "granted": ["pins"]}),
        (
            "APPROVAL_REVOKED",
            {"version": 2, "issued_at": "2026-11-21T12:00:00Z", "revoked_at": "2026-11-22T12:00:00Z"},
        ),
    ]


def told(article, decision, **asked):
    values = {"country": "US", "channel": "own_shop", "at": AT, "quantity": 1, "paid_at": None} | asked
    return explain(article, decision, Question(product="prd_1", sku="MUG", action=SELL, **values))


@pytest.mark.parametrize("obstacle", OBSTACLES, ids=lambda obstacle: f"{obstacle.reason}-{obstacle.group}")
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_refusal_speaks_in_both_languages(obstacle, language):
    article = obstacle.before(ARTICLE)
    asked = {"country": "US", "channel": "own_shop", "at": AT} | obstacle.asked
    action = next(action for action in Action if action not in obstacle.unless)

    with translation.override(language):
        said = told(article, decide(article, action, **asked), **asked)

    [reason] = said["reasons"]
    assert reason["code"] == obstacle.reason
    assert json.loads(json.dumps(said)) == said
    for words in (reason["sentence"], reason["heals"]):
        assert "%(" not in words
        assert "None" not in words
        assert any(sign > "\u2e7f" for sign in words) is (language == "zh-hans")


@pytest.mark.parametrize("gap", [Gap.NO_LICENCE, Gap.OTHER_FILM, Gap.OTHER_MERCHANT, Gap.NOT_ON_SCHEDULE])
def test_every_gap_has_words_of_its_own(gap):
    finding = Finding(Reason.ARTICLE_NOT_LICENSED, "" if gap is Gap.NO_LICENCE else "L-1")
    article = licensed(gap=gap)

    said = told(article, Decision(False, (finding.reason,), Stage.ON_SALE, (), (finding,)))

    assert said["reasons"][0]["condition"] == {"problem": gap.value, "sku": "MUG"}
    assert said["reasons"][0]["sentence"] == str(_SENTENCES[gap.value][0]) % {"licence": "L-1", "sku": "MUG"}


@pytest.mark.parametrize("count", [1, 3])
def test_an_answer_costs_the_same_however_much_there_is_to_say(django_assert_num_queries, count):
    product = make()
    for number in range(count):
        factories.make_category(f"category-{number}")
        product.licence.grants.create(countries=["US"], channels=["*"])

    with django_assert_num_queries(7):
        rights_answer(product, country="US", channel="own_shop", at=NOW)
    assert article_of(product).licences[0].number == product.licence.number
