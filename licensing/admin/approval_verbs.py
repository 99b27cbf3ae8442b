"""The buttons and forms of approvals. Who may press which is the services' rule; here it is only what is shown."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.admin.base import Verb, VerbForm, plausible_moment
from core.errors import Refused
from licensing.approvals import drafts, finals, reviewing, versions
from licensing.approvals.evidence import SPEC, TEXTS
from licensing.approvals.files import LARGEST
from licensing.approvals.tracks import Change, Stage, Track, next_stage
from licensing.models import ArticleVersion, Certificate, Licence, RequiredChange, Round, RoundFile, Submission

State = Round.State
_LONG = ("description", "art", "description_en", "description_zh")


class SizedFileField(forms.FileField):
    """A file that is not read into memory when it is too large."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if isinstance(file, UploadedFile) and (file.size or 0) > LARGEST:
            raise forms.ValidationError(Refused("evidence_too_large", most=LARGEST >> 20).sentence)
        return file


class DecideForm(VerbForm):
    APPROVE, WITH_CHANGES, REVISE, REJECT = "approve", "approve_with_changes", "require_revision", "reject"
    DECISIONS = (
        (APPROVE, _("Approve")),
        (WITH_CHANGES, _("Approve with changes")),
        (REVISE, _("Send back for revision")),
        (REJECT, _("Reject: the version ends here")),
    )
    decision = forms.ChoiceField(label=_("Decision"), choices=DECISIONS, widget=forms.RadioSelect)
    changes = forms.CharField(
        label=_("Changes"),
        required=False,
        max_length=8_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For an approval with changes: one a line. They are numbered, and the next stage ticks each."),
    )
    reasons = forms.MultipleChoiceField(
        label=_("Reasons"),
        choices=Round.Reason.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("For a revision or a rejection."),
    )
    remark = forms.CharField(
        label=_("Remark"), required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    marked_file = SizedFileField(
        label=_("Marked-up file"), required=False, help_text=_("A picture or PDF that you drew on, up to 20 MB.")
    )

    def __init__(self, *args: Any, row: Round, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        if next_stage(Track(row.submission.track), Stage(row.stage)) is None:
            self.fields["decision"].choices = [pair for pair in self.DECISIONS if pair[0] != self.WITH_CHANGES]
            del self.fields["changes"]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        decision = told.get("decision")
        if decision == self.WITH_CHANGES and not told.get("changes", "").strip():
            self.add_error("changes", _("Write what has to change, one thing a line."))
        if decision == self.APPROVE and told.get("changes", "").strip():
            self.add_error("decision", _("There are changes below: approve with changes, or take them out."))
        if decision in (self.REVISE, self.REJECT) and not told.get("reasons"):
            self.add_error("reasons", Refused("reasons_missing").sentence)
        return told


def decide(
    shown: Round,
    *,
    by: Any,
    at: datetime,
    decision: str,
    reasons: list[str],
    remark: str,
    marked_file: UploadedFile | None,
    changes: str = "",
) -> None:
    marked = reviewing.Marked(marked_file.name or "", marked_file.read()) if marked_file is not None else None
    if decision in (DecideForm.APPROVE, DecideForm.WITH_CHANGES):
        reviewing.approve(shown, by=by, at=at, changes=changes.splitlines(), remark=remark, marked=marked)
    elif decision == DecideForm.REVISE:
        reviewing.require_revision(shown, by=by, at=at, reasons=reasons, remark=remark, marked=marked)
    else:
        reviewing.reject(shown, by=by, at=at, reasons=reasons, remark=remark, marked=marked)


class CommentForm(VerbForm):
    text = forms.CharField(label=_("Comment"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 3}))
    file = forms.ModelChoiceField(RoundFile.objects.none(), label=_("On the picture"), required=False)
    x = forms.IntegerField(label=_("Across, in thousandths"), required=False, min_value=0, max_value=1000)
    y = forms.IntegerField(label=_("Down, in thousandths"), required=False, min_value=0, max_value=1000)
    is_internal = forms.BooleanField(label=_("Internal: the merchant does not see it"), required=False)

    def __init__(self, *args: Any, row: Round, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.fields["file"].queryset = row.files.filter(width__isnull=False)  # type: ignore[attr-defined]


class DraftForm(VerbForm):
    """Everything a round says; prefilled with what it says now."""

    factory = forms.CharField(label=_("Factory"), required=False, max_length=300)
    legal_line_en = forms.CharField(label=_("Legal line in English"), required=False, max_length=300)
    legal_line_zh = forms.CharField(label=_("Legal line in Chinese"), required=False, max_length=300)

    def __init__(self, *args: Any, row: Round, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        texts = TEXTS if row.submission.track == Track.MARKETING else {}
        said = {name: ("spec", label) for name, label in SPEC.items()}
        said |= {name: ("texts", label) for name, label in texts.items()}
        for name, (column, label) in said.items():
            widget = forms.Textarea(attrs={"rows": 3}) if name in _LONG else forms.TextInput()
            self.fields[name] = forms.CharField(label=label, required=False, max_length=20_000, widget=widget)
            self.initial[name] = getattr(row, column).get(name, "")
        self.order_fields([*said, "factory", "legal_line_en", "legal_line_zh"])


def edit(draft: Round, *, by: Any, at: datetime, **told: str) -> None:
    lines = {name: told.pop(name) for name in ("factory", "legal_line_en", "legal_line_zh")}
    spec = {name: text for name, text in told.items() if name in SPEC}
    texts = {name: text for name, text in told.items() if name in TEXTS}
    drafts.edit_draft(draft, by=by, spec=spec, texts=texts, **lines)


class FileForm(VerbForm):
    kind = forms.ChoiceField(label=_("What it is"), choices=RoundFile.Kind.choices)
    file = SizedFileField(label=_("File"), help_text=_("JPEG, PNG, WebP, AVIF, GIF or PDF, up to 20 MB."))


def add_file(draft: Round, *, by: Any, at: datetime, kind: str, file: UploadedFile) -> None:
    drafts.add_file(draft, file.read(), kind=kind, name=file.name or "", by=by, at=at)


class OwnFileForm(VerbForm):
    file = forms.ModelChoiceField(RoundFile.objects.none(), label=_("File"))

    def __init__(self, *args: Any, row: Round, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.fields["file"].queryset = row.files.all()  # type: ignore[attr-defined]


class TickForm(VerbForm):
    change = forms.ModelChoiceField(RequiredChange.objects.none(), label=_("Change"))
    remark = forms.CharField(label=_("How"), required=False, max_length=500)
    is_done = forms.BooleanField(label=_("Done"), required=False, initial=True)

    def __init__(self, *args: Any, row: Round, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.fields["change"].queryset = RequiredChange.objects.filter(  # type: ignore[attr-defined]
            round__submission=row.submission_id
        )


class ChangesForm(VerbForm):
    changes = forms.MultipleChoiceField(
        label=_("What changes"), choices=Change.choices, widget=forms.CheckboxSelectMultiple
    )


class TrackForm(VerbForm):
    submission = forms.ModelChoiceField(Submission.objects.none(), label=pgettext_lazy("of an approval", "Track"))

    def __init__(self, *args: Any, row: ArticleVersion, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.fields["submission"].queryset = row.submissions.filter(final_at=None)  # type: ignore[attr-defined]


class VersionForm(forms.Form):
    licence = forms.ModelChoiceField(
        Licence.objects.filter(state=Licence.State.EXECUTED).select_related("merchant"), label=_("Licence")
    )
    sku = forms.CharField(label=_("Article"), max_length=80, help_text=_("The merchant's code of the product."))
    changes = forms.MultipleChoiceField(
        label=_("What changes"),
        choices=Change.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Of an article that is approved already; a new one is looked at from the beginning."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["licence"].label_from_instance = lambda licence: f"{licence.number}, {licence.merchant}"  # type: ignore[attr-defined]


class RevokeForm(VerbForm):
    reason = forms.CharField(label=_("Reason"), max_length=300)
    effective_at = forms.DateTimeField(
        label=_("From"),
        required=False,
        validators=[plausible_moment],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("On the licence's clock. Blank: from now on."),
    )


def _is_draft(shown: Round, at: datetime) -> bool:
    return shown.state == State.DRAFT


ROUND_VERBS = (
    Verb(
        "open",
        _("Begin to review"),
        _("It is in review."),
        reviewing.open_round,
        lambda shown, at: shown.state == State.SUBMITTED,
        is_main=True,
    ),
    Verb(
        "decide",
        _("Decide"),
        _("The decision stands."),
        decide,
        lambda shown, at: shown.state in reviewing.DECIDABLE,
        form=DecideForm,
        is_in_bar=False,
    ),
    Verb(
        "comment",
        _("Comment"),
        _("The comment is there."),
        lambda shown, *, by, at, text, **told: reviewing.comment(shown, text, by=by, at=at, **told),
        lambda shown, at: shown.state != State.DRAFT,
        form=CommentForm,
        is_in_bar=False,
    ),
    Verb(
        "submit",
        _("Submit"),
        _("It is with the licensor. From now on nothing of it changes."),
        drafts.submit,
        _is_draft,
        consequence=_("What is submitted is frozen, and the licensor's clock runs from this moment."),
        is_main=True,
    ),
    Verb("edit", _("Write"), _("The draft is written."), edit, _is_draft, form=DraftForm),
    Verb("add-file", _("Add a file"), _("The file is there."), add_file, _is_draft, form=FileForm),
    Verb(
        "remove-file",
        _("Remove"),
        _("The file is taken off the draft."),
        lambda draft, *, by, at, file: drafts.remove_file(file, by=by),
        _is_draft,
        form=OwnFileForm,
        is_in_bar=False,
    ),
    Verb(
        "tick",
        _("Tick"),
        _("That is noted in the draft."),
        lambda draft, *, by, at, change, remark, is_done: drafts.tick_change(
            change, draft, by=by, remark=remark, is_done=is_done
        ),
        _is_draft,
        form=TickForm,
        is_in_bar=False,
    ),
    Verb(
        "discard",
        _("Discard draft"),
        _("The draft is gone."),
        lambda draft, *, by, at: drafts.discard_draft(draft, by=by),
        _is_draft,
        consequence=_("What it says and its files go. What was submitted before stays."),
        asks_first=True,
        is_dangerous=True,
    ),
)

VERSION_VERBS = (
    Verb(
        "draft",
        _("Prepare the next round"),
        _("There is a draft."),
        lambda version, *, by, at, submission: drafts.start_draft(submission, by=by, at=at),
        lambda version, at: version.state == ArticleVersion.State.IN_APPROVAL,
        form=TrackForm,
        is_in_bar=False,
    ),
    Verb(
        "change",
        _("Begin a new version"),
        _("There is a new version. This one stays sellable until it is superseded."),
        lambda version, *, by, at, changes: versions.start_version(
            version.licence, version.article.sku, by=by, at=at, changes=changes
        ),
        lambda version, at: version.state == ArticleVersion.State.FINAL_APPROVED,
        consequence=_("It is looked at from the stage that a change touches. Other tracks keep their approval."),
        form=ChangesForm,
    ),
    Verb(
        "withdraw",
        _("Withdraw version"),
        _("The version is withdrawn."),
        versions.withdraw_version,
        lambda version, at: version.state == ArticleVersion.State.IN_APPROVAL,
        consequence=_("Nothing of it is decided any more. Drafts go, what was submitted stays on record."),
        asks_first=True,
        is_dangerous=True,
    ),
)

CERTIFICATE_VERBS = (
    Verb(
        "revoke",
        _("Revoke"),
        _("The approval is revoked."),
        finals.revoke_certificate,
        lambda certificate, at: certificate.revoked_at is None or certificate.revoked_at > at,
        consequence=_("From that moment on the article may not be shown, sold or shipped under this approval."),
        form=RevokeForm,
        is_dangerous=True,
        zone=lambda certificate: Certificate.objects.select_related("licence").get(pk=certificate.pk).licence.time_zone,
    ),
)
