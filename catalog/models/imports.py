"""What was brought in: each run with what became of its rows, so that it can be looked at again and undone."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.goods import Product
from core.ids import public_id_field
from core.media import private_storage
from merchants.models import Merchant


class MappingPreset(models.Model):
    """A merchant's saved answer to what the columns of their file mean."""

    public_id = public_id_field("map")
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="mapping_presets")
    name = models.CharField(max_length=80)
    content = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "name"], name="catalog_mapping_preset_name_once_per_merchant")
        ]

    def __str__(self) -> str:
        return self.name


class ImportRun(models.Model):
    """One file of one merchant, brought in or only looked at (`is_dry_run`)."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        UNDOING = "undoing", _("Being undone")
        REFUSED = "refused", _("The file was refused")
        STOPPED = "stopped", _("Stopped half-way")
        UNDONE = "undone", _("Undone")

    public_id = public_id_field("imp")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="import_runs")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="import_runs"
    )
    file_name = models.CharField(max_length=200)
    upload = models.FileField(
        storage=private_storage,
        upload_to="imports",
        max_length=200,
        blank=True,
        help_text=_("What came through a door."),
    )
    format = models.CharField(max_length=20, blank=True)
    options = models.JSONField(default=dict, help_text=_("Format and currency asked for, mapping."))
    is_dry_run = models.BooleanField(default=False)
    # The dry run that was looked at before this one was begun.
    dry_run = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="brought_in")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    bytes_total = models.PositiveBigIntegerField(default=0)
    bytes_read = models.PositiveBigIntegerField(default=0)
    counts = models.JSONField(default=dict, help_text=_("Rows and products: in, created, updated, unchanged, refused."))
    details = models.JSONField(default=dict, help_text=_("What else the report says: columns, notes."))
    refusal = models.JSONField(default=dict, help_text=_("Why the whole file was refused: code and facts."))
    # Products of the file that are done: a run that was stopped goes on behind them.
    cursor = models.PositiveIntegerField(default=0)
    # How often it was begun. Who began it before writes nothing more.
    attempt = models.PositiveIntegerField(default=0)
    # Moves with every page; one that is old belongs to a process that is gone.
    heartbeat_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="undone_import_runs"
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            # Few at any time, and looked for again and again.
            models.Index(
                fields=["merchant"],
                condition=models.Q(state__in=["waiting", "running", "undoing"]),
                name="catalog_import_run_open",
            )
        ]

    def __str__(self) -> str:
        return self.public_id


class ImportProblem(models.Model):
    """A row that was refused, or a warning about one: where, what, and the facts of the sentence."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="problems")
    is_refusal = models.BooleanField()
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=40)
    facts = models.JSONField(default=dict)

    class Meta:
        ordering = ["line", "id"]

    def __str__(self) -> str:
        return f"{self.line}: {self.code}"


class ImportChange(models.Model):
    """What a run did to one product: created it, or changed these values from `before` to `after`.

    The product is remembered by number: undoing a creation deletes it, and the row stays.
    """

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="changes")
    product = models.ForeignKey(
        Product, null=True, on_delete=models.SET_NULL, db_constraint=False, db_index=True, related_name="import_changes"
    )
    sku = models.CharField(max_length=80)
    lines = models.JSONField(default=list)
    is_creation = models.BooleanField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    # What undoing it met: values that somebody had changed since, and that were kept.
    kept = models.JSONField(default=list)
    is_undone = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.sku
