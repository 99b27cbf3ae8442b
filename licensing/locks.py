"""What a verb on licences locks, and what it leaves for the shelf.

A film's row is the lock of all its licences: whether two of them overlap can only be said while neither changes. The order
is film, licence, article, then rows below them.
"""

from django.utils import timezone

from core.errors import Refused
from core.jobs import enqueue
from films.models import Film
from licensing.models import Licence, LicensedArticle
from merchants.events import emit

State = Licence.State


def lock_film(film: Film) -> None:
    Film.objects.select_for_update(no_key=True).get(pk=film.pk)


def lock_licence(licence: Licence) -> Licence:
    """The film first, then the licence. A draft may have moved to another film in between: then `busy`. What has ended for
    good does not change any more: `wrong_state`."""
    film = Film.objects.get(licences=licence.pk)
    lock_film(film)
    locked = Licence.objects.select_for_update(no_key=True).get(pk=licence.pk)
    if locked.film_id != film.pk:
        raise Refused("busy")
    if locked.state in {State.TERMINATED, State.EXPIRED}:
        raise Refused("wrong_state", state=locked.get_state_display())
    return locked


def lock_article(article: LicensedArticle) -> LicensedArticle:
    return LicensedArticle.objects.select_for_update(no_key=True).get(pk=article.pk)


def facts_changed(row: Licence | LicensedArticle) -> None:
    """Moves `updated_at`, by which the shelf finds what it has to compile again, and hurries it along."""
    row.save()
    # A draft is the studio's own paper.
    if isinstance(row, Licence) and row.state != State.DRAFT:
        emit(row.merchant_id, "licence.changed", row, at=timezone.now(), number=row.number, state=str(row.state))
    enqueue("catalog.catch_up_shelf")
