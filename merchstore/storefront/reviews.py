"""Reviews: below a product, where everybody reads them, and in the account, where they are written.

The product's page is kept for everybody until the shelf turns; reviews are put into it by htmx when they come into view, so that
what the studio shows or hides is so at once. Without a script a link leads to a page that says the same.
"""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from catalog.models import Product
from catalog.queries.cards import on_shelf
from core.errors import Refused
from fans.models import Review
from fans.queries import PAGE, has_received, rating_of, shown_reviews, to_review
from fans.reviews import take_back, write_review
from merchstore.limits import is_too_often
from merchstore.storefront.account import account_page, framed
from merchstore.storefront.answers import answer, see_other
from merchstore.storefront.visit import Visit, private_page

#: Reviews of one person within an hour.
MOST, HOUR = 20, 3600
STARS = (5, 4, 3, 2, 1)


class ReviewForm(forms.Form):
    stars = forms.TypedChoiceField(
        choices=[(str(number), number) for number in STARS],
        coerce=int,
        error_messages={
            "required": gettext_lazy("Choose one to five stars."),
            "invalid_choice": gettext_lazy("Choose one to five stars."),
        },
    )
    title = forms.CharField(
        max_length=120,
        error_messages={
            "required": gettext_lazy("Say it in a few words."),
            "max_length": gettext_lazy("This is longer than 120 letters."),
        },
    )
    text = forms.CharField(
        max_length=4000,
        required=False,
        error_messages={"max_length": gettext_lazy("This is longer than 4,000 letters.")},
    )
    name = forms.CharField(
        max_length=40,
        required=False,
        error_messages={"max_length": gettext_lazy("This is longer than 40 letters.")},
    )


@private_page
def reviews(request: HttpRequest, visit: Visit, slug: str) -> HttpResponse:
    """What buyers say of it: as a page, or for htmx the part that stands below the product."""
    product = _on_shelf(slug, visit)
    if product is None:
        raise Http404
    before = request.GET.get("before", "")
    found = shown_reviews(
        product, before=int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
    )
    rating = rating_of(product)
    context: dict[str, Any] = {
        "product": product,
        "title": product.title_in(visit.language),
        "reviews": found[:PAGE],
        "next": found[PAGE - 1].pk if len(found) > PAGE else "",
        "rating": rating,
        "shares": [(stars, rating.counts.get(stars, 0)) for stars in STARS],
    }
    return answer(request, visit, "_reviews" if request.htmx else "reviews", context)  # type: ignore[attr-defined]


@account_page
def own_reviews(request: HttpRequest, visit: Visit, user: User) -> HttpResponse:
    """What they have said, and what they could say something of. Two queries."""
    written = user.reviews.select_related("product").order_by("-pk")[:100]
    context = {
        "written": [(one, one.product.title_in(visit.language)) for one in written],
        "open": [(one, one.title_in(visit.language)) for one in to_review(user)],
    }
    return framed(request, visit, "reviews", "reviews", context)


@account_page
def own_review(request: HttpRequest, visit: Visit, user: User, slug: str) -> HttpResponse:
    """The form for one's review of a product. Who never received it is told so, if it is there to be seen at all."""
    product = Product.objects.filter(slug=slug).first()
    if product is None or not has_received(user, product):
        if _on_shelf(slug, visit) is None:
            raise Http404
        refusal = Refused("not_received").sentence
        return framed(request, visit, "reviews", "review_refused", {"refusal": refusal, "slug": slug}, status=403)
    written = Review.objects.filter(user=user, product=product).first()
    if request.method != "POST":
        first = (
            {"stars": str(written.stars), "title": written.title, "text": written.text, "name": written.name}
            if written
            else {}
        )
        return _form(request, visit, product, written, ReviewForm(initial=first))
    if "remove" in request.POST:
        if written is not None:
            take_back(written)
        return see_other(f"{visit.base}account/reviews/")
    form = ReviewForm(request.POST)
    if not form.is_valid():
        return _form(request, visit, product, written, form, status=422)
    if is_too_often("review", user.public_id, most=MOST, seconds=HOUR, at=visit.at):
        return _form(
            request, visit, product, written, form, status=429, problem=_("That was too often. Try again later.")
        )
    write_review(user, product, language=visit.tag, at=visit.at, **form.cleaned_data)
    return see_other(f"{visit.base}account/reviews/")


def _form(
    request: HttpRequest,
    visit: Visit,
    product: Product,
    written: Review | None,
    form: ReviewForm,
    *,
    status: int = 200,
    problem: str = "",
) -> HttpResponse:
    values = {name: form[name].value() or "" for name in form.fields}
    context = {
        "product": product,
        "product_title": product.title_in(visit.language),
        "written": written,
        "stars": [(number, str(number) == values["stars"]) for number in STARS],
        "values": values,
        "errors": {name: " ".join(map(str, wrong)) for name, wrong in form.errors.items()},
        "problem": problem,
    }
    return framed(request, visit, "reviews", "review", context, status=status)


def _on_shelf(slug: str, visit: Visit) -> Product | None:
    """What everybody may see now."""
    seen = on_shelf(visit.market.pk, visit.at).filter(product__slug=slug)
    return Product.objects.filter(pk__in=seen.values("product")).first()
