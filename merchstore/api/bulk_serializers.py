"""What goes out of a run that brings a file of goods in. Fields are added, never renamed."""

from typing import Any

from django.urls import reverse
from django.utils.translation import override
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.importing.runs import refusal_of
from catalog.models import ImportRun
from catalog.queries.imports import offered_verbs, problem_counts
from merchstore.api.serializers import Instant
from merchstore.api.shapes import FilePart

_ROUTES = {"bring-in": "api:bulk_bring_in", "go-on": "api:bulk_go_on", "undo": "api:bulk_undo"}


class FileFormSerializer(serializers.Serializer):
    file = FilePart()
    mapping = serializers.CharField(required=False, help_text="What the columns mean: a JSON object.")


class CountsSerializer(serializers.Serializer):
    """All are 0 before the first page of the file."""

    read = serializers.IntegerField()
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()


class ProgressSerializer(serializers.Serializer):
    bytes_read = serializers.IntegerField()
    bytes_total = serializers.IntegerField()
    rows = CountsSerializer()
    products = CountsSerializer()


class RefusalSerializer(serializers.Serializer):
    code = serializers.CharField()
    detail = serializers.CharField()


class RunSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    state = serializers.ChoiceField(choices=ImportRun.State.choices)
    is_dry_run = serializers.BooleanField(help_text="Nothing is written.")
    file_name = serializers.CharField()
    format = serializers.CharField(help_text="As it was recognised; empty until then.")
    progress = serializers.SerializerMethodField()
    refusal = serializers.SerializerMethodField(help_text="Why the whole file was refused.")
    dry_run = serializers.SerializerMethodField(help_text="The dry run that it was looked at in.")
    followed_by = serializers.SerializerMethodField(help_text="The run that brings in what this one has looked at.")
    created_at = Instant()
    started_at = Instant(allow_null=True)
    finished_at = Instant(allow_null=True)
    undone_at = Instant(allow_null=True)
    links = serializers.SerializerMethodField(
        help_text="`self`, `result`, and those of `bring-in`, `go-on`, `undo` and `cancel` (each a POST) that may be done now."
    )

    @extend_schema_field(ProgressSerializer)
    def get_progress(self, run: ImportRun) -> dict[str, Any]:
        counted = {name: _counts(run.counts.get(name, {})) for name in ("rows", "products")}
        return {"bytes_read": run.bytes_read, "bytes_total": run.bytes_total, **counted}

    @extend_schema_field(RefusalSerializer(allow_null=True))
    def get_refusal(self, run: ImportRun) -> dict[str, str] | None:
        if not run.refusal:
            return None
        with override("en"):
            return {"code": run.refusal["code"], "detail": refusal_of(run)}

    def get_dry_run(self, run: ImportRun) -> str | None:
        return run.dry_run.public_id if run.dry_run else None

    def get_followed_by(self, run: ImportRun) -> str | None:
        return max(run.brought_in.all(), key=lambda one: one.pk).public_id if run.brought_in.all() else None

    def get_links(self, run: ImportRun) -> dict[str, str]:
        routes = {"self": "api:bulk_run", "result": "api:bulk_result"}
        routes |= {verb: _ROUTES[verb] for verb in offered_verbs(run)}
        if run.state in (ImportRun.State.WAITING, ImportRun.State.RUNNING):
            routes["cancel"] = "api:bulk_cancel"
        return {name: reverse(route, kwargs={"name": run.public_id}) for name, route in routes.items()}


class ProblemCountsSerializer(serializers.Serializer):
    refusals = serializers.IntegerField()
    warnings = serializers.IntegerField()


class RunDetailSerializer(RunSerializer):
    problems = serializers.SerializerMethodField(help_text="How many; the result lists them.")

    @extend_schema_field(ProblemCountsSerializer)
    def get_problems(self, run: ImportRun) -> dict[str, int]:
        return problem_counts(run)


def _counts(counts: dict[str, int]) -> dict[str, int]:
    told = {"read": counts.get("in", 0)}
    return told | {name: counts.get(name, 0) for name in ("created", "updated", "unchanged", "refused")}
