"""Short ways through approvals for tests: people, evidence, and versions as far as a test needs them."""

import io
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.contrib.auth.models import Permission
from PIL import Image

from accounts.models import User
from licensing.approvals import drafts, evidence, reviewing, versions
from licensing.approvals.tracks import STAGES, Stage, Track
from licensing.models import ArticleVersion, Licence, Round, RoundFile, Submission
from merchants.models import Member
from tests.factories import NOW, make_film, make_licence, make_merchant, make_user

SPEC = {
    "description": "A mug",
    "art": "Lamp and ferry, style guide p. 12",
    "material": "Stoneware",
    "size": "9 cm",
    "colours": "Ink and amber",
    "pack": "Folding box",
}


@cache
def picture(number: int = 0, size: tuple[int, int] = (300, 200)) -> bytes:
    into = io.BytesIO()
    Image.new("RGB", size, (number * 37 % 256, number * 11 % 256, 90)).save(into, "PNG")
    return into.getvalue()


def pdf(number: int = 0) -> bytes:
    return b"%%PDF-1.4\n%% page %d" % number


def staff(name: str, *codes: str) -> User:
    user = make_user(name, is_superuser=False, email=f"{name}@studio.example")
    user.user_permissions.set(Permission.objects.filter(codename__in=codes))
    return User.objects.get(pk=user.pk)


def member(licence: Licence, name: str = "licensee", role: str = "owner") -> User:
    user = make_user(name, is_superuser=False, is_staff=False, email=f"{name}@merchant.example")
    Member.objects.create(merchant=licence.merchant, user=user, role=role)
    return user


def reviewer(name: str = "reviewer") -> User:
    return staff(name, "review_round", "view_round")


def approver(name: str = "approver") -> User:
    return staff(name, "approve_round", "view_round")


def licence(**overrides: Any) -> Licence:
    defaults = {"needs_approval": True, "legal_line_en": "© 2016 the owners", "legal_line_zh": "© 2016 权利人"}
    return make_licence(make_film(), make_merchant(), **defaults | overrides)


def track_of(version: ArticleVersion, track: str) -> Submission:
    return version.submissions.get(track=track)


def filled(draft: Round, by: User, *, seed: int = 0, **overrides: Any) -> Round:
    """The draft with everything its stage needs. `seed` makes its files others than those of another round."""
    needs = evidence.needs_of(draft.submission.track, draft.stage)
    given = {"spec": SPEC, "texts": {"title_en": "Ferry mug"}, "factory": "Jingdezhen No. 3"} | overrides
    drafts.edit_draft(draft, by=by, **given)
    for kind, least in needs.files.items():
        for number in range(least):
            is_picture = kind in evidence.PICTURES or kind in (RoundFile.Kind.ARTWORK, RoundFile.Kind.PACK_ARTWORK)
            content = picture(seed + number) if is_picture else pdf(seed + number)
            drafts.add_file(draft, content, kind=kind, name=f"{kind}-{number}", by=by, at=NOW)
    draft.refresh_from_db()
    return draft


def submitted(submission: Submission, by: User, *, at: datetime = NOW, **overrides: Any) -> Round:
    draft = drafts.start_draft(submission, by=by, at=at)
    for change in drafts.asked_changes(draft):
        drafts.tick_change(change, draft, by=by)
    return drafts.submit(filled(draft, by, **overrides), by=by, at=at)


def in_review(submission: Submission, by: User, decider: User, **overrides: Any) -> Round:
    return reviewing.open_round(submitted(submission, by, **overrides), by=decider, at=NOW)


def approved(submission: Submission, by: User, decider: User, **overrides: Any) -> Round:
    shown = in_review(submission, by, decider, **overrides)
    return reviewing.approve(shown, by=decider, at=overrides.get("at", NOW))


def pass_track(version: ArticleVersion, track: str, by: User, decider: User, **overrides: Any) -> None:
    submission = track_of(version, track)
    stages = STAGES[Track(track)]
    for _stage in stages[stages.index(Stage(submission.stage)) :]:
        approved(submission, by, decider, **overrides)
        submission.refresh_from_db()


def pass_version(
    version: ArticleVersion, by: User, decider: User, tracks: Iterable[str] = Track.values, **overrides: Any
) -> ArticleVersion:
    for track in tracks:
        if track_of(version, track).final_at is None:
            pass_track(version, track, by, decider, **overrides)
    version.refresh_from_db()
    return version


def first_version(the_licence: Licence, by: User, sku: str = "MUG-1", **arguments: Any) -> ArticleVersion:
    return versions.start_version(the_licence, sku, by=by, at=arguments.pop("at", NOW), **arguments)


def later(days: float) -> datetime:
    return NOW + timedelta(days=days)
