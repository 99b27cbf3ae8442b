"""Help: questions as people ask them, each answered in a few sentences that say what the shop does."""

from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from merchstore.storefront.answers import answer
from merchstore.storefront.visit import Visit, page


class Question(NamedTuple):
    """`code` is its anchor, so that it can be linked to and stays what it is in every language."""

    code: str
    words: Any
    answer: Any


class Topic(NamedTuple):
    code: str
    title: Any
    questions: tuple[Question, ...]


TOPICS = (
    Topic("buying", _("Buying"), (
        Question("account", _("Do I need an account?"), _(
            "No. You can buy as a guest with an e-mail address. With an account you see your orders in one place, keep "
            "addresses and wishes, and need not type them again.")),
        Question("held", _("How long are pieces held for me?"), _(
            "From the moment you order until the time to pay is over, which the payment page shows. What lies in a basket is "
            "not held: somebody else may buy it first.")),
        Question("paying", _("How can I pay?"), _(
            "The checkout shows the ways to pay in your market. You are told the whole sum, with delivery and tax, before you "
            "pay, and you pay exactly that.")),
        Question("changed", _("Why has a price changed since I put it into the basket?"), _(
            "A campaign began or ended, or the maker changed the price. The basket says what it was. You pay the price that "
            "the checkout shows.")),
    )),
    Topic("delivery", _("Delivery"), (
        Question("where", _("Why can a piece not be sent to my country?"), _(
            "Every piece is made under a licence of the film's owner, and a licence names the countries in which it may be "
            "sold. The page of a piece says where it can be sent before you put it into the basket.")),
        Question("parcels", _("Why does my order come in several parcels?"), _(
            "Each maker sends its own goods. The basket shows which pieces come together, and when.")),
        Question("where-is-it", _("Where is my order?"), _(
            "Your order's page shows each parcel and its tracking number as soon as it has left. The letters about your order "
            "lead there; without them, find it by number and e-mail address.")),
    )),
    Topic("returns", _("Returns and money back"), (
        Question("cancel", _("Can I cancel an order?"), _(
            "Yes, whatever has not been sent: choose it on your order's page. You get your money back the way you paid.")),
        Question("send-back", _("How do I send something back?"), _(
            "Within 30 days of its arrival: on your order's page, choose the parcel and the pieces, and say why. They go to the "
            "maker that sent them, and you get back what you paid for each as soon as it has arrived.")),
        Question("fault", _("What if something arrives broken?"), _(
            "Announce the return and say so as the reason. The maker sees it, and looks at what comes back.")),
    )),
    Topic("launches", _("Launches and pre-orders"), (
        Question("exact", _("When exactly does a campaign open?"), _(
            "At the instant that its page counts down to, by our clock, in every market at once. You need not reload: the page "
            "turns by itself. You can put the instant into your calendar.")),
        Question("pre-order", _("What is a pre-order?"), _(
            "You order and pay now, and it is sent from the day that stands beside it. Until it is sent, you can cancel it.")),
        Question("struck", _("What does a struck-through price mean?"), _(
            "What the piece cost before. Beside it stands the lowest price of the 30 days before the reduction, and the "
            "percentage is reckoned from that one.")),
        Question("sold-out", _("It is sold out. What now?"), _(
            "Leave your e-mail address on its page. You get one letter on the day it can be had again, and we delete the address "
            "30 days after it.")),
    )),
    Topic("licences", _("Licensed goods"), (
        Question("what", _("What does licensed mean?"), _(
            "The owner of the film has allowed this maker to make goods of this kind, and gets a share of every sale. The "
            "licence's number stands on the page of each piece.")),
        Question("maker", _("Who makes the goods?"), _(
            "Companies that hold a licence, each named on the page of its goods with the country it works in.")),
    )),
    Topic("privacy", _("Your data"), (
        Question("kept", _("What do you know about me?"), _(
            "What an order needs, and what you write into your account. There are no trackers, no advertising and nothing of "
            "others on our pages.")),
        Question("cookies", _("Which cookies are there?"), _(
            "Your basket, the pieces that you looked at last, and your session when you sign in. Nothing follows you elsewhere.")),
        Question("letters", _("How do I stop letters?"), _(
            "Every letter that is not about an order has a link that stops it at once, without signing in.")),
    )),
)  # fmt: skip


@page
def index(request: HttpRequest, visit: Visit) -> HttpResponse:
    return answer(request, visit, "help", {"topics": TOPICS})


@page
def topic(request: HttpRequest, visit: Visit, code: str) -> HttpResponse:
    found = next((one for one in TOPICS if one.code == code), None)
    if found is None:
        raise Http404
    return answer(request, visit, "help_topic", {"topic": found, "topics": TOPICS})
