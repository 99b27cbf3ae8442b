"""What was submitted, looked at and approved.

An article's version is shown on three tracks; a submission is one of them, and each of its stages holds rounds v1, v2, …
until one is approved. A round that was submitted is frozen: neither it nor its files change again (migration 0003 has the
database refuse it, too).
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from core.ids import public_id_field
from core.media import private_storage
from licensing.approvals.tracks import Stage, Track
from licensing.models.articles import LicensedArticle
from licensing.models.licences import Licence


class ArticleVersion(models.Model):
    """One state of an article under one licence, on its way to a certificate."""

    class State(models.TextChoices):
        IN_APPROVAL = "in_approval", _("In approval")
        FINAL_APPROVED = "final_approved", _("Finally approved")
        SUPERSEDED = "superseded", _("Superseded")
        REVOKED = "revoked", _("Revoked")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    public_id = public_id_field("ver")
    article = models.ForeignKey(LicensedArticle, on_delete=models.PROTECT, related_name="versions")
    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="article_versions")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=20, choices=State, default=State.IN_APPROVAL)
    #: What is different from the version before; empty for the first, which is looked at from the beginning.
    changes = models.JSONField(default=list)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["article", "licence", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["article", "licence", "number"], name="licensing_version_once"),
            models.UniqueConstraint(
                fields=["article", "licence"],
                condition=models.Q(state="in_approval"),
                name="licensing_version_one_in_approval",
            ),
            models.UniqueConstraint(
                fields=["article", "licence"],
                condition=models.Q(state="final_approved"),
                name="licensing_version_one_approved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.article} v{self.number}"


class Submission(models.Model):
    """One track of a version: from which stage it is looked at, at which it is, and whether it is final."""

    public_id = public_id_field("sub")
    version = models.ForeignKey(ArticleVersion, on_delete=models.PROTECT, related_name="submissions")
    track = models.CharField(max_length=10, choices=Track)
    #: The first stage of this version. What lies before it was approved with the version before.
    begins_at = models.CharField(max_length=20, choices=Stage)
    stage = models.CharField(max_length=20, choices=Stage)
    #: The submission whose approval still holds, where no change touched the track.
    carried_from = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="carried_to")
    final_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["version", "id"]
        constraints = [models.UniqueConstraint(fields=["version", "track"], name="licensing_submission_track_once")]

    def __str__(self) -> str:
        return f"{self.version}: {self.get_track_display()}"


class Round(models.Model):
    """What was shown at one stage, the n-th time. All but the decision is frozen on submit."""

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("state of a submission", "Draft")
        SUBMITTED = "submitted", _("Submitted")
        IN_REVIEW = "in_review", _("In review")
        APPROVED = "approved", pgettext_lazy("state of a submission", "Approved")
        APPROVED_WITH_CHANGES = "approved_with_changes", _("Approved with changes")
        REVISION_REQUIRED = "revision_required", _("Revision required")
        REJECTED = "rejected", _("Rejected")
        DEEMED_DISAPPROVED = "deemed_disapproved", _("Deemed disapproved")
        DEEMED_APPROVED = "deemed_approved", _("Deemed approved")
        ESCALATED = "escalated", _("Escalated")

    class Reason(models.TextChoices):
        """Why a round was not approved."""

        STYLE_GUIDE = "style_guide", _("Not in the style guide")
        LIKENESS = "likeness", _("An actor's likeness that is not granted")
        COLOUR = "colour", _("Colour")
        LEGAL_LINE = "legal_line", _("Legal line wrong or missing")
        TRADEMARK = "trademark", _("Title or mark used wrongly")
        QUALITY = "quality", _("Quality of make")
        SAFETY = "safety", _("Safety")
        TEXT = "text", _("Text wrong")
        CATEGORY = "category", _("Not a licensed category")
        EVIDENCE = "evidence", _("The evidence does not show enough")
        OTHER = "other", _("Another reason, said below")

    public_id = public_id_field("rnd")
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="rounds")
    stage = models.CharField(max_length=20, choices=Stage)
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=25, choices=State, default=State.DRAFT)

    #: By the names of licensing.approvals.evidence.SPEC.
    spec = models.JSONField(default=dict)
    #: The texts of the article's page, by the names of licensing.approvals.evidence.TEXTS.
    texts = models.JSONField(default=dict)
    legal_line_en = models.CharField(max_length=300, blank=True)
    legal_line_zh = models.CharField(max_length=300, blank=True)
    factory = models.CharField(max_length=300, blank=True)
    digest = models.CharField(max_length=64, blank=True, editable=False)

    #: Nobody: a program of the merchant did. The same goes for who submitted it and who commented.
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="drafted_rounds")
    created_at = models.DateTimeField()
    submitted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="submitted_rounds"
    )
    submitted_at = models.DateTimeField(null=True, blank=True)
    #: What the licence said when it was received: an amendment moves no clock that runs.
    silence_rule = models.CharField(max_length=20, choices=Licence.SilenceRule, blank=True)
    half_at = models.DateTimeField(null=True, blank=True)
    late_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)

    opened_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="opened_rounds")
    opened_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="decided_rounds")
    decided_at = models.DateTimeField(null=True, blank=True)
    reasons = models.JSONField(default=list)
    remark = models.CharField(max_length=2000, blank=True)

    class Meta:
        ordering = ["submission", "id"]
        permissions = [
            ("submit_round", "May act for a merchant in approvals"),
            ("review_round", "May review submissions"),
            ("approve_round", "May approve and reject submissions, and revoke certificates"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["submission", "stage", "number"], name="licensing_round_once"),
            models.CheckConstraint(
                condition=models.Q(state="draft", submitted_at__isnull=True)
                | (~models.Q(state="draft") & models.Q(submitted_at__isnull=False, due_at__isnull=False)),
                name="licensing_round_submitted_or_draft",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                condition=models.Q(state__in=["submitted", "in_review", "escalated"]),
                name="licensing_round_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.submission}, {self.get_stage_display()} v{self.number}"


class StoredFile(models.Model):
    """A file as it came, known by its bytes: never re-encoded, since it is evidence."""

    public_id = public_id_field("fil")
    file = models.FileField(storage=private_storage, max_length=200)
    name = models.CharField(max_length=160)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    content_type = models.CharField(max_length=40)
    #: Of a picture that a page may show; none for what is only downloaded.
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def is_picture(self) -> bool:
        return self.width is not None


class RoundFile(StoredFile):
    """A piece of evidence of a round."""

    class Kind(models.TextChoices):
        ARTWORK = "artwork", _("Artwork")
        DRAWING = "drawing", _("Technical drawing")
        SAMPLE = "sample", _("Photograph of the sample")
        TEST_REPORT = "test_report", _("Test report")
        FACTORY_AUDIT = "factory_audit", _("Factory audit")
        PACK_ARTWORK = "pack_artwork", _("Artwork of the pack")
        PACK_PROOF = "pack_proof", _("Proof of the pack")
        PACK_PHOTO = "pack_photo", _("Photograph of the pack")
        PAGE_PICTURE = "page_picture", _("Picture of the page")
        OTHER = "other", pgettext_lazy("kind of a file", "Other")

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="files")
    kind = models.CharField(max_length=20, choices=Kind)
    #: Of a picture of the page: what the catalogue knows it by (licensing.assets.digest_of_picture).
    page_digest = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        ordering = ["round", "id"]
        constraints = [models.UniqueConstraint(fields=["round", "kind", "sha256"], name="licensing_round_file_once")]


class MarkedFile(StoredFile):
    """A file that the licensor drew on and sent back with a decision."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="marked_files")
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="marked_files")

    class Meta:
        ordering = ["round", "id"]


class RequiredChange(models.Model):
    """One numbered change that an approval depends on; the next stage says of each that it is done."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="required_changes")
    number = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=1000)
    done_in = models.ForeignKey(Round, null=True, blank=True, on_delete=models.PROTECT, related_name="done_changes")
    done_remark = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["round", "number"]
        constraints = [models.UniqueConstraint(fields=["round", "number"], name="licensing_change_number_once")]

    def __str__(self) -> str:
        return f"{self.round}, {self.number}"


class Comment(models.Model):
    """Something said about a round, at a point of one of its pictures or of the whole. Never changed."""

    public_id = public_id_field("cmt")
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="comments")
    number = models.PositiveSmallIntegerField()
    author = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="round_comments")
    is_licensor = models.BooleanField()
    is_internal = models.BooleanField(default=False, help_text=_("Only the licensor's people see it."))
    text = models.CharField(max_length=2000)
    file = models.ForeignKey(RoundFile, null=True, blank=True, on_delete=models.PROTECT, related_name="comments")
    #: Thousandths of the picture's width and height, from its upper left corner.
    x = models.PositiveSmallIntegerField(null=True, blank=True)
    y = models.PositiveSmallIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["round", "number"]
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="licensing_comment_number_once"),
            models.CheckConstraint(
                condition=models.Q(x__isnull=True, y__isnull=True)
                | models.Q(file__isnull=False, x__lte=1000, y__lte=1000),
                name="licensing_comment_pin_on_a_picture",
            ),
            models.CheckConstraint(
                condition=models.Q(is_internal=False) | models.Q(is_licensor=True),
                name="licensing_comment_internal_of_licensor",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round}, {self.number}"


class Reminder(models.Model):
    """A letter about a round whose time is passing: once for each part of it."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="reminders")
    percent = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField()
    #: Whoever writes it takes it first; one that was taken and never sent is tried again.
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "percent"], name="licensing_reminder_once")]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(sent_at__isnull=True), name="licensing_reminder_unsent")
        ]

    def __str__(self) -> str:
        return f"{self.round}: {self.percent}"


class Certificate(models.Model):
    """The final approval of one version of an article, under one licence."""

    public_id = public_id_field("crt")
    article = models.ForeignKey(LicensedArticle, on_delete=models.PROTECT, related_name="certificates")
    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="certificates")
    version = models.PositiveSmallIntegerField()
    issued_at = models.DateTimeField()
    #: The territories and the term as the licence had them, and the rounds that were approved: what the paper says.
    particulars = models.JSONField(default=dict)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoke_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["article", "licence", "version"]
        constraints = [
            models.UniqueConstraint(fields=["article", "licence", "version"], name="licensing_certificate_once")
        ]

    def __str__(self) -> str:
        return f"{self.public_id}: {self.article} v{self.version}"


class ApprovedAsset(models.Model):
    """A picture or text that may stand on the article's page, by its digest (licensing/assets.py)."""

    article = models.ForeignKey(LicensedArticle, on_delete=models.PROTECT, related_name="approved_assets")
    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="approved_assets")
    sha256 = models.CharField(max_length=64)
    approved_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["article", "licence", "sha256"], name="licensing_approved_asset_once")
        ]

    def __str__(self) -> str:
        return f"{self.article}: {self.sha256[:12]}"
