import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.ids
import core.media
from licensing.migrations._approval_triggers import create, drop


class Migration(migrations.Migration):
    dependencies = [
        ("licensing", "0002_rights"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="certificate",
            name="particulars",
            field=models.JSONField(default=dict),
        ),
        migrations.CreateModel(
            name="ArticleVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("ver"), editable=False, max_length=24, unique=True),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("in_approval", "In approval"),
                            ("final_approved", "Finally approved"),
                            ("superseded", "Superseded"),
                            ("revoked", "Revoked"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="in_approval",
                        max_length=20,
                    ),
                ),
                ("changes", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
                (
                    "article",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="licensing.licensedarticle",
                    ),
                ),
                (
                    "licence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="article_versions",
                        to="licensing.licence",
                    ),
                ),
            ],
            options={
                "ordering": ["article", "licence", "-number"],
            },
        ),
        migrations.CreateModel(
            name="Round",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("rnd"), editable=False, max_length=24, unique=True),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("concept", "Concept"),
                            ("pre_production", "Pre-production"),
                            ("production", "Production"),
                            ("proof", "Proof"),
                            ("draft", "Draft"),
                            ("final", "Final"),
                        ],
                        max_length=20,
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("submitted", "Submitted"),
                            ("in_review", "In review"),
                            ("approved", "Approved"),
                            ("approved_with_changes", "Approved with changes"),
                            ("revision_required", "Revision required"),
                            ("rejected", "Rejected"),
                            ("deemed_disapproved", "Deemed disapproved"),
                            ("deemed_approved", "Deemed approved"),
                            ("escalated", "Escalated"),
                        ],
                        default="draft",
                        max_length=25,
                    ),
                ),
                ("spec", models.JSONField(default=dict)),
                ("texts", models.JSONField(default=dict)),
                ("legal_line_en", models.CharField(blank=True, max_length=300)),
                ("legal_line_zh", models.CharField(blank=True, max_length=300)),
                ("factory", models.CharField(blank=True, max_length=300)),
                ("digest", models.CharField(blank=True, editable=False, max_length=64)),
                ("created_at", models.DateTimeField()),
                ("submitted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "silence_rule",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("deemed_disapproved", "Deemed disapproved"),
                            ("deemed_approved", "Deemed approved"),
                            ("escalated", "Escalated"),
                        ],
                        max_length=20,
                    ),
                ),
                ("half_at", models.DateTimeField(blank=True, null=True)),
                ("late_at", models.DateTimeField(blank=True, null=True)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("opened_at", models.DateTimeField(blank=True, null=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("reasons", models.JSONField(default=list)),
                ("remark", models.CharField(blank=True, max_length=2000)),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drafted_rounds",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decided_rounds",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="opened_rounds",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "submitted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submitted_rounds",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["submission", "id"],
                "permissions": [
                    ("submit_round", "May act for a merchant in approvals"),
                    ("review_round", "May review submissions"),
                    ("approve_round", "May approve and reject submissions, and revoke certificates"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RequiredChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("text", models.CharField(max_length=1000)),
                ("done_remark", models.CharField(blank=True, max_length=500)),
                (
                    "done_in",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="done_changes",
                        to="licensing.round",
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="required_changes",
                        to="licensing.round",
                    ),
                ),
            ],
            options={
                "ordering": ["round", "number"],
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("percent", models.PositiveSmallIntegerField()),
                ("created_at", models.DateTimeField()),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="reminders", to="licensing.round"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MarkedFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("fil"), editable=False, max_length=24, unique=True),
                ),
                ("file", models.FileField(max_length=200, storage=core.media.private_storage, upload_to="")),
                ("name", models.CharField(max_length=160)),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveIntegerField()),
                ("content_type", models.CharField(max_length=40)),
                ("width", models.PositiveIntegerField(blank=True, null=True)),
                ("height", models.PositiveIntegerField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="marked_files",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="marked_files", to="licensing.round"
                    ),
                ),
            ],
            options={
                "ordering": ["round", "id"],
            },
        ),
        migrations.CreateModel(
            name="RoundFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("fil"), editable=False, max_length=24, unique=True),
                ),
                ("file", models.FileField(max_length=200, storage=core.media.private_storage, upload_to="")),
                ("name", models.CharField(max_length=160)),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveIntegerField()),
                ("content_type", models.CharField(max_length=40)),
                ("width", models.PositiveIntegerField(blank=True, null=True)),
                ("height", models.PositiveIntegerField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("artwork", "Artwork"),
                            ("drawing", "Technical drawing"),
                            ("sample", "Photograph of the sample"),
                            ("test_report", "Test report"),
                            ("factory_audit", "Factory audit"),
                            ("pack_artwork", "Artwork of the pack"),
                            ("pack_proof", "Proof of the pack"),
                            ("pack_photo", "Photograph of the pack"),
                            ("page_picture", "Picture of the page"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                    ),
                ),
                ("page_digest", models.CharField(blank=True, editable=False, max_length=64)),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="files", to="licensing.round"
                    ),
                ),
            ],
            options={
                "ordering": ["round", "id"],
            },
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("cmt"), editable=False, max_length=24, unique=True),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("is_licensor", models.BooleanField()),
                ("is_internal", models.BooleanField(default=False, help_text="Only the licensor's people see it.")),
                ("text", models.CharField(max_length=2000)),
                ("x", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("y", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="round_comments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="comments", to="licensing.round"
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="comments",
                        to="licensing.roundfile",
                    ),
                ),
            ],
            options={
                "ordering": ["round", "number"],
            },
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=core.ids._PublicId("sub"), editable=False, max_length=24, unique=True),
                ),
                (
                    "track",
                    models.CharField(
                        choices=[("product", "Product"), ("packaging", "Packaging"), ("marketing", "Marketing")],
                        max_length=10,
                    ),
                ),
                (
                    "begins_at",
                    models.CharField(
                        choices=[
                            ("concept", "Concept"),
                            ("pre_production", "Pre-production"),
                            ("production", "Production"),
                            ("proof", "Proof"),
                            ("draft", "Draft"),
                            ("final", "Final"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("concept", "Concept"),
                            ("pre_production", "Pre-production"),
                            ("production", "Production"),
                            ("proof", "Proof"),
                            ("draft", "Draft"),
                            ("final", "Final"),
                        ],
                        max_length=20,
                    ),
                ),
                ("final_at", models.DateTimeField(blank=True, null=True)),
                (
                    "carried_from",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="carried_to",
                        to="licensing.submission",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submissions",
                        to="licensing.articleversion",
                    ),
                ),
            ],
            options={
                "ordering": ["version", "id"],
            },
        ),
        migrations.AddField(
            model_name="round",
            name="submission",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="rounds", to="licensing.submission"
            ),
        ),
        migrations.AddConstraint(
            model_name="articleversion",
            constraint=models.UniqueConstraint(fields=("article", "licence", "number"), name="licensing_version_once"),
        ),
        migrations.AddConstraint(
            model_name="articleversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "in_approval")),
                fields=("article", "licence"),
                name="licensing_version_one_in_approval",
            ),
        ),
        migrations.AddConstraint(
            model_name="articleversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "final_approved")),
                fields=("article", "licence"),
                name="licensing_version_one_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="requiredchange",
            constraint=models.UniqueConstraint(fields=("round", "number"), name="licensing_change_number_once"),
        ),
        migrations.AddIndex(
            model_name="reminder",
            index=models.Index(
                condition=models.Q(("sent_at__isnull", True)), fields=["id"], name="licensing_reminder_unsent"
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(fields=("round", "percent"), name="licensing_reminder_once"),
        ),
        migrations.AddConstraint(
            model_name="roundfile",
            constraint=models.UniqueConstraint(fields=("round", "kind", "sha256"), name="licensing_round_file_once"),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.UniqueConstraint(fields=("round", "number"), name="licensing_comment_number_once"),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("x__isnull", True), ("y__isnull", True)),
                    models.Q(("file__isnull", False), ("x__lte", 1000), ("y__lte", 1000)),
                    _connector="OR",
                ),
                name="licensing_comment_pin_on_a_picture",
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_internal", False), ("is_licensor", True), _connector="OR"),
                name="licensing_comment_internal_of_licensor",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.UniqueConstraint(fields=("version", "track"), name="licensing_submission_track_once"),
        ),
        migrations.AddIndex(
            model_name="round",
            index=models.Index(
                condition=models.Q(("state__in", ["submitted", "in_review", "escalated"])),
                fields=["due_at", "id"],
                name="licensing_round_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="round",
            constraint=models.UniqueConstraint(fields=("submission", "stage", "number"), name="licensing_round_once"),
        ),
        migrations.AddConstraint(
            model_name="round",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "draft"), ("submitted_at__isnull", True)),
                    models.Q(
                        models.Q(("state", "draft"), _negated=True),
                        ("due_at__isnull", False),
                        ("submitted_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="licensing_round_submitted_or_draft",
            ),
        ),
        migrations.RunPython(create, drop),
    ]
