"""Following films: who hears of them, and the letters.

News are rows, found by a task from what is true now; who is to be written to is found in rows as well, so that a lost message costs
minutes and no letter. A page of followers, their letters and how far the telling has come are written in one transaction: whatever
is killed, each follower gets one letter.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Min, Q

from accounts.addresses import is_unconfirmed
from accounts.letters import write_letter
from accounts.models import Letter, User
from campaigns.queries.public import public_campaigns
from catalog.models import Market, ShelfSpan
from fans.models import Follow, News
from films.models import Film, Release

#: What began longer ago is no news.
FRESH = timedelta(days=2)
#: Followers who are written to in one transaction.
PAGE = 200
#: An address that nobody confirms is forgotten after this.
KEEP_UNCONFIRMED = timedelta(days=7)
_MOST_CAMPAIGNS = 500
_SALT = "fans.follows"


def follow_as_member(user: User, film: Film, market: Market, *, language: str, at: datetime) -> None:
    """Letters go to the address of the account. Again changes nothing."""
    row = Follow(film=film, market=market, user=user, language=language, created_at=at, confirmed_at=at)
    Follow.objects.bulk_create([row], ignore_conflicts=True)


def unfollow(user: User, public_id: str) -> bool:
    """Whether it was the member's, and is gone."""
    return Follow.objects.filter(user=user, public_id=public_id).delete()[0] > 0


@transaction.atomic
def ask_to_follow(email: str, film: Film, market: Market, *, language: str, at: datetime) -> None:
    """Write to the address that its reader has to confirm. Nobody can tell from outside whether it follows already."""
    email = email.strip().lower()
    row = Follow(film=film, market=market, email=email, language=language, created_at=at)
    Follow.objects.bulk_create([row], ignore_conflicts=True)
    follow = Follow.objects.get(film=film, market=market, email=email)
    if follow.confirmed_at is None:
        said = {"title": film.title_in(language), "confirm": _link(follow, "confirm"), "stop": _link(follow, "stop")}
        write_letter("follow_confirm", to=email, language=language, said=said)


def is_token(token: str) -> bool:
    return _read_token(token) is not None


def confirm_follow(token: str, *, at: datetime) -> bool:
    """Whether the request that the token names is still there; it counts from now on. Twice is harmless."""
    found = Follow.objects.filter(public_id=_read_token(token))
    found.filter(confirmed_at=None).update(confirmed_at=at)
    return found.exists()


@transaction.atomic
def stop_following(token: str) -> None:
    """Forget the request that the token names, and the letters about it. Twice is harmless."""
    name = _read_token(token)
    if name is not None:
        Follow.objects.filter(public_id=name).delete()
        Letter.objects.filter(about__startswith=f"{name}:").delete()


def prune_follows(*, at: datetime) -> int:
    """Forget addresses that nobody has confirmed; returns how many."""
    return Follow.objects.filter(confirmed_at=None, created_at__lt=at - KEEP_UNCONFIRMED).delete()[0]


def find_news(*, at: datetime) -> int:
    """Write down what followers have to hear of; returns how many news were new. A constant number of queries per market."""
    followed = set(Follow.objects.confirmed().values_list("film", "market").distinct())
    markets = Market.objects.filter(is_public=True, pk__in={market for _film, market in followed})
    found = [
        news
        for market in markets
        for news in (*_campaigns(market, at), *_first_goods(market, at), *_openings(market, at))
        if (news.film_id, market.pk) in followed
    ]
    before = News.objects.count()
    News.objects.bulk_create(found, ignore_conflicts=True)
    return News.objects.count() - before


def tell_news(*, at: datetime) -> int:
    """Write the letters of news that are not told to the end; returns how many were written."""
    told = 0
    for pk in News.objects.filter(done_at=None).order_by("pk").values_list("pk", flat=True):
        while page := _tell_page(pk, at):
            told += page
    return told


@transaction.atomic
def _tell_page(pk: int, at: datetime) -> int:
    """The letters to the next page of followers. None where another worker is at it, or nobody is left."""
    news = News.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk, done_at=None)
    row = news.select_related("film", "market").first()
    if row is None:
        return 0
    follows = Follow.objects.confirmed().filter(
        film=row.film, market=row.market, pk__gt=row.upto, confirmed_at__lte=row.found_at
    )
    page = list(follows.select_related("user").order_by("pk")[:PAGE])
    for follow in page:
        _write(follow, row)
    if page:
        row.upto = page[-1].pk
    else:
        row.done_at = at
    row.save(update_fields=["upto", "done_at"])
    return len(page)


def _write(follow: Follow, news: News) -> None:
    if not follow.address or (follow.user is not None and (not follow.user.is_active or is_unconfirmed(follow.user))):
        return
    said = {
        "title": news.film.title_in(follow.language),
        "address": _place(news.market, follow.language) + news.said["path"],
        "stop": _link(follow, "stop", news.market),
    }
    about = f"{follow.public_id}:{news.pk}"
    write_letter(f"follow_{news.kind}", to=follow.address, language=follow.language, said=said, about=about)


def _campaigns(market: Market, at: datetime) -> Iterator[News]:
    """The studio's campaigns that are live there now, and began lately."""
    page = public_campaigns(at=at, market=market, updated_since=None, after=None, limit=_MOST_CAMPAIGNS)
    for one in page.rows:
        is_new = one.is_live and at - FRESH <= one.revision.starts_at
        if one.film is not None and is_new and one.campaign.merchant_id is None:
            path = f"campaigns/{one.campaign.slug}/"
            yield _news(one.film.pk, market, News.Kind.CAMPAIGN, at, path, one.campaign.public_id)


def _first_goods(market: Market, at: datetime) -> Iterator[News]:
    """Films of which goods can be bought there for the first time."""
    on_sale = ShelfSpan.objects.filter(market=market, kind=ShelfSpan.Kind.ON_SALE, starts_at__lte=at)
    followed = Follow.objects.confirmed().filter(market=market).values("film")
    first = on_sale.filter(film__in=followed).values_list("film", "film__slug").annotate(first=Min("starts_at"))
    known = Film.objects.visible(at=at, countries=market.countries)
    for film, slug, _first in first.filter(first__gte=at - FRESH, film__in=known.values("pk")):
        yield _news(film, market, News.Kind.GOODS, at, f"films/{slug}/")


def _openings(market: Market, at: datetime) -> Iterator[News]:
    """Films that open today in one of its countries."""
    days = Q(opens_on__gte=(at - FRESH).date(), opens_on__lte=(at + timedelta(days=1)).date())
    known = Film.objects.visible(at=at, countries=market.countries)
    releases = Release.objects.filter(days, country__in=market.countries, film__in=known.values("pk"))
    for release in releases.select_related("film"):
        if release.opens_on == at.astimezone(ZoneInfo(release.zone)).date():
            key = f"{release.country} {release.opens_on}"
            yield _news(release.film_id, market, News.Kind.RELEASE, at, f"films/{release.film.slug}/", key)


def _news(film: int, market: Market, kind: str, at: datetime, path: str, key: str = "") -> News:
    return News(film_id=film, market=market, kind=kind, key=key, said={"path": path}, found_at=at)


def _link(follow: Follow, verb: str, market: Market | None = None) -> str:
    token = signing.Signer(salt=_SALT).sign(follow.public_id)
    return f"{_place(market or follow.market, follow.language)}follow/{verb}/{token}/"


def _place(market: Market, language: str) -> str:
    return f"{settings.SITE_URL}/{market.code}/{'zh' if language.startswith('zh') else 'en'}/"


def _read_token(token: str) -> str | None:
    try:
        return signing.Signer(salt=_SALT).unsign(token)
    except signing.BadSignature:
        return None


def own_follows(user: User) -> Any:
    """What a member follows, the latest first. One query."""
    return Follow.objects.filter(user=user).select_related("film", "market")
