"""What buyers say of a merchant's goods, and what the merchant answers."""

from functools import partial
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from core.errors import Refused
from fans.models import Review
from fans.queries import PAGE, own_reviews
from fans.reviews import answer_review
from merchstore.panel.visit import CATALOGUE, PanelVisit, page, show


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=gettext_lazy("Your answer"), max_length=2_000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Everybody reads it below the review. Empty: none."),
    )  # fmt: skip
    version = forms.CharField(widget=forms.HiddenInput, max_length=20)


@require_safe
@page
def reviews(request: HttpRequest, visit: PanelVisit) -> HttpResponse:
    """Those that everybody reads, the newest first."""
    return _page(request, visit)


@require_POST
@partial(page, roles=CATALOGUE)
def answer(request: HttpRequest, visit: PanelVisit, review: str) -> HttpResponse:
    found = own_reviews(visit.merchant).filter(public_id=review).first()
    if found is None:
        raise Http404
    form = AnswerForm(request.POST, auto_id=f"{review}-%s")
    if form.is_valid():
        try:
            answer_review(found, by=visit.user, at=timezone.now(), **form.cleaned_data)
            return HttpResponseRedirect(f"{visit.address('reviews')}#{review}")
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
    return _page(request, visit, sent=(found, form))


def _page(request: HttpRequest, visit: PanelVisit, sent: tuple[Review, AnswerForm] | None = None) -> HttpResponse:
    """The form that was sent stands first, with what was written."""
    before = request.GET.get("before", "")
    rows = own_reviews(visit.merchant)
    if before.isascii() and before.isdigit() and len(before) < 18:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: PAGE + 1])
    shown = [one for one in found[:PAGE] if sent is None or one.pk != sent[0].pk]
    context: dict[str, Any] = {
        "rows": [*([_row(visit, *sent)] if sent else []), *(_row(visit, one) for one in shown)],
        "next": f"?before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
        "may_answer": visit.may(CATALOGUE),
        "title": _("Reviews"),
        "section": "reviews",
    }
    return show(request, visit, "reviews", context, status=422 if sent else 200)


def _row(visit: PanelVisit, review: Review, form: AnswerForm | None = None) -> dict[str, Any]:
    name = review.public_id
    first = {"answer": review.answer, "version": review.version}
    return {
        "review": review,
        "product": review.product.title_in(visit.language),
        "product_address": visit.address("product", review.product.public_id),
        "address": visit.address("review_answer", name),
        "form": form or AnswerForm(initial=first, auto_id=f"{name}-%s"),
        "is_open": form is not None,
    }
