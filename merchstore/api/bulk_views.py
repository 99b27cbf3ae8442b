"""A merchant's files of goods: sent, looked at, brought in, watched and undone. A worker does the work.

The same `start_import` as the command line's, the desk's and the panel's, so a file means the same through each.
"""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import PurePath
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import override
from drf_spectacular.types import OpenApiTypes
from rest_framework.response import Response

from catalog.importing import runs, undo
from catalog.importing.layout import mapping_from
from catalog.importing.reports import report_pieces
from catalog.importing.rows_csv import result_pieces
from catalog.models import ImportRun
from catalog.queries.imports import RunPosition, own_run, runs_page
from core.errors import Refused
from merchants.models import PartnerKey
from merchstore.api import bulk_serializers as serializers
from merchstore.api import parameters as named_parameters
from merchstore.api.answers import OwnReadView, OwnView, named
from merchstore.api.cursors import read_cursor
from merchstore.api.idempotency import answer_once, idempotency_key
from merchstore.api.limits import BULK
from merchstore.api.problems import KINDS, Fault, Problem
from merchstore.api.schema import documented, documented_post
from merchstore.api.serializers import page_of
from merchstore.api.uploads import FORM, RAW_TYPES, Upload, invalid, read_upload

#: Of a file that comes through the API.
MOST_BYTES = 100_000_000
_SCOPE = PartnerKey.Scope.PRODUCTS_WRITE
_REQUEST: dict[str, Any] = dict.fromkeys(RAW_TYPES, OpenApiTypes.BINARY) | {
    "text/csv": OpenApiTypes.STR,
    "application/x-ndjson": OpenApiTypes.STR,
    FORM: serializers.FileFormSerializer,
}


@documented_post(
    "Bring in products",
    serializers.RunSerializer,
    request=_REQUEST,
    example="bulk_run",
    request_examples=(("text/csv", "goods"), ("application/x-ndjson", "goods_by_line")),
    status=202,
)
class BulkProducts(OwnView):
    """A file of goods, of 100 MB at most: the body itself, or the part `file` of a form with a `mapping` beside it.

    The answer comes before the work: ask for the run at `Location`. What is there under the same code is changed, and what the file
    does not say stays as it is; with `mode=patch` nothing new is created. With `dry_run=true` nothing is written, and the result
    says what would be.
    """

    http_method_names = ("post",)
    scope = _SCOPE
    bucket = BULK
    parameters = (
        named_parameters.DRY_RUN,
        named_parameters.MODE,
        named_parameters.FILE_FORMAT,
        named_parameters.FILE_CURRENCY,
        named_parameters.FILE_ENCODING,
        named_parameters.PRESET,
        named_parameters.FILE_NAME,
    )

    def post(self, request: Any) -> HttpResponse:
        idempotency_key(request)
        upload = read_upload(request, most_bytes=MOST_BYTES)
        try:
            return answer_once(request, self.merchant, upload.digest, lambda: self._start(upload))
        finally:
            upload.file.close()

    def _start(self, upload: Upload) -> Response:
        given = self.given
        with override("en"):
            self._check(upload)
            upload.file.name = PurePath(given["file_name"] or upload.file.name or "").name
            options = {name: given[name] or "" for name in ("format", "currency", "encoding", "preset", "mode")}
            run = runs.start_import(
                self.merchant, upload.file, options | {"mapping": upload.mapping}, by=None, is_dry_run=given["dry_run"]
            )
        return _accepted(run)

    def _check(self, upload: Upload) -> None:
        preset = self.given["preset"]
        if preset and upload.mapping is not None:
            raise invalid("/mapping", "invalid", "Name a preset or send a mapping, not both.")
        try:
            if preset:
                runs.preset_of(self.merchant, preset)
        except Refused as refusal:
            raise Problem("invalid_parameters", errors=[Fault("/query/preset", "invalid", refusal.sentence)]) from None
        try:
            if upload.mapping is not None:
                mapping_from(upload.mapping)
        except Refused as refusal:
            raise invalid("/mapping", refusal.code, refusal.sentence) from None


@documented("List bulk runs", page_of(serializers.RunSerializer), example="bulk_runs", is_own=True)
class BulkRuns(OwnReadView):
    """The merchant's files of goods, the newest first, through whichever door they came."""

    scope = _SCOPE
    parameters = (named_parameters.LIMIT, named_parameters.CURSOR)

    def get(self, _request: Any) -> Response:
        after = read_cursor("bulk", self.given["cursor"], RunPosition)
        page = runs_page(self.merchant, after=after, limit=self.given["limit"])
        return self.with_link(Response(self.page("bulk", page, serializers.RunSerializer)))


@documented("Get a bulk run", serializers.RunDetailSerializer, example="bulk_run_detail", is_own=True, by_name="run")
class BulkRun(OwnReadView):
    """How far the file is: ask as often as every two seconds."""

    scope = _SCOPE

    def get(self, _request: Any, name: str) -> Response:
        return Response(serializers.RunDetailSerializer(_run(self, name)).data)


@documented(
    "Get the result of a bulk run",
    OpenApiTypes.OBJECT,
    example="bulk_result",
    is_own=True,
    is_streamed=True,
    also_as=("text/csv",),
    by_name="run",
)
class BulkResult(OwnView):
    """The report: what was read, each refusal and warning with its line, each product that was or would be changed.

    With `format=csv` a table of these in the order of the file: `line`, `outcome` (`created`, `updated`, `refused`, `warning`),
    `code`, `column`, `sku`, `detail`. What is not in it is unchanged.
    """

    http_method_names = ("get", "head")
    scope = _SCOPE
    parameters = (named_parameters.RESULT_FORMAT,)

    def get(self, _request: Any, name: str) -> StreamingHttpResponse:
        run = _run(self, name)
        if self.given["format"] == "csv":
            return StreamingHttpResponse(_in_english(result_pieces(run)), content_type="text/csv; charset=utf-8")
        pieces = report_pieces(run)
        with override("en"):  # the first piece comes when the whole report has been written
            first = next(pieces)
        return StreamingHttpResponse(chain([first], pieces), content_type="application/json")


class _Verb(OwnView):
    """What is done with a run. Refused with 409 where the run is in no state for it."""

    http_method_names = ("post",)
    scope = _SCOPE
    bucket = BULK
    act: Callable[..., ImportRun | None]

    def post(self, request: Any, name: str) -> HttpResponse:
        idempotency_key(request)
        run = _run(self, name)
        return answer_once(request, self.merchant, b"", lambda: self._act(run))

    def _act(self, run: ImportRun) -> Response:
        with override("en"):
            try:
                changed = type(self).act(run, by=None, at=self.at) or run
            except Refused as refusal:
                code = refusal.code if refusal.code in KINDS else "wrong_state"
                raise Problem(code, refusal.sentence) from None
        return _accepted(changed)


def _verb(summary: str) -> Any:
    return documented_post(
        summary,
        serializers.RunSerializer,
        request=None,
        example="bulk_run",
        request_examples=(),
        status=202,
        by_name="run",
    )


@_verb("Bring in a looked-at bulk run")
class BulkBringIn(_Verb):
    """Bring in the file of a dry run, as it was sent: the answer is the run that follows."""

    act = staticmethod(runs.bring_in_dry_run)


@_verb("Go on with a bulk run")
class BulkGoOn(_Verb):
    """Go on with a run that was stopped half-way, behind the last product that was written."""

    act = staticmethod(runs.go_on)


@_verb("Cancel a bulk run")
class BulkCancel(_Verb):
    """Stop a run that waits or is under way. It stops before its next page: what was written stays, and it can be gone on with or
    undone."""

    act = staticmethod(runs.cancel)


@_verb("Undo a bulk run")
class BulkUndo(_Verb):
    """Take back what a run has written. What somebody has changed since stays."""

    act = staticmethod(undo.order_undo)


def _run(view: OwnView, name: str) -> ImportRun:
    run = own_run(view.merchant, named(name))
    if run is None:
        raise Problem("not_found")
    return run


def _in_english(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Each piece is made while it is asked for, between other requests' languages."""
    while True:
        with override("en"):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def _accepted(run: ImportRun) -> Response:
    """202 with the run as it is now, and where it is."""
    found = own_run(run.merchant, run.public_id)
    headers = {"Location": reverse("api:bulk_run", kwargs={"name": run.public_id})}
    return Response(serializers.RunSerializer(found).data, status=202, headers=headers)
