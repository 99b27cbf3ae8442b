"""What the rights gate's reasons say to a shopper: who or what decides, and nothing internal."""

from django.utils.translation import gettext_lazy as _

from licensing.gate import Reason

_SENTENCES = {
    Reason.TERRITORY_EXCLUDED: _("The rights to sell this piece there belong to someone else."),
    Reason.TERRITORY_NOT_LICENSED: _("The rights to sell this piece there belong to someone else."),
    Reason.TERM_EXPIRED: _("The licence to sell this piece has ended."),
    Reason.SELL_OFF_ENDED: _("The licence to sell this piece has ended."),
    Reason.SELL_OFF_QUANTITY_EXHAUSTED: _("The last pieces have been sold."),
    Reason.TERM_NOT_STARTED: _("The licence to sell this piece has not begun yet."),
    Reason.BEFORE_ON_SALE_DATE: _("It is not on sale yet."),
    Reason.BEFORE_STREET_DATE: _("It is sent from its street date on."),
}
_OTHERWISE = _("It cannot be sold there at the moment.")


#: Reasons of the country that was asked for; any other is told as goods that cannot be had, and no more.
OF_PLACE = frozenset({Reason.TERRITORY_EXCLUDED, Reason.TERRITORY_NOT_LICENSED})


def sentence_of(reason: Reason) -> str:
    """The reason as one sentence in the reader's language."""
    return str(_SENTENCES.get(reason, _OTHERWISE))
