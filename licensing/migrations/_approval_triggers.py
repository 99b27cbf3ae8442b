"""Triggers by which a submitted round stays what it was, whoever writes: see migration 0003_approvals.

On SQLite a table that is altered is made anew, and its triggers go with the old one. A later migration that alters one of
these tables runs `drop` before it and `create` after it.
"""

ROUND, FILE, COMMENT = "licensing_round", "licensing_roundfile", "licensing_comment"
#: What a submission consists of. The rest of a round says what became of it.
SHOWN = (
    "public_id", "submission_id", "stage", "number", "spec", "texts", "legal_line_en", "legal_line_zh", "factory", "digest",
    "created_by_id", "created_at", "submitted_by_id", "submitted_at", "silence_rule", "half_at", "late_at", "due_at",
)  # fmt: skip
FROZEN = "a submitted round is frozen"
WRITTEN_ONCE = "a comment is written once"

FUNCTIONS = {
    "licensing_round_frozen": f"""
BEGIN
    RAISE EXCEPTION '{FROZEN}' USING ERRCODE = 'integrity_constraint_violation';
END""",
    "licensing_round_file_frozen": f"""
DECLARE
    found text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        SELECT state INTO found FROM {ROUND} WHERE id = OLD.round_id;
        IF found <> 'draft' THEN
            RAISE EXCEPTION '{FROZEN}' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    -- The lock waits for whoever is submitting it, and then sees what it has become.
    SELECT state INTO found FROM {ROUND} WHERE id = NEW.round_id FOR SHARE;
    IF found <> 'draft' THEN
        RAISE EXCEPTION '{FROZEN}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END""",  # noqa: S608 — constants
    "licensing_comment_written_once": f"""
BEGIN
    RAISE EXCEPTION '{WRITTEN_ONCE}' USING ERRCODE = 'integrity_constraint_violation';
END""",
}


def create(apps, schema_editor):
    for sql in _postgres() if schema_editor.connection.vendor == "postgresql" else _sqlite():
        schema_editor.execute(sql, params=None)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in FUNCTIONS:
            schema_editor.execute(f"DROP FUNCTION {name}() CASCADE", params=None)
        return
    for table in (ROUND, FILE, COMMENT):
        for verb in ("insert", "update", "delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}", params=None)


def _moved(differs):
    return " OR ".join(["NEW.state = 'draft'", *(f"NEW.{name} {differs} OLD.{name}" for name in SHOWN)])


def _postgres():
    for name, body in FUNCTIONS.items():
        yield f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body} $$"
    yield (
        f"CREATE TRIGGER {ROUND}_stands BEFORE UPDATE ON {ROUND} FOR EACH ROW "
        f"WHEN (OLD.state <> 'draft' AND ({_moved('IS DISTINCT FROM')})) EXECUTE FUNCTION licensing_round_frozen()"
    )
    yield (
        f"CREATE TRIGGER {ROUND}_stays BEFORE DELETE ON {ROUND} FOR EACH ROW "
        "WHEN (OLD.state <> 'draft') EXECUTE FUNCTION licensing_round_frozen()"
    )
    yield (
        f"CREATE TRIGGER {FILE}_stands BEFORE INSERT OR UPDATE OR DELETE ON {FILE} FOR EACH ROW "
        "EXECUTE FUNCTION licensing_round_file_frozen()"
    )
    yield (
        f"CREATE TRIGGER {COMMENT}_stands BEFORE UPDATE OR DELETE ON {COMMENT} FOR EACH ROW "
        "EXECUTE FUNCTION licensing_comment_written_once()"
    )


def _sqlite():
    yield from _stopped(ROUND, ("update",), f"OLD.state <> 'draft' AND ({_moved('IS NOT')})", FROZEN)
    yield from _stopped(ROUND, ("delete",), "OLD.state <> 'draft'", FROZEN)
    yield from _stopped(FILE, ("insert",), _is_submitted("NEW"), FROZEN)
    yield from _stopped(FILE, ("update",), f"{_is_submitted('OLD')} OR {_is_submitted('NEW')}", FROZEN)
    yield from _stopped(FILE, ("delete",), _is_submitted("OLD"), FROZEN)
    yield from _stopped(COMMENT, ("update", "delete"), "1", WRITTEN_ONCE)


def _is_submitted(row):
    return f"(SELECT state FROM {ROUND} WHERE id = {row}.round_id) <> 'draft'"  # noqa: S608 — constants


def _stopped(table, verbs, condition, sentence):
    for verb in verbs:
        yield (
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
        )
