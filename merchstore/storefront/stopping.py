"""The link that ends the letters of a kind, as each of those letters carries it."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse

from merchstore.storefront.answers import answer
from merchstore.storefront.visit import Page, Visit, private_page


def stop_page(template: str, *, is_token: Callable[[str], bool], end: Callable[[str], None]) -> Page:
    """Looking at it changes nothing, since mail programs look at links too; the button does, and so does the one of the mail
    program, which posts here by itself: the token says enough about who may."""

    @private_page
    def stop(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
        if not is_token(token):
            raise Http404
        is_done = request.method == "POST"
        if is_done:
            end(token)
        return answer(request, visit, template, {"is_done": is_done})

    return stop
