"""The page from which a licence is run."""

from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from licensing import services
from licensing.articles import article_of, recall_article
from licensing.documents import add_document
from licensing.models import ArticleVersion, InventoryStatement, Licence, LicenceDocument, LicensedArticle, Takedown
from licensing.sell_off import declare_inventory
from licensing.services import GrantTerms
from licensing.takedowns import start_takedown
from tests.desk.test_browser import complaints  # noqa: F401  # a fixture
from tests.desk.test_pages import breaches
from tests.factories import make_category, make_film, make_licence, make_merchant

pytestmark = pytest.mark.django_db


@pytest.fixture
def licence(head: User) -> Licence:
    """Executed, with three months to go and a sell-off behind them."""
    today = timezone.now().date()
    return make_licence(
        make_film(title_en="The Ferryman"), make_merchant(name="Harbour"), number="LIC-7", countries=("US",),
        starts_on=today - timedelta(days=300), ends_on=today + timedelta(days=90), time_zone="UTC",
        sell_off_days=30, grace_days=5, unit_cap=12_000, units_used=8_430,
    )  # fmt: skip


def page_of(licence: Licence) -> str:
    return reverse("admin:licensing_licence_page", args=[licence.pk])


def verb(row: Any, code: str) -> str:
    return reverse(f"admin:licensing_{row._meta.model_name}_verb", args=[row.pk, code])


def words(client: Client, where: str) -> str:
    return " ".join(unescape(client.get(where).content.decode()).split())


def test_it_shows_term_units_and_grants(desk: Client, licence: Licence) -> None:
    mugs = make_category("mugs", name_en="Mugs")
    services.set_grants(
        licence,
        [
            GrantTerms(mugs, ["*"], ["own_shop"], ["CN", "JP"]),
            GrantTerms(None, ["US", "CA", "FR", "DE"], ["wholesale"]),
        ],
        by=None,
    )

    answer = desk.get(page_of(licence))
    shown = " ".join(unescape(answer.content.decode()).split())

    assert answer.status_code == 200
    assert breaches(answer.content) == []
    assert "8,430" in shown
    assert "of 12,000, 3,570 left" in shown
    assert "Its term lasts 91 more days." in shown
    assert 'World<span class="desk-quiet">except China, Japan</span>' in shown
    assert 'Mugs</th> <td class="cell-world">' in shown
    assert 'Every other category</th> <td class="cell-none">–</td>' in shown
    assert '4 countries<span class="desk-quiet">Canada, Germany, France, United States</span>' in shown
    assert shown.count('class="bar bar-sell-off"') == 2  # the wide drawing and the narrow one


def test_every_change_is_told_in_words(desk: Client, head: User, licence: Licence) -> None:
    old, new = licence.ends_on, licence.ends_on + timedelta(days=10)
    services.edit_licence(licence, by=head, ends_on=new, needs_labels=True, floors={"USD": 1500})
    services.set_grants(licence, [GrantTerms(None, ["DE"], ["own_shop"])], by=head)

    shown = words(desk, page_of(licence))

    assert '<strong>Terms changed</strong> <span class="desk-quiet">head</span>' in shown
    assert f"<span>Last day</span> <del>{old:%-d %b %Y}</del> <ins>{new:%-d %b %Y}</ins>" in shown
    assert "<span>Units carry labels</span> <del>no</del> <ins>yes</ins>" in shown
    assert "<span>USD</span> <del>none</del> <ins>$15.00</ins>" in shown
    assert "<del>Every category, every channel: United States</del>" in shown
    assert "<ins>Every category, Own shop: Germany</ins>" in shown


def test_articles_documents_and_stock_stand_with_their_state(desk: Client, head: User, licence: Licence) -> None:
    at = timezone.now()
    for sku, state in (("TEE", "final_approved"), ("MUG", "in_approval"), ("CAP", None)):
        article = article_of(licence.merchant, sku)
        if state:
            ArticleVersion.objects.create(article=article, licence=licence, number=1, state=state, created_at=at)
        else:
            recall_article(article, reason="Sharp edge", by=head, at=at)
    services.set_schedule(licence, ["CAP", "SOCKS"], by=head)
    add_document(
        licence, kind="insurance", title="Policy", by=head, at=at, expires_on=date(2020, 1, 1), is_required=True
    )
    declare_inventory(licence, {"TEE": 412}, stated_on=at.date(), by=head, at=at)

    shown = words(desk, page_of(licence))

    assert "Finally approved, v1" in shown
    assert "In approval, v1" in shown
    assert "Recalled" in shown
    assert 'SOCKS</span><span class="licence-pill licence-pill-plain licence-end">No approval needed' in shown
    assert 'Policy <span class="desk-quiet">Insurance certificate, required</span>' in shown
    assert "Ran out" in shown
    assert "<td>412</td><td>0</td><td>412</td>" in shown


def test_taking_down_asks_first_freezes_and_is_released(desk: Client, licence: Licence) -> None:
    asked = words(desk, verb(licence, "takedown"))
    unsaid = desk.post(verb(licence, "takedown"), {"claimant": "", "reason": ""})
    nothing = Takedown.objects.count()
    done = desk.post(verb(licence, "takedown"), {"claimant": "Estate", "reason": "The mark"})
    shown = words(desk, page_of(licence))
    held = Takedown.objects.get()
    released = desk.post(verb(licence, "release"), {"takedown": held.pk, "outcome": "Settled"})
    after = words(desk, page_of(licence))

    held.refresh_from_db()
    assert "nothing under this licence is listed, sent to channels, sold, shipped or paid out" in asked
    assert (unsaid.status_code, nothing, done.status_code, released.status_code) == (422, 0, 302, 302)
    assert done["Location"] == page_of(licence)
    assert "Taken down for Estate: this licence." in shown
    assert "bar bar-hold" in shown
    assert "Taken down for Estate" not in after
    assert (held.licence, held.outcome, held.released_at is None) == (licence, "Settled", False)


def test_a_takedown_of_the_film_is_said_on_its_licences_and_on_no_other(
    desk: Client, head: User, licence: Licence
) -> None:
    other = make_licence(make_film(), make_merchant())
    start_takedown(licence.film, claimant="Estate", reason="x", by=head, at=timezone.now())

    assert "Taken down for Estate: the whole film." in words(desk, page_of(licence))
    assert "Estate" not in words(desk, page_of(other))


def test_stock_is_declared_line_by_line(desk: Client, licence: Licence) -> None:
    day = timezone.now().date().isoformat()
    wrong = desk.post(verb(licence, "declare"), {"stated_on": day, "lines": "TEE-1 many"})
    twice = desk.post(verb(licence, "declare"), {"stated_on": day, "lines": "TEE-1 1\nTEE-1 2"})
    right = desk.post(verb(licence, "declare"), {"stated_on": day, "lines": "TEE-1 120\n\nMUG BLUE 7"})

    assert (wrong.status_code, twice.status_code, right.status_code) == (422, 422, 302)
    assert "“many” is not a number of units." in wrong.content.decode()
    assert list(InventoryStatement.objects.get().lines.order_by("sku").values_list("sku", "declared")) == [
        ("MUG BLUE", 7),
        ("TEE-1", 120),
    ]


def test_a_document_is_filed_kept_apart_and_given_out_to_staff(
    desk: Client, fan_client: Client, licence: Licence
) -> None:
    paper = SimpleUploadedFile("../../evil.html", b"<script>1</script>")
    answer = desk.post(verb(licence, "document"), {"kind": "agreement", "title": "Agreement", "file": paper})
    document = LicenceDocument.objects.get()
    where = reverse("admin:licensing_licence_document", args=[licence.pk, document.public_id])

    given = desk.get(where)

    assert answer.status_code == 302
    assert document.file.name.startswith("licences/doc_")
    assert len(document.sha256) == 64
    assert b"".join(given.streaming_content) == b"<script>1</script>"
    assert (given["Content-Type"], given["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    assert given["Content-Disposition"].startswith("attachment")
    assert fan_client.get(where).status_code == 302
    assert desk.get(where.replace(f"/{licence.pk}/", "/999999/")).status_code == 404


def test_floors_and_new_terms_are_written_in_the_form(desk: Client, licence: Licence) -> None:
    grant = licence.grants.get()
    rows = {"grants-TOTAL_FORMS": 1, "grants-INITIAL_FORMS": 1, "grants-0-id": grant.pk, "grants-0-licence": licence.pk}
    rows |= {"grants-0-countries": "US", "grants-0-excluded_countries": "", "grants-0-channels": ["*"]}
    data = rows | {
        "ends_on": licence.ends_on.isoformat(), "grace_days": 5, "sell_off_days": 60, "unit_cap": 9_000, "skus": "",
        "floors": "usd 15.00\nJPY 1200", "review_days": 5, "calendar": "US", "silence_rule": "escalated", "needs_labels": "on",
    }  # fmt: skip
    change = reverse("admin:licensing_licence_change", args=[licence.pk])

    bad = desk.post(change, data | {"floors": "JPY 12.5"})
    answer = desk.post(change, data)

    licence.refresh_from_db()
    assert (bad.status_code, answer.status_code, answer["Location"]) == (422, 302, page_of(licence))
    assert (licence.sell_off_days, licence.unit_cap, licence.calendar, licence.needs_labels) == (60, 9_000, "US", True)
    assert dict(licence.price_floors.values_list("currency", "amount")) == {"JPY": 1200, "USD": 1500}
    assert "JPY 1200" in desk.get(change).content.decode()


def test_articles_and_disputes_have_pages_of_their_own(desk: Client, licence: Licence) -> None:
    added = desk.post(reverse("admin:licensing_licensedarticle_add"), {"merchant": licence.merchant_id, "sku": "TEE-1"})
    article = LicensedArticle.objects.get()
    recalled = desk.post(verb(article, "recall"), {"reason": "Sharp edge"})
    unknown = desk.post(verb(article, "properties"), {"licences": "LIC-NONE"})
    named = desk.post(verb(article, "properties"), {"licences": licence.number})
    add = reverse("admin:licensing_takedown_add")
    two = desk.post(add, {"film": licence.film_id, "licence": licence.pk, "claimant": "A", "reason": "B"})
    one = desk.post(add, {"article": article.pk, "claimant": "A", "reason": "B"})
    article.refresh_from_db()

    assert [answer.status_code for answer in (added, recalled, unknown, named, two, one)] == [
        302,
        302,
        422,
        302,
        422,
        302,
    ]
    assert article.recalled_at is not None
    assert article.properties.get().licence == licence
    assert Takedown.objects.get().article == article


def test_readers_see_it_without_buttons_and_fans_do_not(
    reader_desk: Client, fan_client: Client, licence: Licence
) -> None:
    shown = words(reader_desk, page_of(licence))

    assert "LIC-7" in shown
    assert "/do/" not in shown
    assert fan_client.get(page_of(licence)).status_code == 302
    assert reader_desk.get(page_of(licence).replace(str(licence.pk), "999999")).status_code == 404


def test_it_asks_as_often_for_three_of_everything(desk: Client, head: User, licence: Licence) -> None:
    def grow(number: int) -> None:
        at = timezone.now()
        article = article_of(licence.merchant, f"TEE-{number}")
        ArticleVersion.objects.create(article=article, licence=licence, number=1, state="final_approved", created_at=at)
        start_takedown(article, claimant="A", reason="B", by=head, at=at)
        add_document(licence, kind="other", title=f"Paper {number}", by=head, at=at)
        declare_inventory(licence, {f"TEE-{n}": 1 for n in range(number + 1)}, stated_on=at.date(), by=head, at=at)

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            desk.get(page_of(licence))
        return len(asked)

    grow(0)
    count()
    with_one = count()
    grow(1)
    grow(2)

    assert count() == with_one


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [320, 390, 1440])
def test_nothing_scrolls_sideways_and_the_policy_holds(
    page: Page,
    live_server: LiveServer,
    complaints: list[str],  # noqa: F811
    licence: Licence,
    width: int,
) -> None:
    add_document(
        licence,
        kind="insurance",
        title="A policy with a long name",
        by=None,
        at=timezone.now(),
        expires_on=date(2027, 1, 1),
    )
    page.set_viewport_size({"width": width, "height": 900})

    page.goto(live_server.url + page_of(licence))

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("svg.licence-time:visible").count() == 1
    assert complaints == []
