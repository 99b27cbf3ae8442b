"""A round in the panel: the draft that is written, what was submitted, its files, and what is said about it."""

from functools import partial
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from core.errors import Refused
from licensing.approvals import drafts, pages, queries, reviewing
from licensing.approvals.files import opened
from licensing.approvals.forms import DraftForm, RemarkForm
from licensing.approvals.timeline import timeline_of
from licensing.models import Round
from merchstore.panel.approvals import reader_of
from merchstore.panel.visit import CATALOGUE, PanelVisit, page, show

SUBMIT, REMOVE = "submit", "remove:"


@require_safe
@page
def round_page(request: HttpRequest, visit: PanelVisit, shown: str) -> HttpResponse:
    return _page(request, visit, _round(visit, shown))


@require_POST
@partial(page, roles=CATALOGUE)
def write(request: HttpRequest, visit: PanelVisit, shown: str) -> HttpResponse:
    """Everything a draft says, its files and its ticks in one form; then it is submitted, where that was asked. What is wrong
    with a field is found before anything is written."""
    draft, then = _round(visit, shown), request.POST.get("then", "")
    form = DraftForm(request.POST, request.FILES, row=draft)
    if not form.is_valid():
        return _page(request, visit, draft, form=form, status=422)
    try:
        _write(draft, form, visit, gone=then.removeprefix(REMOVE) if then.startswith(REMOVE) else "")
        if then == SUBMIT:
            drafts.submit(draft, by=visit.user, at=timezone.now())
    except Refused as refusal:
        return _page(request, visit, _round(visit, shown), form=form, said=refusal.sentence, status=422)
    return HttpResponseRedirect(visit.address("round", shown))


@require_POST
@partial(page, roles=CATALOGUE)
def discard(request: HttpRequest, visit: PanelVisit, shown: str) -> HttpResponse:
    draft = _round(visit, shown)
    version = draft.submission.version.public_id
    try:
        drafts.discard_draft(draft, by=visit.user)
    except Refused as refusal:
        return _page(request, visit, draft, said=refusal.sentence, status=422)
    return HttpResponseRedirect(visit.address("approval", version))


@require_POST
@partial(page, roles=CATALOGUE)
def remark(request: HttpRequest, visit: PanelVisit, shown: str) -> HttpResponse:
    """A comment of the merchant's."""
    found = _round(visit, shown)
    form = RemarkForm(request.POST, row=found)
    if not form.is_valid():
        return _page(request, visit, found, remark_form=form, status=422)
    try:
        said = reviewing.comment(found, by=visit.user, at=timezone.now(), **form.cleaned_data)
    except Refused as refusal:
        return _page(request, visit, found, remark_form=form, said=refusal.sentence, status=422)
    return HttpResponseRedirect(f"{visit.address('round', shown)}#comment-{said.number}")


@require_safe
@page
def file(request: HttpRequest, visit: PanelVisit, shown: str, file: str) -> HttpResponseBase:
    """A file's bytes as they were handed in: shown where it is a picture that Pillow knows, else downloaded. The page that a
    browser might make of it may do nothing."""
    named = {"round__public_id": shown, "public_id": file}
    stored = (
        queries.files_of(visit.merchant).filter(**named).first()
        or queries.marked_files_of(visit.merchant).filter(**named).first()
    )
    if stored is None:
        raise Http404
    try:
        content = opened(stored)
    except Refused as refusal:
        return HttpResponse(refusal.sentence, status=409, content_type="text/plain; charset=utf-8")
    answer = FileResponse(
        content, as_attachment=not stored.is_picture, filename=stored.name, content_type=stored.content_type
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _write(draft: Round, form: DraftForm, visit: PanelVisit, *, gone: str) -> None:
    told, at = form.cleaned_data, timezone.now()
    spec = {name: told[name] for name, column in form.said.items() if column == "spec"}
    texts = {name: told[name] for name, column in form.said.items() if column == "texts"}
    lines = {name: told[name] for name in ("factory", "legal_line_en", "legal_line_zh")}
    drafts.edit_draft(draft, by=visit.user, spec=spec, texts=texts, **lines)
    for change in form.asked:
        is_done, words = told[f"done-{change.number}"], told[f"remark-{change.number}"]
        if (is_done, words) != (change.done_in_id == draft.pk, change.done_remark):
            drafts.tick_change(change, draft, by=visit.user, remark=words, is_done=is_done)
    if gone and (stored := draft.files.filter(public_id=gone).first()):
        drafts.remove_file(stored, by=visit.user)
    for kind in form.kinds:
        for given in told[f"files-{kind}"]:
            drafts.add_file(draft, given.read(), kind=kind, name=given.name or "", by=visit.user, at=at)


def _round(visit: PanelVisit, public_id: str) -> Round:
    rounds = queries.rounds_of(visit.merchant).select_related(
        "submission__version__article__merchant", "submission__version__licence__film",
        "created_by", "submitted_by", "opened_by", "decided_by",
    )  # fmt: skip
    found = rounds.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest,
    visit: PanelVisit,
    shown: Round,
    *,
    form: DraftForm | None = None,
    remark_form: RemarkForm | None = None,
    said: str = "",
    status: int = 200,
) -> HttpResponse:
    is_draft, may_act = shown.state == Round.State.DRAFT, visit.may(CATALOGUE)
    told = pages.round_page(shown, reader_of(visit), at=timezone.now())
    for row, stored in zip(told["files"], shown.files.order_by("pk"), strict=True):
        row["then"] = f"{REMOVE}{stored.public_id}"
    if not (is_draft and may_act):
        form = None
    elif form is None:
        form = DraftForm(row=shown)
    context: dict[str, Any] = {
        "said": said,
        "tone": pages.tone_of(shown),
        "may_act": may_act,
        "form": form,
        "remark_form": (remark_form or RemarkForm(row=shown)) if may_act and not is_draft else None,
        "timeline": timeline_of(shown),
        "reasons": [str(Round.Reason(code).label) for code in shown.reasons],
        "addresses": {
            "write": visit.address("round_write", shown.public_id),
            "discard": visit.address("round_discard", shown.public_id),
            "remark": visit.address("round_remark", shown.public_id),
            "list": visit.address("approvals"),
        },
        "title": told["label"],
        "section": "approvals",
    }
    template = "round_draft" if is_draft else "round"
    return show(request, visit, template, told | context, status=status)
