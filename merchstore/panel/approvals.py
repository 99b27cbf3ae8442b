"""Approvals in the panel: a merchant's articles on their way to the licensor's certificate. Each page starts from the merchant."""

from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import Refused
from licensing.approvals import drafts, pages, queries, versions
from licensing.approvals.forms import VersionForm
from licensing.approvals.listing import SHOWN, version_list, version_tone
from licensing.models import ArticleVersion, Licence
from licensing.queries.licences import own_licences
from merchstore.panel.visit import CATALOGUE, PanelVisit, page, show

State = ArticleVersion.State
_LABELS = {
    "open": gettext_lazy("In approval"),
    "ours": gettext_lazy("Your turn"),
    "licensor": gettext_lazy("With the licensor"),
    "approved": gettext_lazy("Finally approved"),
    "over": gettext_lazy("Over"),
    "all": gettext_lazy("All"),
}


@require_safe
@page
def approvals(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    shown = request.GET.get("show", "open")
    shown = shown if shown in SHOWN else "open"
    found = version_list(visit.merchant, show=shown, after=request.GET.get("after", "")[:40], at=timezone.now())
    skus = [row["version"].article.sku for row in found["rows"]]
    titles = {row.sku: row.title_in(visit.language) for row in visit.merchant.products.filter(sku__in=skus)}
    for row in found["rows"]:
        row["address"] = visit.address("approval", row["version"].public_id)
        row["title"] = titles.get(row["version"].article.sku, "")
    context = {
        "found": found,
        "shown": shown,
        "filters": [(code, _LABELS[code], f"?show={code}", code == shown) for code in SHOWN],
        "may_act": visit.may(CATALOGUE),
        "new_address": visit.address("new_approval"),
        "title": _("Approvals"),
        "section": "approvals",
    }
    return show(request, visit, "approvals", context)


@require_http_methods(["GET", "HEAD", "POST"])
@partial(page, roles=CATALOGUE)
def new_approval(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    """Begin the approval of an article, or of what is new about one that is approved."""
    licences = own_licences(visit.merchant).filter(state=Licence.State.EXECUTED).select_related("film")
    asked = {name: request.GET.get(name, "")[:80] for name in ("licence", "sku")}
    form, status = VersionForm(licences, request.POST or None, initial=asked), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            told = form.cleaned_data
            try:
                version = versions.start_version(
                    told["licence"], told["sku"], by=visit.user, at=timezone.now(), changes=told["changes"]
                )
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
            else:
                return HttpResponseRedirect(visit.address("approval", version.public_id))
    context = {
        "form": form,
        "skus": list(visit.merchant.products.order_by("sku").values_list("sku", flat=True)[:500]),
        "title": _("Begin an approval"),
        "section": "approvals",
        "back": visit.address("approvals"),
    }
    return show(request, visit, "approval_new", context, status=status)


@require_safe
@page
def approval(request: HttpRequest, visit: PanelVisit, version: str) -> HttpResponse:
    return _version_page(request, visit, version_of(visit, version))


@require_POST
@partial(page, roles=CATALOGUE)
def draft(request: HttpRequest, visit: PanelVisit, version: str) -> HttpResponse:
    """Prepare the next round of a track."""
    found = version_of(visit, version)
    track = found.submissions.filter(track=request.POST.get("track", "")).first()
    if track is None:
        raise Http404
    try:
        begun = drafts.start_draft(track, by=visit.user, at=timezone.now())
    except Refused as refusal:
        return _version_page(request, visit, found, said=refusal.sentence, status=422)
    return HttpResponseRedirect(visit.address("round", begun.public_id))


@require_POST
@partial(page, roles=CATALOGUE)
def withdraw(request: HttpRequest, visit: PanelVisit, version: str) -> HttpResponse:
    found = version_of(visit, version)
    try:
        versions.withdraw_version(found, by=visit.user, at=timezone.now())
    except Refused as refusal:
        return _version_page(request, visit, version_of(visit, version), said=refusal.sentence, status=422)
    return HttpResponseRedirect(visit.address("approval", version))


@require_safe
@page
def certificate(request: HttpRequest, visit: PanelVisit, certificate: str) -> HttpResponse:
    found = queries.certificates_of(visit.merchant).filter(public_id=certificate).first()
    if found is None:
        raise Http404
    told = pages.certificate_page(found, reader_of(visit))
    context = {"title": _("Certificate of approval"), "section": "approvals", "list": visit.address("approvals")}
    return show(request, visit, "approval_certificate", told | context)


def reader_of(visit: PanelVisit) -> pages.Reader:
    """The merchant's side, with the panel's addresses."""
    merchant = visit.merchant
    return pages.Reader(
        versions=queries.versions_of(merchant),
        rounds=queries.rounds_of(merchant),
        comments=queries.comments_of(merchant),
        round_url=lambda shown: visit.address("round", shown.public_id),
        version_url=lambda version: visit.address("approval", version.public_id),
        file_url=lambda file, shown: visit.address("round_file", shown.public_id, file.public_id),
    )


def version_of(visit: PanelVisit, public_id: str) -> ArticleVersion:
    found = queries.versions_of(visit.merchant).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _version_page(
    request: HttpRequest, visit: PanelVisit, version: ArticleVersion, *, said: str = "", status: int = 200
) -> HttpResponse:
    may_act = visit.may(CATALOGUE)
    told = pages.version_page(version, reader_of(visit), may_act=may_act)
    paper, sku = told["certificate"], version.article.sku
    product = visit.merchant.products.filter(sku=sku).first()
    renew = f"{visit.address('new_approval')}?licence={version.licence.public_id}&sku={sku}"
    context: dict[str, Any] = {
        "said": said,
        "tone": version_tone(version),
        "product": product.title_in(visit.language) if product else "",
        "certificate_address": visit.address("approval_certificate", paper.public_id) if paper else "",
        "draft_address": visit.address("approval_draft", version.public_id),
        "withdraw_address": visit.address("approval_withdraw", version.public_id),
        "may_withdraw": may_act and version.state == State.IN_APPROVAL,
        "renew_address": renew if may_act and version.state == State.FINAL_APPROVED else "",
        "list": visit.address("approvals"),
        "title": _("%(article)s, version %(number)s") % {"article": sku, "number": version.number},
        "section": "approvals",
    }
    return show(request, visit, "approval", told | context, status=status)
