"""The texts that a buyer agrees to. They are templates that whoever runs the shop has to adapt, with a lawyer, and say so."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from merchstore.storefront.answers import answer
from merchstore.storefront.visit import Visit, page

#: Which version of each text is agreed to: kept with the order. Change it with the text.
VERSIONS = {"terms": "2026-11", "withdrawal": "2026-11", "privacy": "2026-11.2"}


@page
def legal(request: HttpRequest, visit: Visit, text: str) -> HttpResponse:
    titles = {"terms": _("Terms of sale"), "withdrawal": _("Right of withdrawal"), "privacy": _("Privacy")}
    if text not in titles:
        raise Http404
    return answer(request, visit, f"legal_{text}", {"title": titles[text], "version": VERSIONS[text]})
