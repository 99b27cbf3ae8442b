"""Payouts at the desk: what each merchant is owed and why it is not more, and paying it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_protect

from accounts.admin.base import DeskAdmin
from core.errors import Refused
from core.money import Money
from merchants.models import Merchant
from orders.frozen import frozen_lines
from orders.models import Payout, PayoutLine, SaleFact
from orders.payouts import Due, Held, Payable, make_payout, payable

#: So many lines of each kind are shown; the sums count all.
SHOWN = 200


class PayForm(forms.Form):
    """`expected` is what the page showed: another sum is not paid."""

    reference = forms.CharField(
        label=_("Reference"), max_length=80, help_text=_("Of the bank transfer. The same one pays once.")
    )
    expected = forms.IntegerField(widget=forms.HiddenInput)


@admin.register(Payout)
class PayoutAdmin(DeskAdmin):
    fields = readonly_fields = (
        "public_id", "merchant", "shown_amount", "reference", "made_at", "made_by", "shown_lines",
    )  # fmt: skip
    list_display = ("public_id", "merchant", "shown_amount", "reference", "made_at", "made_by")
    list_select_related = ("merchant", "made_by")
    search_fields = ("public_id", "reference", "merchant__name")
    change_list_template = "admin/orders/payout/change_list.html"

    @admin.display(description=_("Amount"))
    def shown_amount(self, payout: Payout) -> str:
        return _money(payout.amount, payout.currency)

    @admin.display(description=_("Lines"))
    def shown_lines(self, payout: Payout) -> str:
        url = reverse("admin:orders_payoutline_changelist")
        return format_html(
            '<a href="{}?payout__id__exact={}">{}</a>', url, payout.pk, gettext("Sales and returns it paid")
        )

    def get_urls(self) -> list[URLPattern]:
        def own(route: str, view: Any, name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"orders_payout_{name}")

        return [
            own("due/", self.due_list_view, "due_list"),
            own("due/<int:merchant_id>/<str:currency>/", self.due_view, "due"),
            *super().get_urls(),
        ]

    def due_list_view(self, request: HttpRequest) -> HttpResponse:
        """Merchants of whose goods anything is still to be paid out, and how many lines disputes keep from being sent."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        facts = SaleFact.objects.filter(payout_line=None).order_by("line__merchant__name", "line__order__currency")
        rows = facts.values_list("line__merchant", "line__merchant__name", "line__order__currency")
        context = {
            "title": gettext("What merchants are owed"),
            "frozen": frozen_lines(timezone.now()).count(),
            "rows": [
                {"name": name, "currency": currency, "facts": count, "url": _due_url(merchant, currency)}
                for merchant, name, currency, count in rows.annotate(facts=Count("pk"))
            ],
        }
        return TemplateResponse(request, "admin/orders/payout/due_list.html", self._frame(request) | context)

    @method_decorator(csrf_protect)
    def due_view(self, request: HttpRequest, merchant_id: int, currency: str) -> HttpResponse:
        """GET shows what is due and what is held; POST pays it."""
        merchant = Merchant.objects.filter(pk=merchant_id).first()
        if not self.has_view_permission(request):
            raise PermissionDenied
        if merchant is None or len(currency) != 3:
            raise Http404
        if request.method != "POST":
            found = payable(merchant, currency, at=timezone.now())
            return self._due_page(request, found, PayForm(initial={"expected": found.amount}))
        if not self.may_do_verbs(request):
            raise PermissionDenied
        form = PayForm(request.POST)
        if form.is_valid():
            try:
                made = make_payout(merchant, currency, by=request.user, at=timezone.now(), **form.cleaned_data)  # type: ignore[arg-type]
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
            else:
                messages.success(request, gettext("The payout is written down."))
                return HttpResponseRedirect(reverse("admin:orders_payout_change", args=[made.pk]))
        found = payable(merchant, currency, at=timezone.now())
        # The sum as it is now, so that whoever has looked again can pay it.
        form.data = form.data.copy()
        form.data["expected"] = str(found.amount)
        return self._due_page(request, found, form, status=422)

    def _due_page(self, request: HttpRequest, found: Payable, form: PayForm, *, status: int = 200) -> HttpResponse:
        context = {
            "title": found.merchant.name,
            "amount": _money(found.amount, found.currency),
            "held_amount": _money(found.held_amount, found.currency),
            "due": [_due_row(one, found.currency) for one in found.due[:SHOWN]],
            "due_more": max(len(found.due) - SHOWN, 0),
            "held": [_held_row(one, found.currency) for one in found.held[:SHOWN]],
            "held_more": max(len(found.held) - SHOWN, 0),
            "form": form,
            "may_pay": found.amount > 0 and self.may_do_verbs(request),
        }
        return TemplateResponse(
            request, "admin/orders/payout/due.html", self._frame(request) | context, status=status
        )  # fmt: skip

    def _frame(self, request: HttpRequest) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts}


@admin.register(PayoutLine)
class PayoutLineAdmin(DeskAdmin):
    fields = readonly_fields = ("payout", "shown_order", "shown_title", "shown_kind", "shown_pieces", "shown_amount")
    list_display = ("shown_order", "shown_title", "shown_kind", "shown_pieces", "shown_amount", "payout")
    list_select_related = ("payout", "fact__line__order")
    search_fields = ("payout__public_id", "payout__reference", "fact__line__order__number", "fact__line__sku")
    ordering = ("-payout", "pk")

    @admin.display(description=_("Order"))
    def shown_order(self, line: PayoutLine) -> str:
        return line.fact.line.order.number

    @admin.display(description=_("Product"))
    def shown_title(self, line: PayoutLine) -> str:
        return line.fact.line.title_in(get_language() or "en")

    @admin.display(description=_("Kind"))
    def shown_kind(self, line: PayoutLine) -> str:
        return line.fact.get_kind_display()

    @admin.display(description=_("Pieces"))
    def shown_pieces(self, line: PayoutLine) -> int:
        return line.fact.quantity

    @admin.display(description=_("Amount"))
    def shown_amount(self, line: PayoutLine) -> str:
        return _money(line.amount, line.payout.currency)


def _due_url(merchant_id: int, currency: str) -> str:
    return reverse("admin:orders_payout_due", args=[merchant_id, currency])


def _row(fact: SaleFact) -> dict[str, Any]:
    line = fact.line
    return {
        "order": line.order.number, "title": line.title_in(get_language() or "en"), "sku": line.sku,
        "kind": fact.get_kind_display(), "pieces": fact.quantity,
    }  # fmt: skip


def _due_row(one: Due, currency: str) -> dict[str, Any]:
    studio = _money(one.studio_amount, currency) if one.studio_amount else ""
    return _row(one.fact) | {"amount": _money(one.amount, currency), "studio": studio}


def _held_row(one: Held, currency: str) -> dict[str, Any]:
    amount = "–" if one.amount is None else _money(one.amount, currency)
    return _row(one.fact) | {"amount": amount, "reason": one.reason, "until": one.until}


def _money(amount: int, currency: str) -> str:
    return Money(amount, currency).in_locale(get_language() or "en")
