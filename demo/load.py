"""Loading the demo: files of demo/data into rows, pictures drawn, the shelf compiled, the campaign drafted."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from campaigns.drafts import create_campaign, set_placement
from campaigns.models import Campaign, Channel
from campaigns.services import edit_campaign, schedule_campaign
from catalog.models import Market, Product
from catalog.search import index_products
from catalog.shelf_store import recompile_products
from demo.approvals import load_approvals
from demo.delivery import load_delivery
from demo.fans import fan_login, load_buyers, load_fans
from demo.files import instant, offset, read_goods, read_table
from demo.goods import load_products
from demo.joining import load_joining
from demo.orders import load_orders
from demo.partners import load_partners
from demo.pictures import load_pictures
from demo.rights import load_rights
from demo.rows import Tally, write
from demo.royalties import load_royalties
from demo.slate import load_films, load_licences, load_merchants, load_shelves, load_user
from films.models import Film
from insights.services import count_companions
from licensing.ledger.statements import prepare_statements
from merchants.models import Member
from orders.facts import tell_licensing

# Known to everybody who reads this line: it is for the demo on one's own machine and for nothing else.
PASSWORD = "ferryman-demo"  # noqa: S105
#: Who works at the studio, what for, and all they may do; nothing named is everything.
STAFF: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("desk", "Mei Shen", "the desk: campaigns, licences, statements, orders", ()),
    ("approver", "Tomás Vidal", "the desk: approves what the reviewer passes on", ()),
    (
        "reviewer",
        "Iris Chan",
        "the desk: the queue of articles to approve, and no more",
        ("review_round", "view_licence"),
    ),
)
CHANNELS = (("storefront", "Storefront"), ("google", "Google Merchant"))

Say = Callable[[str], None]


def load_demo(now: datetime, say: Say) -> Tally:
    """Bring the database up to demo/data. Running it again changes nothing; what people changed since stays theirs."""
    total = Tally()
    with _step("films, merchants and licences", say), transaction.atomic():
        first = (STAFF[0][0], fan_login()[0])
        password = "" if User.objects.filter(username__in=first).count() == len(first) else make_password(PASSWORD)
        for tally in (load_films(now), load_shelves(), load_merchants(now, password), load_licences(now)):
            total.add(tally)
        for username, name, _purpose, permissions in STAFF:
            email = f"{username}@studio.example"
            load_user(email, name, password, total, username=username, is_staff=True, permissions=permissions)
        for code, name in CHANNELS:
            write(Channel, {"code": code}, {}, first={"name": name, "adapter": code}, tally=total)
    with _step("products, prices and stock", say), transaction.atomic():
        total.add(load_products(now))
    with _step("pictures", say):
        total.add(load_pictures(_progress(say)))
    desk, approver, reviewer = (User.objects.get(username=username) for username, *_ in STAFF)
    with _step("delivery, approvals, sell-off, royalties", say):
        total.add(load_delivery(desk))
        total.add(load_rights(now, desk))
        total.add(load_approvals(now, reviewer, approver))
        total.add(load_royalties(now, desk))
    with _step("orders", say):
        total.add(load_orders(now))
        total.add(load_buyers(now, password))
    if total.created:
        with _step("statements", say):
            tell_licensing(at=now)
            prepare_statements(at=now)
            count_companions(at=now)
    if total.created or total.changed:
        with _step("shelf and search", say), transaction.atomic():
            ids = list(_products().values_list("pk", flat=True))
            recompile_products(ids)
            index_products(ids)
    with _step("what fans keep and say", say):
        total.add(load_fans(now, desk))
    _draft_campaign(now, total)
    total.add(load_joining(now, desk))
    total.add(load_partners(now, desk))
    return total


def schedule_demo(now: datetime, starts_in: timedelta) -> Campaign:
    """Set the demo's campaign to start after `starts_in` and hand it to staging. Needs `load_demo` before it."""
    row = read_table("campaign")
    campaign = Campaign.objects.get(slug=row["slug"])
    starts_at = now + starts_in
    length = (offset(row["ends_at"]) or timedelta(days=14)) - (offset(row["starts_at"]) or timedelta())
    edit_campaign(campaign, by=None, starts_at=starts_at, ends_at=starts_at + length)
    schedule_campaign(campaign, by=None, at=now)
    campaign.refresh_from_db()
    return campaign


def logins() -> list[tuple[str, str]]:
    """(user name, what for) of everybody the demo made, the desk first."""
    people = [(username, purpose) for username, _name, purpose, _permissions in STAFF]
    members = Member.objects.filter(merchant__slug__in=_slugs("merchants")).select_related("user", "merchant")
    people += [(m.user.username, f"{m.merchant}, {m.get_role_display().lower()}") for m in members.order_by("pk")]
    return [*people, fan_login()]


def _draft_campaign(now: datetime, tally: Tally) -> None:
    """The campaign as a draft; it is `schedule_demo` that gives it its minute."""
    row = read_table("campaign")
    if Campaign.objects.filter(slug=row["slug"]).exists():
        tally.unchanged += 1
        return
    campaign = create_campaign(
        by=User.objects.get(username=STAFF[0][0]),
        slug=row["slug"],
        markets=list(Market.objects.filter(code__in=row["markets"])),
        channels=list(Channel.objects.filter(code__in=row["channels"])),
        film=Film.objects.get(slug=row["film"]),
        starts_at=instant(row["starts_at"], now),
        ends_at=instant(row["ends_at"], now),
        **{
            name: row[name]
            for name in ("name_en", "name_zh", "time_zone", "rule", "discount", "priority", "needs_approval")
        },
    )
    for placement in row["placements"]:
        words = {name: placement[name] for name in ("headline_en", "headline_zh", "lede_en", "lede_zh")}
        announced_at = instant(placement["announced_at"], now)
        assert announced_at is not None
        set_placement(campaign, placement["slot"], by=None, announced_at=announced_at, **words)
    tally.created += 1


def _products() -> QuerySet[Product]:
    return Product.objects.filter(sku__in=[row["sku"] for row in read_goods()])


def _slugs(table: str) -> list[str]:
    return [row["slug"] for row in read_table(table)]


@contextmanager
def _step(name: str, say: Say) -> Iterator[None]:
    """Say how long it took when that was more than a second."""
    started = time.monotonic()
    yield
    taken = time.monotonic() - started
    if taken > 1:
        say(f"{name}: {taken:.1f} s")


def _progress(say: Say) -> Callable[[int, int], None]:
    """A line every second while pictures are rendered."""
    last = time.monotonic()

    def tell(done: int, of: int) -> None:
        nonlocal last
        if time.monotonic() - last > 1:
            last = time.monotonic()
            say(f"pictures: {done} of {of}")

    return tell
