"""What goes out of articles on their way to approval, and what comes in about them. Fields are added, never renamed."""

from typing import Any

from django.utils.translation import override
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from licensing.approvals.evidence import LONGEST_TEXT, SPEC, TEXTS
from licensing.approvals.tracks import Change, Stage, Track
from licensing.models import ArticleVersion, Comment, RequiredChange, Round, RoundFile
from licensing.queries.submissions import OwnDraft, OwnRound, OwnSubmission, OwnTrack
from merchstore.api.serializers import Instant, LicenceBriefSerializer
from merchstore.api.shapes import Choice, FilePart, Shape, Text, Truth, Whole

_MOST_CHANGES = 100
#: Where a pin stands: thousandths of the picture.
_WIDE = 1000
SIDES = [("licensor", "licensor"), ("merchant", "merchant")]


def _longest(model: Any, name: str) -> int:
    return int(model._meta.get_field(name).max_length)


def _english(words: Any) -> str:
    with override("en"):
        return str(words)


# -- in ----------------------------------------------------------------------------------------------


class NewSubmissionShape(Shape):
    licence = Text(max_length=40, help_text="The licence's public id or number.")
    sku = Text(max_length=80, help_text="The article's code: yours.")
    changes = serializers.ListField(
        child=Choice(choices=Change.choices),
        required=False,
        max_length=len(Change),
        help_text="What is different from the version that is approved. None for a first version.",
    )


def _texts(names: Any) -> dict[str, Any]:
    return {
        name: Text(required=False, allow_blank=True, max_length=LONGEST_TEXT, help_text=_english(words))
        for name, words in names.items()
    }


SpecShape = type(
    "SpecShape", (Shape,), _texts(SPEC) | {"__doc__": "By the names of docs/approvals.md.", "__module__": __name__}
)
PageTextsShape = type(
    "PageTextsShape", (Shape,), _texts(TEXTS) | {"__doc__": "The texts of the article's page.", "__module__": __name__}
)


class TickShape(Shape):
    number = Whole(min_value=1, max_value=10_000)
    is_done = Truth()
    remark = Text(required=False, allow_blank=True, max_length=_longest(RequiredChange, "done_remark"))


class DraftShape(Shape):
    """The whole draft: what is not named is empty afterwards."""

    spec = SpecShape(required=False)
    texts = PageTextsShape(required=False)
    legal_line_en = Text(required=False, allow_blank=True, max_length=_longest(Round, "legal_line_en"))
    legal_line_zh = Text(required=False, allow_blank=True, max_length=_longest(Round, "legal_line_zh"))
    factory = Text(required=False, allow_blank=True, max_length=_longest(Round, "factory"))
    changes = TickShape(
        many=True, required=False, max_length=_MOST_CHANGES, help_text="Of `asked_changes`, by their numbers."
    )


class CommentShape(Shape):
    round = Text(max_length=40, help_text="The round's id (`rnd_…`); it was submitted.")
    text = Text(max_length=_longest(Comment, "text"))
    file = Text(required=False, max_length=40, help_text="One of the round's files.")
    x = Whole(required=False, max_value=_WIDE, help_text="Thousandths of the picture's width, from the left.")
    y = Whole(required=False, max_value=_WIDE, help_text="Thousandths of its height, from the top.")


class EvidenceFormSerializer(serializers.Serializer):
    file = FilePart(help_text="A picture (JPEG, PNG, GIF, WebP, AVIF) or a PDF.")
    kind = serializers.ChoiceField(choices=RoundFile.Kind.choices)


class EvidenceFieldsShape(Shape):
    kind = Choice(choices=RoundFile.Kind.choices)


# -- out ---------------------------------------------------------------------------------------------


class TimeLeftSerializer(serializers.Serializer):
    due_at = Instant(help_text="The first instant after the deadline.")
    business_days = serializers.IntegerField(help_text="Of the licensor's calendar: left, or over.")
    is_overdue = serializers.BooleanField()


class EvidenceSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(choices=RoundFile.Kind.choices)
    name = serializers.CharField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    content_type = serializers.CharField()
    width = serializers.IntegerField(allow_null=True, help_text="Null for what is no picture, or is too large to show.")
    height = serializers.IntegerField(allow_null=True)
    created_at = Instant()


class MarkedFileSerializer(serializers.Serializer):
    """What the licensor drew on and sent back."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    content_type = serializers.CharField()
    created_at = Instant()


class CommentSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    number = serializers.IntegerField()
    side = serializers.SerializerMethodField(help_text="`licensor` or `merchant`.")
    text = serializers.CharField()
    file = serializers.CharField(source="file.public_id", allow_null=True, default=None)
    x = serializers.IntegerField(allow_null=True)
    y = serializers.IntegerField(allow_null=True)
    created_at = Instant()

    @extend_schema_field(serializers.ChoiceField(choices=SIDES))
    def get_side(self, said: Comment) -> str:
        return "licensor" if said.is_licensor else "merchant"


class RequiredChangeSerializer(serializers.Serializer):
    number = serializers.IntegerField()
    text = serializers.CharField()
    is_done = serializers.SerializerMethodField(help_text="A later round says so, or its draft does.")
    remark = serializers.CharField(source="done_remark")

    def get_is_done(self, change: RequiredChange) -> bool:
        return change.done_in_id is not None


class RoundBriefSerializer(serializers.Serializer):
    id = serializers.CharField(source="round.public_id")
    stage = serializers.ChoiceField(source="round.stage", choices=Stage.choices)
    number = serializers.IntegerField(source="round.number", help_text="The n-th at its stage.")
    state = serializers.ChoiceField(source="round.state", choices=Round.State.choices)
    submitted_at = Instant(source="round.submitted_at", allow_null=True)
    time_left = TimeLeftSerializer(source="left", allow_null=True, help_text="While it waits for a decision.")
    decided_at = Instant(source="round.decided_at", allow_null=True)


class RoundSerializer(RoundBriefSerializer):
    spec = serializers.DictField(source="round.spec", child=serializers.CharField())
    texts = serializers.DictField(source="round.texts", child=serializers.CharField())
    legal_line_en = serializers.CharField(source="round.legal_line_en")
    legal_line_zh = serializers.CharField(source="round.legal_line_zh")
    factory = serializers.CharField(source="round.factory")
    files = EvidenceSerializer(many=True)
    marked_files = MarkedFileSerializer(many=True)
    reasons = serializers.SerializerMethodField(help_text="Why it was not approved.")
    remark = serializers.CharField(source="round.remark")
    required_changes = RequiredChangeSerializer(many=True)
    comments = CommentSerializer(many=True)

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=Round.Reason.choices)))
    def get_reasons(self, row: OwnRound) -> list[str]:
        return list(row.round.reasons)


class TrackBriefSerializer(serializers.Serializer):
    track = serializers.ChoiceField(source="submission.track", choices=Track.choices)
    begins_at = serializers.ChoiceField(source="submission.begins_at", choices=Stage.choices)
    stage = serializers.ChoiceField(source="submission.stage", choices=Stage.choices, help_text="Where it is.")
    final_at = Instant(source="submission.final_at", allow_null=True)
    is_carried = serializers.SerializerMethodField(help_text="Its approval is that of a version before.")
    waits_for = serializers.SerializerMethodField(help_text="`merchant`, `licensor`, or null once it is over.")
    round = RoundBriefSerializer(source="last", allow_null=True, help_text="The last one of the stage.")

    def get_is_carried(self, row: OwnTrack) -> bool:
        return row.submission.carried_from_id is not None

    @extend_schema_field(serializers.ChoiceField(choices=SIDES, allow_null=True))
    def get_waits_for(self, row: OwnTrack) -> str | None:
        return row.waits_for or None


class TrackSerializer(TrackBriefSerializer):
    rounds = RoundSerializer(many=True, help_text="The oldest first; a draft is the merchant's own.")


class SubmissionSerializer(serializers.Serializer):
    id = serializers.CharField(source="version.public_id")
    licence = LicenceBriefSerializer(source="version.licence")
    sku = serializers.CharField(source="version.article.sku")
    version = serializers.IntegerField(source="version.number")
    state = serializers.ChoiceField(source="version.state", choices=ArticleVersion.State.choices)
    changes = serializers.SerializerMethodField(help_text="Against the version that was approved; empty for the first.")
    tracks = TrackBriefSerializer(many=True)
    created_at = Instant(source="version.created_at")

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=Change.choices)))
    def get_changes(self, row: OwnSubmission) -> list[str]:
        return list(row.version.changes)


class CertificateSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    issued_at = Instant()
    revoked_at = Instant(allow_null=True)
    revoke_reason = serializers.CharField()


class SubmissionDetailSerializer(SubmissionSerializer):
    tracks = TrackSerializer(many=True)
    certificate = CertificateSerializer(allow_null=True)


class MissingSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="`files.sample`, `spec.material`, `legal_line`, `factory`, `texts.title`.")
    sentence = serializers.CharField()


class DraftSerializer(serializers.Serializer):
    id = serializers.CharField(source="round.public_id", help_text="The round's.")
    track = serializers.ChoiceField(source="round.submission.track", choices=Track.choices)
    stage = serializers.ChoiceField(source="round.stage", choices=Stage.choices)
    number = serializers.IntegerField(source="round.number")
    spec = serializers.DictField(source="round.spec", child=serializers.CharField())
    texts = serializers.DictField(source="round.texts", child=serializers.CharField())
    legal_line_en = serializers.CharField(source="round.legal_line_en")
    legal_line_zh = serializers.CharField(source="round.legal_line_zh")
    factory = serializers.CharField(source="round.factory")
    files = EvidenceSerializer(many=True)
    asked_changes = RequiredChangeSerializer(
        source="asked", many=True, help_text="What the approval of the stage before depends on: tick each in `changes`."
    )
    missing = serializers.SerializerMethodField(help_text="What the stage asks for and is not there yet.")

    @extend_schema_field(MissingSerializer(many=True))
    def get_missing(self, row: OwnDraft) -> list[dict[str, str]]:
        with override("en"):
            return [{"code": item.code, "sentence": str(item)} for item in row.missing]
