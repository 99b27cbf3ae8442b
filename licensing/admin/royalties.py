"""Royalties at the desk: terms, exchange rates, payments, adjustments and statements. Figures come from the calculation alone."""

import csv
from io import StringIO
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DeskAdmin, ReadOnlyInline
from core.errors import Refused
from licensing.admin.royalty_forms import AgreementField, ServiceForm, at_path, money
from licensing.ledger import fx, payments
from licensing.ledger.account import account_of, agreement_of, full_terms
from licensing.ledger.terms import set_terms
from licensing.models import (
    Adjustment,
    FxRate,
    Journal,
    Posting,
    RoyaltyPayment,
    RoyaltyTerms,
    SaleLine,
)
from licensing.royalties import values
from licensing.royalties.read_agreement import read_agreement

#: A table of rates of twenty currencies for ten years is smaller.
MOST_BYTES = 5_000_000


class TermsForm(ServiceForm):
    terms = AgreementField(
        label=_("Agreement"),
        help_text=_(
            "JSON as docs/royalties.md describes it under “Agreement”. What is left out of id, period, zone and term, "
            "the licence says."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """The calculation's reader, so that whatever is wrong is said at its place."""
        found = super().clean() or {}
        licence = self.instance.licence if self.instance.pk else found.get("licence")
        if not self.instance.pk and licence and RoyaltyTerms.objects.filter(licence=licence).exists():
            self.add_error("licence", Refused("already_done").sentence)
        if licence is not None and "terms" in found:
            account = RoyaltyTerms(licence=licence, terms=found["terms"])
            try:
                read_agreement(full_terms(account))
            except Refused as refusal:
                self.add_error("terms", at_path(refusal))
        return found


@admin.register(RoyaltyTerms)
class RoyaltyTermsAdmin(DeskAdmin):
    is_editable = can_add = True
    form = TermsForm
    fields = ("licence", "terms", "platform_rate", "updated_at")
    list_display = ("licence", "shown_currency", "platform_rate", "updated_at")
    list_select_related = ("licence",)
    search_fields = ("licence__number",)
    autocomplete_fields = ("licence",)

    def get_readonly_fields(self, request: HttpRequest, obj: RoyaltyTerms | None = None) -> Any:
        return ("licence", "updated_at") if obj else ("updated_at",)

    @admin.display(description=_("Currency"))
    def shown_currency(self, account: RoyaltyTerms) -> str:
        return str(account.terms.get("currency", "–"))

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> RoyaltyTerms:
        told = form.cleaned_data
        licence = form.instance.licence if change else told["licence"]
        saved = set_terms(licence, told["terms"], by=request.user, platform_rate=told["platform_rate"])
        return form.became(saved)


class RateForm(ServiceForm):
    """One rate, or a table of them."""

    table = forms.FileField(
        label=_("Table"),
        required=False,
        help_text=_(
            "A CSV file with the columns date, currency and rate, and source and base where they differ from those above. "
            "Instead of a single rate."
        ),
    )
    currency = forms.CharField(label=_("Currency"), max_length=3, required=False)
    on = forms.DateField(label=_("Day"), required=False)
    rate = forms.CharField(label=_("Rate"), max_length=30, required=False)

    class Meta:
        model = FxRate
        fields = ("source", "base", "currency", "on", "rate")

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not self.errors:
            try:
                found["rows"] = list(self._rows(found))
            except Refused as refusal:
                self.add_error(None, at_path(refusal))
        return found

    def _rows(self, found: dict[str, Any]) -> Any:
        common = {"source": found["source"], "base": found["base"]}
        if not found.get("table"):
            on = found.get("on")
            yield fx.read_rate(
                {"currency": found.get("currency"), "date": on and on.isoformat(), "rate": found.get("rate")}, **common
            )
            return
        for line, row in table_rows(found["table"]):
            try:
                yield fx.read_rate(row, **common)
            except Refused as refusal:
                field = refusal.facts.get("path", "")
                refusal.facts["path"] = gettext("line %(line)s, %(field)s") % {"line": line, "field": field}
                raise


def table_rows(file: Any) -> Any:
    """The rows of a CSV file with their lines."""
    if file.size > MOST_BYTES:
        raise Refused("file_too_large", most=MOST_BYTES // 1_000_000)
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("FILE_UNREADABLE", problem="UTF-8") from None
    separator = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.DictReader(StringIO(text), delimiter=separator)
    try:
        reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
        for row in reader:
            yield (
                reader.line_num,
                {name: (value or "").strip() for name, value in row.items() if isinstance(value, str)},
            )
    except csv.Error as problem:
        raise Refused("FILE_UNREADABLE", problem=str(problem)) from None


@admin.register(FxRate)
class FxRateAdmin(DeskAdmin):
    """A rate that is given again for its day replaces the one before; closed statements keep what they used."""

    can_add = True
    form = RateForm
    fields = ("source", "base", "currency", "on", "rate", "table")
    list_display = ("on", "currency", "base", "rate", "source")
    list_filter = ("source", "base", "currency")
    date_hierarchy = None
    ordering = ("-on", "source", "currency")
    sortable_by = ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields[:-1] if obj else self.fields

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> FxRate:
        rows = form.cleaned_data["rows"]
        fx.add_rates(rows, by=request.user)
        last = rows[-1]
        found = FxRate.objects.get(source=last.source, base=last.base, currency=last.currency, on=last.on)
        return form.became(found)


class AmountForm(ServiceForm):
    """An amount in the currency of a licence's agreement, as people write it."""

    amount = forms.CharField(
        label=_("Amount"), max_length=30, help_text=_("In the agreement's currency, like 1234.56.")
    )
    is_signed = False

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("licence") and found.get("amount"):
            try:
                currency = agreement_of(account_of(found["licence"])).currency
                found["amount"] = values.minor(found["amount"], "", currency, is_signed=self.is_signed)
            except Refused as refusal:
                self.add_error("amount", at_path(refusal))
        return found


class AdjustmentForm(AmountForm):
    is_signed = True
    property = forms.CharField(label=_("Property"), required=False, max_length=80)
    category = forms.CharField(label=_("Category"), required=False, max_length=80)
    territory = forms.CharField(label=_("Territory"), required=False, max_length=20)
    channel = forms.CharField(label=_("Channel"), required=False, max_length=20)
    basis = forms.CharField(label=_("Basis"), required=False, max_length=20)


@admin.register(RoyaltyPayment)
class RoyaltyPaymentAdmin(DeskAdmin):
    can_add = True
    form = AmountForm
    list_display = ("paid_on", "licence", "kind", "shown_amount", "reference", "statement")
    list_filter = ("kind",)
    list_select_related = ("licence", "statement__licence")
    search_fields = ("reference", "public_id", "licence__number")
    autocomplete_fields = ("licence",)
    sortable_by = ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("licence", "kind", "amount", "paid_on", "reference")
        return ("public_id", "licence", "statement", "kind", "shown_amount", "paid_on", "reference", "created_by")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj) if obj else ()

    @admin.display(description=_("Amount"))
    def shown_amount(self, payment: RoyaltyPayment) -> str:
        return money(payment.amount, payment.currency)

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> RoyaltyPayment:
        told = dict(form.cleaned_data)
        return form.became(payments.record_payment(told.pop("licence"), by=request.user, **told))


@admin.register(Adjustment)
class AdjustmentAdmin(DeskAdmin):
    can_add = True
    form = AdjustmentForm
    list_display = ("created_at", "licence", "shown_amount", "reason", "statement")
    list_select_related = ("licence", "statement__licence")
    search_fields = ("reason", "public_id", "licence__number")
    autocomplete_fields = ("licence",)
    sortable_by = ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("licence", "amount", "reason", *payments.DIMENSIONS)
        return ("public_id", "licence", "statement", "shown_amount", "reason", "dimensions", "created_by", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj) if obj else ()

    @admin.display(description=_("Amount"))
    def shown_amount(self, adjustment: Adjustment) -> str:
        return money(adjustment.amount, adjustment.currency)

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> Adjustment:
        told = form.cleaned_data
        dimensions = {name: told[name] for name in payments.DIMENSIONS}
        saved = payments.adjust(
            told["licence"], amount=told["amount"], reason=told["reason"], dimensions=dimensions, by=request.user
        )
        return form.became(saved)


@admin.register(SaleLine)
class SaleLineAdmin(DeskAdmin):
    fields = readonly_fields = (
        "public_id", "licence", "statement", "kind", "source", "external_id", "day", "counted_on", "article", "goods",
        "quantity", "shown_amount", "tax_rate", "fx", "of", "said", "recorded_at", "recorded_by",
    )  # fmt: skip
    list_display = ("external_id", "licence", "kind", "day", "article", "quantity", "shown_amount", "statement")
    list_filter = ("kind", "source")
    list_select_related = ("licence", "statement__licence")
    search_fields = ("external_id__exact", "public_id__exact", "licence__number__exact", "of__exact")
    search_help_text = _("An id or a licence's number, written out.")
    sortable_by = ()

    @admin.display(description=_("Amount"))
    def shown_amount(self, line: SaleLine) -> str:
        return line.exact_amount or money(line.amount, line.currency or "USD")


class PostingInline(ReadOnlyInline):
    model = Posting
    fields = readonly_fields = ("account", "shown_amount")

    @admin.display(description=_("Amount"))
    def shown_amount(self, posting: Posting) -> str:
        return money(posting.amount, posting.currency)


@admin.register(Journal)
class JournalAdmin(DeskAdmin):
    fields = readonly_fields = ("public_id", "licence", "kind", "at", "line", "statement", "payment", "adjustment")
    inlines = (PostingInline,)
    list_display = ("at", "licence", "kind", "public_id")
    list_filter = ("kind",)
    list_select_related = ("licence",)
    search_fields = ("public_id__exact", "licence__number__exact")
    sortable_by = ()
