"""A merchant's articles on their way to approval, by program: the same services as the panel's and the desk's."""

from collections.abc import Mapping
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from drf_spectacular.types import OpenApiTypes
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.response import Response

from core.errors import Refused
from core.transactions import inside
from licensing.approvals import drafts, files, reviewing, versions
from licensing.approvals.evidence import SPEC, TEXTS
from licensing.approvals.locks import lock_version
from licensing.approvals.tracks import Track
from licensing.models import ArticleVersion, MarkedFile, Round, RoundFile, Submission
from licensing.queries import submissions as queries
from licensing.queries.licences import licence_named
from licensing.queries.submissions import OwnDraft, VersionPosition
from merchants.models import PartnerKey
from merchstore.api import parameters as named_parameters
from merchstore.api import submission_serializers as serializers
from merchstore.api.answers import OwnReadView, OwnView, named
from merchstore.api.cursors import read_cursor
from merchstore.api.idempotency import answer_once, idempotency_key
from merchstore.api.json_bodies import take_shape
from merchstore.api.problems import Fault, Problem, problem_of
from merchstore.api.schema import documented, documented_change, documented_post
from merchstore.api.serializers import page_of
from merchstore.api.uploads import FORM, read_form
from merchstore.api.writing import OwnObject, done_once, given_in, written_once

Scope = PartnerKey.Scope
_JSON = "application/json"
_TRACK = (("track", "`product`, `packaging` or `marketing`."),)
_FILE = (("file", "The file's id."),)


@documented("List submissions", page_of(serializers.SubmissionSerializer), example="submissions", is_own=True)
@documented_post(
    "Start a submission",
    serializers.SubmissionDetailSerializer,
    request=serializers.NewSubmissionShape,
    example="submission",
    request_examples=((_JSON, "new_submission"),),
    status=201,
)
class Submissions(OwnReadView):
    """Versions of the merchant's articles under its licences, the newest first, each with its tracks. POST begins one.

    The first version begins every track at its first stage. One that follows an approved version names its `changes`, begins
    where they touch, and leaves the old version sellable until it is final.
    """

    http_method_names = ("get", "head", "post")
    scope, write_scope = Scope.SUBMISSIONS_READ, Scope.SUBMISSIONS_WRITE
    parameters = (
        named_parameters.SUBMISSION_LICENCE,
        named_parameters.SUBMISSION_STATE,
        named_parameters.SKU,
        named_parameters.LIMIT,
        named_parameters.CURSOR,
    )

    def get(self, _request: Any) -> Response:
        after = read_cursor("submissions", self.given["cursor"], VersionPosition)
        filters = queries.SubmissionFilters(**{name: self.given[name] for name in ("licence", "state", "sku")})
        page = queries.submissions_page(self.merchant, filters, at=self.at, after=after, limit=self.given["limit"])
        return self.with_link(Response(self.page("submissions", page, serializers.SubmissionSerializer)))

    def post(self, _request: Any) -> HttpResponse:
        return written_once(self, serializers.NewSubmissionShape, self._start)

    def _start(self, given: dict[str, Any]) -> Response:
        licence = licence_named(self.merchant, given["licence"])
        if licence is None:
            detail = "There is no such licence of yours."
            raise Problem("invalid_body", errors=[Fault("/licence", "unknown", detail)])
        made = versions.start_version(
            licence, given["sku"], by=self.merchant, at=self.at, changes=given.get("changes", ())
        )
        return _made(_body(self, made.public_id), made.public_id)


@documented(
    "Get a submission", serializers.SubmissionDetailSerializer, example="submission", is_own=True, by_name="submission"
)
class SubmissionView(OwnReadView):
    """One version with every round of its tracks: what was shown, until when it is decided, what was asked for and said."""

    scope = Scope.SUBMISSIONS_READ

    def get(self, _request: Any, name: str) -> Response:
        return Response(_body(self, named(name)))


@documented_post(
    "Withdraw a submission",
    serializers.SubmissionDetailSerializer,
    request=None,
    example="withdrawn_submission",
    by_name="submission",
)
class Withdraw(OwnView):
    """Take a version back that is not approved yet. Its drafts go, what was submitted stays on record."""

    http_method_names = ("post",)
    scope = Scope.SUBMISSIONS_WRITE

    def post(self, _request: Any, name: str) -> HttpResponse:
        version = _version(self, name)
        return done_once(self, lambda: self._withdraw(version))

    def _withdraw(self, version: ArticleVersion) -> Response:
        versions.withdraw_version(version, by=self.merchant, at=self.at)
        return Response(_body(self, version.public_id))


@documented(
    "Get the draft of a submission",
    serializers.DraftSerializer,
    example="draft",
    is_own=True,
    by_name="submission",
    also_named=_TRACK,
)
@documented_post(
    "Start a draft of a submission",
    serializers.DraftSerializer,
    request=None,
    example="draft",
    status=201,
    by_name="submission",
    also_named=_TRACK,
)
@documented_change(
    "put",
    "Write the draft of a submission",
    serializers.DraftSerializer,
    request=serializers.DraftShape,
    example="draft",
    request_examples=((_JSON, "draft_to_write"),),
    by_name="submission",
    also_named=_TRACK,
)
@documented_change("delete", "Discard the draft of a submission", None, by_name="submission", also_named=_TRACK)
class Draft(OwnObject):
    """The next round of a track, until it is submitted. POST begins it with what the round before said; PUT writes the whole of it,
    what is not named is empty afterwards; DELETE throws it away. Files go their own way."""

    http_method_names = ("get", "head", "post", "put", "delete")
    scope, write_scope = Scope.SUBMISSIONS_READ, Scope.SUBMISSIONS_WRITE

    def find(self, name: str, *, is_locked: bool) -> OwnDraft:
        version = _version(self, name)
        if is_locked:
            lock_version(version)
        return _draft(self, name)

    def body(self, row: OwnDraft) -> Mapping[str, Any]:
        return serializers.DraftSerializer(row).data

    def get(self, _request: Any, name: str, track: str) -> Response:  # type: ignore[override]
        return self.answer_object(self.find(name, is_locked=False))

    def post(self, _request: Any, name: str, track: str) -> HttpResponse:
        submission = _track(self, name)
        return done_once(self, lambda: self._start(name, submission))

    def _start(self, name: str, submission: Submission) -> Response:
        drafts.start_draft(submission, by=self.merchant, at=self.at)
        return self.answer_object(self.find(name, is_locked=False), status=201, location=self.request.path)

    def put(self, _request: Any, name: str, track: str) -> Response:
        given = given_in(self, serializers.DraftShape)
        return self.change(name, lambda row: self._write(row, given))

    def _write(self, row: OwnDraft, given: dict[str, Any]) -> None:
        lines = {field: given.get(field, "") for field in ("legal_line_en", "legal_line_zh", "factory")}
        inside(drafts.edit_draft)(
            row.round,
            by=self.merchant,
            spec=dict.fromkeys(SPEC, "") | dict(given.get("spec", {})),
            texts=dict.fromkeys(TEXTS, "") | dict(given.get("texts", {})),
            **lines,
        )
        self._tick(row, given.get("changes", []))

    def _tick(self, row: OwnDraft, ticks: list[dict[str, Any]]) -> None:
        asked = {change.number: change for change in row.asked}
        said = {tick["number"]: tick for tick in ticks}
        for place, tick in enumerate(ticks):
            if tick["number"] not in asked or said[tick["number"]] is not tick:
                code = "duplicate" if tick["number"] in asked else "unknown"
                detail = "This change is named twice." if code == "duplicate" else "No such change was asked for here."
                raise Problem("invalid_body", errors=[Fault(f"/changes/{place}/number", code, detail)])
        for number, change in asked.items():
            tick = said.get(number, {"is_done": False})
            wanted = (tick["is_done"], tick.get("remark", "") if tick["is_done"] else "")
            if wanted != (change.done_in_id is not None, change.done_remark):
                inside(drafts.tick_change)(change, row.round, by=self.merchant, is_done=wanted[0], remark=wanted[1])

    def delete(self, _request: Any, name: str, track: str) -> Response:
        self.changed(name, lambda row: inside(drafts.discard_draft)(row.round, by=self.merchant))
        return Response(status=204)


@documented_post(
    "Add a file to the draft of a submission",
    serializers.EvidenceSerializer,
    request={FORM: serializers.EvidenceFormSerializer},
    example="evidence",
    status=201,
    by_name="submission",
    also_named=_TRACK,
)
class DraftFiles(OwnView):
    """A piece of evidence, as a form with the parts `file` and `kind`: a picture or a PDF of 20 MB at most, known by its bytes and
    kept as it came. The same bytes as the same kind are one file."""

    http_method_names = ("post",)
    scope = Scope.SUBMISSIONS_WRITE

    def post(self, request: Any, name: str, track: str) -> HttpResponse:
        idempotency_key(request)
        draft = _draft(self, name)
        form = read_form(request, most_bytes=files.LARGEST)
        return answer_once(request, self.merchant, form.digest, lambda: self._add(name, draft, form))

    def _add(self, name: str, draft: OwnDraft, form: Any) -> Response:
        given = take_shape(form.fields, serializers.EvidenceFieldsShape)
        added = drafts.add_file(
            draft.round, form.content, kind=given["kind"], name=form.name, by=self.merchant, at=self.at
        )
        address = reverse("api:submission_file", kwargs={"name": name, "file": added.public_id})
        return Response(serializers.EvidenceSerializer(added).data, status=201, headers={"Location": address})


class _Bytes(BaseRenderer):
    """Whatever a file is; the view gives it out itself."""

    media_type, format = "*/*", "bytes"

    def render(self, data: Any, *_args: Any) -> Any:
        return JSONRenderer().render(data)


@documented(
    "Get a file of a submission",
    OpenApiTypes.BINARY,
    example="",
    is_own=True,
    only_as=tuple(files.TYPES),
    by_name="submission",
    also_named=_FILE,
    failures=(422,),
)
@documented_change("delete", "Delete a file of a submission", None, by_name="submission", also_named=_FILE)
class FileView(OwnObject):
    """The bytes of a piece of evidence, or of what the licensor sent back. DELETE takes it off a draft; what was submitted
    stays."""

    http_method_names = ("get", "head", "delete")
    scope, write_scope = Scope.SUBMISSIONS_READ, Scope.SUBMISSIONS_WRITE
    renderer_classes = (JSONRenderer, _Bytes)

    def find(self, name: str, *, is_locked: bool) -> RoundFile | MarkedFile:
        version = _version(self, name)
        if is_locked:
            lock_version(version)
        return _found(queries.own_file(self.merchant, version.public_id, named(self.kwargs["file"])))

    def body(self, row: RoundFile | MarkedFile) -> Mapping[str, Any]:
        return {"sha256": row.sha256}

    def etag_of(self, body: Mapping[str, Any]) -> str:
        return quote_etag(body["sha256"])

    def get(self, request: Any, name: str, file: str) -> HttpResponseBase:  # type: ignore[override]
        found = self.find(name, is_locked=False)
        etag = self.etag_of(self.body(found))
        if (unchanged := get_conditional_response(request._request, etag=etag)) is not None:
            return unchanged
        answer = FileResponse(
            files.opened(found), content_type=found.content_type, as_attachment=True, filename=found.name
        )
        answer["ETag"] = etag
        return answer

    def delete(self, _request: Any, name: str, file: str) -> Response:
        self.changed(name, self._remove)
        return Response(status=204)

    def _remove(self, found: RoundFile | MarkedFile) -> None:
        if isinstance(found, MarkedFile):
            raise Refused("frozen")
        inside(drafts.remove_file)(found, by=self.merchant)


@documented_post(
    "Submit the draft of a submission",
    serializers.SubmissionDetailSerializer,
    request=None,
    example="submission",
    by_name="submission",
    also_named=_TRACK,
)
class Submit(OwnView):
    """Hand the draft in: it is frozen, and the licensor's clock runs. Where something is missing, the 422 lists it in `missing`;
    changes that are not ticked or not declared stand in `changes`."""

    http_method_names = ("post",)
    scope = Scope.SUBMISSIONS_WRITE

    def post(self, _request: Any, name: str, track: str) -> HttpResponse:
        draft = _draft(self, name)
        return done_once(self, lambda: self._submit(name, draft.round))

    def _submit(self, name: str, draft: Round) -> Response:
        try:
            drafts.submit(draft, by=self.merchant, at=self.at)
        except Refused as refusal:
            listed = {fact: list(refusal.facts[fact]) for fact in ("missing", "changes") if fact in refusal.facts}
            raise problem_of(refusal, **listed) from None
        return Response(_body(self, name))


@documented_post(
    "Comment on a submission",
    serializers.CommentSerializer,
    request=serializers.CommentShape,
    example="submission_comment",
    request_examples=((_JSON, "comment_to_make"),),
    status=201,
    by_name="submission",
)
class Comments(OwnView):
    """Say something about a round that was submitted, at a point of one of its pictures or of the whole. Never changed."""

    http_method_names = ("post",)
    scope = Scope.SUBMISSIONS_WRITE

    def post(self, _request: Any, name: str) -> HttpResponse:
        version = _version(self, name)
        return written_once(self, serializers.CommentShape, lambda given: self._say(version, given))

    def _say(self, version: ArticleVersion, given: dict[str, Any]) -> Response:
        shown = _one_of(Round.objects.filter(submission__version=version), given["round"], "/round")
        file = _one_of(shown.files.all(), given["file"], "/file") if "file" in given else None
        said = reviewing.comment(
            shown, given["text"], by=self.merchant, at=self.at, file=file, x=given.get("x"), y=given.get("y")
        )
        return _made(serializers.CommentSerializer(said).data, version.public_id)


def _version(view: OwnView, name: str) -> ArticleVersion:
    return _found(queries.own_version(view.merchant, named(name)))


def _track(view: OwnView, name: str) -> Submission:
    """The track that the address names. One that is none is not there."""
    track = view.kwargs["track"]
    version = _version(view, name)
    return _found(version.submissions.filter(track=track).first() if track in Track.values else None)


def _draft(view: OwnView, name: str) -> OwnDraft:
    submission = _track(view, name)
    return _found(queries.own_draft(view.merchant, named(name), submission.track))


def _one_of(rows: Any, public_id: str, pointer: str) -> Any:
    found = rows.filter(public_id=public_id).first()
    if found is None:
        raise Problem("invalid_body", errors=[Fault(pointer, "unknown", "There is none of this id here.")])
    return found


def _found(row: Any) -> Any:
    if row is None:
        raise Problem("not_found")
    return row


def _body(view: OwnView, name: str) -> Mapping[str, Any]:
    row = _found(queries.own_submission(view.merchant, name, at=view.at))
    return serializers.SubmissionDetailSerializer(row).data


def _made(body: Mapping[str, Any], version: str) -> Response:
    address = reverse("api:submission", kwargs={"name": version})
    return Response(body, status=201, headers={"Location": address})
