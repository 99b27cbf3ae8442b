"""Following a film: a member by one click, everybody else with an address that its reader confirms.

The film's page is the same for all, so htmx puts this part into it; without a script a link leads to a page that says the same.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.models import User
from fans import follows
from fans.models import Follow
from films.models import Film
from merchstore.limits import is_too_often, who_asks
from merchstore.storefront.account import account_page, framed
from merchstore.storefront.alerts import HOUR, MOST_PER_ADDRESS, MOST_PER_PLACE, TellMeForm, too_often
from merchstore.storefront.answers import answer, see_other
from merchstore.storefront.carrier import member
from merchstore.storefront.stopping import stop_page
from merchstore.storefront.visit import Visit, own_page, private_page


@own_page
def follow(request: HttpRequest, visit: Visit, slug: str) -> HttpResponse:
    film = Film.objects.visible(at=visit.at, countries=visit.market.countries).filter(slug=slug).first()
    if film is None:
        raise Http404
    user, back = member(request), f"{visit.base}films/{slug}/follow/"
    if request.method != "POST":
        return _page(request, visit, film, user, is_sent="sent" in request.GET)
    if user is not None:
        follows.follow_as_member(user, film, visit.market, language=visit.language, at=visit.at)
        return see_other(back)
    return _ask(request, visit, film, back)


def _ask(request: HttpRequest, visit: Visit, film: Film, back: str) -> HttpResponse:
    place = who_asks(request)
    if place and is_too_often("follow", place, most=MOST_PER_PLACE, seconds=HOUR, at=visit.at):
        return too_often(request)
    form = TellMeForm(request.POST)
    if not form.is_valid():
        error = next(iter(form.errors["email"]), "")
        return _page(request, visit, film, None, error=error, email=request.POST.get("email", "")[:254])
    email = form.cleaned_data["email"]
    if is_too_often("follow-to", email.lower(), most=MOST_PER_ADDRESS, seconds=HOUR, at=visit.at):
        return too_often(request)
    follows.ask_to_follow(email, film, visit.market, language=visit.language, at=visit.at)
    return see_other(f"{back}?sent=1")


def _page(
    request: HttpRequest,
    visit: Visit,
    film: Film,
    user: User | None,
    *,
    is_sent: bool = False,
    error: str = "",
    email: str = "",
) -> HttpResponse:
    own = Follow.objects.filter(user=user, film=film, market=visit.market).first() if user is not None else None
    context = {
        "film": film, "is_member": user is not None, "own": own, "is_sent": is_sent, "error": error, "email": email,
    }  # fmt: skip
    response = answer(request, visit, "_follow" if request.htmx else "follow", context)  # type: ignore[attr-defined]
    response.status_code = 422 if error else 200
    return response


@private_page
def confirm(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """The link of the first letter. Looking at it changes nothing, since mail programs look at links too; the button does."""
    if not follows.is_token(token):
        raise Http404
    is_post = request.method == "POST"
    is_there = follows.confirm_follow(token, at=visit.at) if is_post else True
    return answer(request, visit, "follow_confirm", {"is_done": is_post and is_there, "is_gone": not is_there})


stop = stop_page("follow_stop", is_token=follows.is_token, end=follows.stop_following)


@account_page
def own_follows(request: HttpRequest, visit: Visit, user: User) -> HttpResponse:
    """What a member follows, in every market; a form ends one."""
    if request.method == "POST":
        if not follows.unfollow(user, request.POST.get("follow", "").replace("\x00", "")):
            raise Http404
        return see_other(f"{visit.base}account/follows/")
    rows = [
        (one, _("In %(market)s") % {"market": one.market.name_in(visit.language)}) for one in follows.own_follows(user)
    ]
    return framed(request, visit, "follows", "follows", {"rows": rows})
