"""What the pages of approvals say at the desk: the shared pages with the desk's addresses and forms, and the queue."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from films.models import Film
from licensing.admin.approval_verbs import CommentForm, DecideForm
from licensing.approvals import pages, people, queries, reviewing
from licensing.approvals.pages import Reader, due_words, round_label, zone_name
from licensing.approvals.tracks import Track
from licensing.models import ArticleVersion, Certificate, Round
from licensing.models.approvals import StoredFile
from merchants.models import Merchant

State = Round.State


def reader_of(user: User) -> Reader:
    """What `user` may see, and where the desk shows it."""
    return Reader(
        versions=queries.versions_seen_by(user),
        rounds=queries.rounds_seen_by(user),
        comments=queries.comments_seen_by(user),
        round_url=round_url,
        version_url=version_url,
        file_url=file_url,
    )


def round_url(shown: Round) -> str:
    return reverse("admin:licensing_round_change", args=[shown.pk])


def version_url(version: ArticleVersion) -> str:
    return reverse("admin:licensing_articleversion_change", args=[version.pk])


def verb_url(row: Any, code: str) -> str:
    return reverse(f"admin:licensing_{row._meta.model_name}_verb", args=[row.pk, code])


def file_url(file: StoredFile, shown: Round) -> str:
    return reverse("admin:licensing_round_file", args=[shown.pk, file.public_id])


# -- the queue ---------------------------------------------------------------------------------------


def queue_filters(user: User, chosen: dict[str, str]) -> list[dict[str, Any]]:
    """What the queue can be narrowed to: what is in it."""
    waiting = queries.review_queue(user).order_by()
    merchants = Merchant.objects.filter(pk__in=waiting.values("submission__version__article__merchant")).order_by(
        "name"
    )
    films = Film.objects.filter(pk__in=waiting.values("submission__version__licence__film")).order_by("title_en")
    return [
        _filter("track", _("Track"), Track.choices, chosen),
        _filter("merchant", _("Merchant"), [(row.pk, str(row)) for row in merchants], chosen),
        _filter("film", _("Film"), [(row.pk, str(row)) for row in films], chosen),
    ]


def _filter(name: str, label: str, choices: Iterable[tuple[Any, Any]], chosen: dict[str, str]) -> dict[str, Any]:
    options = [{"value": value, "label": text, "is_chosen": str(value) == chosen[name]} for value, text in choices]
    return {"name": name, "label": label, "options": options}


def queue_rows(rounds: Iterable[Round], *, at: datetime) -> list[dict[str, Any]]:
    rows = []
    for waiting in queries.with_time_left(rounds, at=at):
        shown, version = waiting.round, waiting.round.submission.version
        rows.append(
            {
                "url": round_url(shown),
                "article": version.article.sku,
                "merchant": version.article.merchant.name_in(get_language() or "en"),
                "film": str(version.licence.film),
                "what": round_label(shown),
                "version": version.number,
                "state": shown.get_state_display(),
                "left": waiting.left,
                "due": due_words(shown, version.licence),
                "zone": zone_name(version.licence),
            }
        )
    return rows


# -- a row's page --------------------------------------------------------------------------------------


def round_page(shown: Round, *, user: User, at: datetime) -> dict[str, Any]:
    return pages.round_page(shown, reader_of(user), at=at) | _actions(shown, user)


def version_page(version: ArticleVersion, *, user: User) -> dict[str, Any]:
    told = pages.version_page(version, reader_of(user), may_act=people.may_act_for_merchants(user))
    return told | {"draft_url": verb_url(version, "draft")}


def certificate_page(certificate: Certificate, *, user: User) -> dict[str, Any]:
    return pages.certificate_page(certificate, reader_of(user))


def _actions(shown: Round, user: User) -> dict[str, Any]:
    """The forms that this person may fill in, in this state."""
    may_comment = shown.state != State.DRAFT and (people.may_review(user) or people.may_act_for_merchants(user))
    decide = comment = None
    if shown.state in reviewing.DECIDABLE and people.may_review(user):
        decide = DecideForm(row=shown)
        if not people.may_approve(user):
            decide.fields["decision"].choices = [
                pair for pair in decide.fields["decision"].choices if pair[0] == DecideForm.REVISE
            ]
            decide.fields.pop("changes", None)
    if may_comment:
        comment = CommentForm(row=shown)
        if not people.may_review(user):
            del comment.fields["is_internal"]
    return {
        "decide_form": decide,
        "decide_url": verb_url(shown, "decide"),
        "comment_form": comment,
        "comment_url": verb_url(shown, "comment"),
        "tick_url": verb_url(shown, "tick"),
        "remove_file_url": verb_url(shown, "remove-file"),
    }
