"""The demo's articles on their way to approval, shown and decided by the people whose work that is."""

import io
from datetime import datetime, timedelta

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from accounts.models import User
from artwork.jobs import Drawing, draw
from demo.files import Row, instant, read_film, read_goods, read_table
from demo.rows import Tally
from licensing.approvals import drafts, evidence, reviewing
from licensing.approvals.people import ACTING_ROLES
from licensing.approvals.silence import answer_silence
from licensing.approvals.tracks import STAGES, Stage, Track
from licensing.approvals.versions import start_version
from licensing.models import ArticleVersion, Licence, Round, RoundFile
from merchants.models import Member

PICTURE_WIDTH = 720
#: What is shown as a picture: what has to be one, and drawings of what is to come.
_PICTURES = {*evidence.PICTURES, RoundFile.Kind.ARTWORK, RoundFile.Kind.PACK_ARTWORK}


def load_approvals(now: datetime, reviewer: User, approver: User) -> Tally:
    """Versions with their rounds, each once; what people did with them since stays theirs."""
    tally = Tally()
    pictures = _Pictures()
    for row in read_table("approvals")["versions"]:
        licence = Licence.objects.select_related("merchant").get(number=row["licence"])
        known = ArticleVersion.objects.filter(licence=licence, article__sku=row["sku"], number=row.get("number", 1))
        if known.exists():
            tally.unchanged += 1
            continue
        _Story(row, licence, pictures, now).live(reviewer, approver)
        tally.created += 1
    return tally


class _Story:
    """One version, from its first round to where it stands today."""

    def __init__(self, row: Row, licence: Licence, pictures: "_Pictures", now: datetime) -> None:
        self.row, self.licence, self.pictures, self.now = row, licence, pictures, now
        member = Member.objects.filter(merchant=licence.merchant, role__in=ACTING_ROLES).order_by("pk").first()
        assert member is not None, f"{licence.merchant} has nobody to act for it"
        self.licensee = member.user

    def live(self, reviewer: User, approver: User) -> None:
        self.reviewer, self.approver = reviewer, approver
        rounds = self._planned()
        begun, changes = self._at(rounds[0]["at"]), self.row.get("changes", ())
        self.version = start_version(self.licence, self.row["sku"], by=self.licensee, at=begun, changes=changes)
        for planned in rounds:
            self._show(planned)
        if self.row.get("is_escalated"):
            for shown in Round.objects.filter(submission__version=self.version):
                answer_silence(shown, at=self.now)

    def _planned(self) -> list[Row]:
        """The rounds as they are written down, or every stage of every track, passed one after the other."""
        if "rounds" in self.row:
            rounds: list[Row] = self.row["rounds"]
            return rounds
        begun, step = self._at(self.row["passed_from"]), timedelta(days=self.row["step"])
        tracks = [track for track in Track for _stage in STAGES[track]]
        days = [begun + number * step for number in range(len(tracks))]
        a_day = timedelta(days=1)
        return [
            {"track": track, "at": at, "opened": at + a_day, "decided": at + 2 * a_day, "verdict": "approve"}
            for at, track in zip(days, tracks, strict=True)
        ]

    def _show(self, planned: Row) -> None:
        at = self._at(planned["at"])
        submission = self.version.submissions.get(track=planned["track"])
        draft = drafts.start_draft(submission, by=self.licensee, at=at)
        drafts.edit_draft(
            draft, by=self.licensee, spec=self.row.get("spec", {}), texts=self.row.get("page", {}),
            factory=self.row.get("factory"),
        )  # fmt: skip
        for kind, least in evidence.needs_of(submission.track, draft.stage).files.items():
            for number in range(least):
                self._add(draft, kind, number, at)
        for change in drafts.asked_changes(draft):
            drafts.tick_change(change, draft, by=self.licensee, remark="Done · 已改")
        shown = drafts.submit(draft, by=self.licensee, at=at)
        if "opened" in planned:
            reviewing.open_round(shown, by=self.reviewer, at=self._at(planned["opened"]))
            self._decide(shown, planned)

    def _add(self, draft: Round, kind: RoundFile.Kind, number: int, at: datetime) -> None:
        name = f"{self.row['sku']}-{kind}-{number + 1}"
        if kind in _PICTURES:
            content, name = self.pictures.of(self.row["picture"], is_near=number > 0), f"{name}.png"
        else:
            lines = (kind.label, self.row["sku"], Stage(draft.stage).label, f"{at:%Y-%m-%d}")
            content, name = _paper([str(line) for line in lines]), f"{name}.pdf"
        drafts.add_file(draft, content, kind=kind, name=name, by=self.licensee, at=at)

    def _decide(self, shown: Round, planned: Row) -> None:
        verdict = planned.get("verdict")
        decided = self._at(planned.get("decided", planned["opened"]))
        picture = shown.files.exclude(width=None).order_by("pk").first()
        for pin in planned.get("pins", ()):
            place = {"file": picture, "x": pin["x"], "y": pin["y"]} if "x" in pin else {}
            reviewing.comment(
                shown, pin["text"], by=self.reviewer, at=decided, is_internal=pin.get("is_internal", False), **place
            )
        said = {"at": decided, "remark": planned.get("remark", "")}
        if verdict == "approve":
            reviewing.approve(shown, by=self.approver, changes=planned.get("changes", ()), **said)
        elif verdict == "send_back":
            reviewing.require_revision(shown, by=self.reviewer, reasons=planned["reasons"], **said)
        elif verdict == "reject":
            reviewing.reject(shown, by=self.approver, reasons=planned["reasons"], **said)

    def _at(self, said: str | datetime) -> datetime:
        found = said if isinstance(said, datetime) else instant(said, self.now)
        assert found is not None, "an offset or an instant"
        return found


class _Pictures:
    """The goods' own drawings as PNG, each drawn once: the whole, and a look from near."""

    def __init__(self) -> None:
        self._films = {row["slug"]: row for row in read_table("films")}
        self._goods = {row["sku"]: row for row in read_goods()}
        self._drawn: dict[tuple[str, bool], bytes] = {}

    def of(self, sku: str, *, is_near: bool) -> bytes:
        if (sku, is_near) not in self._drawn:
            row = self._goods[sku]
            film = read_film(self._films[row["film"]])
            variant = int(row["art_variant"])
            self._drawn[sku, is_near] = draw(
                Drawing(film, row["template"], variant, is_detail=is_near, png_width=PICTURE_WIDTH)
            )
        return self._drawn[sku, is_near]


def _paper(lines: list[str]) -> bytes:
    """A page that says what it stands for. The same lines give the same bytes."""
    out = io.BytesIO()
    page = Canvas(out, pagesize=A4, invariant=1)
    for number, line in enumerate(lines):
        page.setFont("Helvetica", 22 if number == 0 else 13)
        page.drawString(72, 740 - 30 * number, line)
    page.save()
    return out.getvalue()
