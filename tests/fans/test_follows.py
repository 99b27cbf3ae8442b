"""Following films: who is told of what, once, and how it ends."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail

from accounts.letters import send_letters
from accounts.models import Letter, User
from campaigns.models import Campaign
from campaigns.services import schedule_campaign
from campaigns.staging import stage_revision
from catalog.models import Market, ShelfSpan
from fans import follows
from fans.follows import (
    FRESH,
    KEEP_UNCONFIRMED,
    ask_to_follow,
    confirm_follow,
    find_news,
    follow_as_member,
    prune_follows,
    stop_following,
    tell_news,
)
from fans.models import Follow, News
from films.models import Embargo, Film, Release, Tier
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def market() -> Market:
    return factories.make_market("us")


@pytest.fixture
def film(market: Market) -> Film:
    return factories.make_film("the-ferryman", title_en="The Ferryman", title_zh="摆渡人")


@pytest.fixture
def fan() -> User:
    return factories.make_user("wei", email="wei@example.com")


def ask(film: Film, market: Market, email: str = "ann@example.com", at: datetime = NOW) -> None:
    ask_to_follow(email, film, market, language="en", at=at)


def link_in(letter: Letter, name: str) -> str:
    return str(letter.said[name]).rstrip("/").rsplit("/", 1)[1]


def opens(film: Film, day: date, zone: str = "America/New_York", country: str = "US") -> Release:
    return Release.objects.create(film=film, country=country, opens_on=day, zone=zone)


def kinds() -> set[str]:
    return set(News.objects.values_list("kind", flat=True))


def test_a_bare_address_has_to_be_confirmed_by_its_reader(film: Film, market: Market) -> None:
    ask(film, market, " Ann@Example.com ")
    [letter] = Letter.objects.all()

    assert (letter.template, letter.to) == ("follow_confirm", "ann@example.com")
    assert not Follow.objects.confirmed().exists()
    assert confirm_follow(link_in(letter, "confirm"), at=NOW)
    assert confirm_follow(link_in(letter, "confirm"), at=NOW + HOUR)
    assert Follow.objects.confirmed().get().confirmed_at == NOW


def test_asking_again_writes_again_until_it_is_confirmed(film: Film, market: Market) -> None:
    ask(film, market)
    ask(film, market)
    assert (Follow.objects.count(), Letter.objects.count()) == (1, 2)

    confirm_follow(link_in(Letter.objects.order_by("pk")[0], "confirm"), at=NOW)
    ask(film, market)
    assert Letter.objects.count() == 2


@pytest.mark.parametrize("token", ["", "flw_x", "flw_x:forged", "::"])
def test_nobody_can_make_a_link(film: Film, market: Market, token: str) -> None:
    ask(film, market)
    stop_following(token)

    assert not confirm_follow(token, at=NOW)
    assert Follow.objects.confirmed().count() == 0
    assert Follow.objects.count() == 1


def test_what_nobody_confirms_is_forgotten_and_members_are_not(film: Film, market: Market, fan: User) -> None:
    ask(film, market)
    follow_as_member(fan, film, market, language="en", at=NOW)

    assert prune_follows(at=NOW + KEEP_UNCONFIRMED) == 0
    assert prune_follows(at=NOW + KEEP_UNCONFIRMED + HOUR) == 1
    assert Follow.objects.get().user == fan


def test_followers_hear_of_the_first_goods_once(film: Film, market: Market, fan: User) -> None:
    follow_as_member(fan, film, market, language="zh-hans", at=NOW)
    follow_as_member(fan, film, market, language="zh-hans", at=NOW)
    ask(film, market, "not.confirmed@example.com")
    Letter.objects.all().delete()
    factories.make_product(film=film)
    begun = ShelfSpan.objects.filter(film=film).earliest("starts_at").starts_at
    at = begun + HOUR
    Follow.objects.filter(user=fan).update(confirmed_at=begun)

    assert find_news(at=at) == 1
    assert tell_news(at=at) == 1
    assert find_news(at=at + HOUR) == 0
    assert tell_news(at=at + HOUR) == 0
    [letter] = Letter.objects.all()
    assert (letter.template, letter.to) == ("follow_goods", "wei@example.com")
    assert letter.said["title"] == "摆渡人"
    assert letter.said["address"].endswith("/us/zh/films/the-ferryman/")


def test_goods_that_were_there_long_ago_are_no_news(film: Film, market: Market, fan: User) -> None:
    follow_as_member(fan, film, market, language="en", at=NOW)
    factories.make_product(film=film)
    begun = ShelfSpan.objects.filter(film=film).earliest("starts_at").starts_at

    assert find_news(at=begun + FRESH + HOUR) == 0


def test_the_day_of_the_opening_is_the_day_there(film: Film, market: Market, fan: User) -> None:
    follow_as_member(fan, film, market, language="en", at=NOW)
    opens(film, date(2027, 3, 5))
    opens(film, date(2027, 3, 4), zone="Asia/Tokyo", country="JP")

    assert find_news(at=datetime(2027, 3, 5, 4, 59, tzinfo=UTC)) == 0
    assert find_news(at=datetime(2027, 3, 5, 5, 0, tzinfo=UTC)) == 1
    assert kinds() == {"release"}


def test_a_campaign_that_begins_is_news_and_a_merchants_own_is_not(film: Film, market: Market, fan: User) -> None:
    follow_as_member(fan, film, market, language="en", at=NOW)
    product = factories.make_product(film=film)
    campaign = factories.make_campaign(film, starts_at=NOW + 3 * FRESH, ends_at=NOW + 9 * FRESH)
    stage_revision(schedule_campaign(campaign, by=None, at=NOW).pk)
    begun = NOW + 3 * FRESH

    assert (find_news(at=begun - HOUR), find_news(at=begun), find_news(at=begun + HOUR)) == (0, 1, 0)
    assert News.objects.get().key == campaign.public_id
    assert tell_news(at=begun) == 1
    assert Letter.objects.get().said["address"].endswith(f"/us/en/campaigns/{campaign.slug}/")

    News.objects.all().delete()
    Campaign.objects.update(merchant=product.merchant, own_slug="own")
    assert find_news(at=begun) == 0


def test_what_may_not_be_known_is_not_told(film: Film, market: Market, fan: User) -> None:
    follow_as_member(fan, film, market, language="en", at=NOW)
    opens(film, NOW.date(), zone="UTC")
    Embargo.objects.create(film=film, tier=Tier.TITLE, lifts_at=NOW + HOUR)

    assert find_news(at=NOW) == 0


def test_who_follows_after_the_news_is_not_told_of_it(film: Film, market: Market, fan: User) -> None:
    follow_as_member(fan, film, market, language="en", at=NOW)
    opens(film, NOW.date(), zone="UTC")
    find_news(at=NOW)
    follow_as_member(factories.make_user("ann", email="ann@example.com"), film, market, language="en", at=NOW + HOUR)

    assert tell_news(at=NOW + HOUR) == 1
    assert Letter.objects.get().to == "wei@example.com"


def test_a_killed_telling_goes_on_where_it_was(film: Film, market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fans.follows.PAGE", 2)
    for number in range(5):
        user = factories.make_user(f"fan-{number}", email=f"fan{number}@example.com")
        follow_as_member(user, film, market, language="en", at=NOW)
    opens(film, NOW.date(), zone="UTC")
    find_news(at=NOW)
    write, written = follows.write_letter, []

    def dies_at_the_fourth(*args: object, **said: object) -> None:
        if len(written) == 3:
            raise SystemExit
        written.append(said)
        write(*args, **said)  # type: ignore[arg-type]

    monkeypatch.setattr(follows, "write_letter", dies_at_the_fourth)
    with pytest.raises(SystemExit):
        tell_news(at=NOW)
    monkeypatch.setattr(follows, "write_letter", write)
    assert tell_news(at=NOW) == 3

    assert sorted(Letter.objects.values_list("to", flat=True)) == [f"fan{number}@example.com" for number in range(5)]


def test_stopping_leaves_nothing(film: Film, market: Market, fan: User) -> None:
    follow_as_member(fan, film, market, language="en", at=NOW)
    opens(film, NOW.date(), zone="UTC")
    find_news(at=NOW)
    tell_news(at=NOW)
    stop_following(link_in(Letter.objects.get(), "stop"))

    assert (Follow.objects.count(), Letter.objects.count()) == (0, 0)


def test_the_mail_programs_own_button_ends_it(film: Film, market: Market, fan: User) -> None:
    follow_as_member(fan, film, market, language="en", at=NOW)
    opens(film, NOW.date(), zone="UTC")
    find_news(at=NOW)
    tell_news(at=NOW)
    send_letters(at=NOW)
    [message] = mail.outbox

    assert message.subject == "The Ferryman opens today"
    headers = message.extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["List-Unsubscribe"].strip("<>") in message.body
