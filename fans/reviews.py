"""Reviews: written by who has received the thing, read by the studio before anybody else, answered by its maker."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import record
from catalog.models import Market, Product
from catalog.shelf_store import turn_epoch
from core.errors import Refused
from fans.models import Review
from fans.models.reviews import ReviewQuerySet
from fans.queries import has_received

State = Review.State


@transaction.atomic(durable=True)
def write_review(
    user: User, product: Product, *, stars: int, title: str, text: str, name: str, language: str, at: datetime
) -> Review:
    """The one review of this person: made, or written anew, and read by the studio before it is shown (again). An answer to
    what was said before goes. Refuses `not_received` where nothing of it was ever sent to them."""
    if not has_received(user, product):
        raise Refused("not_received")
    told = {
        "stars": stars, "title": title, "text": text, "name": name, "language": language, "written_at": at,
        "state": State.WAITING, "decided_at": None, "decided_by": None, "reason": "", "answer": "", "answered_at": None,
    }  # fmt: skip
    was_shown = Review.objects.shown().filter(user=user, product=product).exists()
    review, _is_new = Review.objects.update_or_create(user=user, product=product, defaults=told)
    if was_shown:
        _turn_pages()
    return review


@transaction.atomic(durable=True)
def take_back(review: Review) -> None:
    """Its author's own wish: it is gone."""
    was_shown = Review.objects.shown().filter(pk=review.pk).exists()
    Review.objects.filter(pk=review.pk).delete()
    if was_shown:
        _turn_pages()


def show_review(review: Review, *, by: User, at: datetime, version: str) -> None:
    """From now on everybody reads it. `version` is that of the words that were read."""
    _decide(review, State.SHOWN, by=by, at=at, version=version, reason="")


def hide_review(review: Review, *, by: User, at: datetime, version: str, reason: str) -> None:
    """Nobody reads it (any more); its author is told why, on their own page."""
    _decide(review, State.HIDDEN, by=by, at=at, version=version, reason=reason)


@transaction.atomic(durable=True)
def answer_review(review: Review, *, by: User, at: datetime, answer: str, version: str) -> None:
    """What the maker says to a review that is shown; empty takes it away. Refuses `review_changed` for one that is not, or
    that says something else by now."""
    written = _of_version(review, version).filter(state=State.SHOWN)
    if not written.update(answer=answer, answered_at=at if answer else None):
        raise Refused("review_changed")
    record("review.answered", review, by=by, product=review.product.public_id)


@transaction.atomic(durable=True)
def _decide(review: Review, state: State, *, by: User, at: datetime, version: str, reason: str) -> None:
    undecided = _of_version(review, version).exclude(state=state)
    was_shown = review.state == State.SHOWN
    if not undecided.update(state=state, decided_at=at, decided_by=by, reason=reason):
        raise Refused("review_changed")
    if was_shown or state == State.SHOWN:
        _turn_pages()
    record(f"review.{state}", review, by=by, product=review.product.public_id, **({"reason": reason} if reason else {}))


def _turn_pages() -> None:
    """The stars on the product's page, which is kept for everybody, count what is shown."""
    turn_epoch(Market.objects.order_by("pk"))


def _of_version(review: Review, version: str) -> ReviewQuerySet:
    """The row, if it still says what was read: its author may write it anew at any moment."""
    rows = Review.objects.filter(pk=review.pk, written_at=review.written_at)
    return rows if review.version == version else rows.none()
