"""Triggers by which what a closed statement counted stays as it is, whoever writes: see migration 0004_royalties.

On SQLite a table that is altered is made anew, and its triggers go with the old one; a trigger that names a table which is being
renamed stops the renaming. A later migration that alters one of these tables runs `drop` before it and `create` after it.
"""

STATEMENT = "licensing_statement"
#: Rows that belong to a statement: while it is open they may move to the next one, afterwards nothing of them changes.
COUNTED = [
    "licensing_saleline",
    "licensing_adjustment",
    "licensing_royaltypayment",
    "licensing_statementgroup",
    "licensing_latecredit",
]
#: Rows that are written once.
WRITTEN_ONCE = ["licensing_journal", "licensing_posting", "licensing_linegoods"]
CLOSED = "a closed statement never changes"
ONCE = "this is written once"
UNBALANCED = "the postings of a journal add up to nothing"

FUNCTIONS = {
    "licensing_closed_statement": f"""
BEGIN
    RAISE EXCEPTION '{CLOSED}' USING ERRCODE = 'integrity_constraint_violation';
END""",
    "licensing_written_once": f"""
BEGIN
    RAISE EXCEPTION '{ONCE}' USING ERRCODE = 'integrity_constraint_violation';
END""",
    "licensing_counted_in_closed": f"""
DECLARE
    found text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        SELECT state INTO found FROM {STATEMENT} WHERE id = OLD.statement_id;
        IF found = 'closed' THEN
            RAISE EXCEPTION '{CLOSED}' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    -- The lock waits for whoever is closing it, and then sees what it has become.
    SELECT state INTO found FROM {STATEMENT} WHERE id = NEW.statement_id FOR SHARE;
    IF found = 'closed' THEN
        RAISE EXCEPTION '{CLOSED}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END""",  # noqa: S608 — constants
    "licensing_journal_balances": f"""
BEGIN
    IF EXISTS (
        SELECT 1 FROM licensing_posting WHERE journal_id = NEW.journal_id GROUP BY currency HAVING sum(amount) <> 0
    ) THEN
        RAISE EXCEPTION '{UNBALANCED}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END""",  # noqa: S608 — constants
}


def create(apps, schema_editor):
    for sql in _postgres() if schema_editor.connection.vendor == "postgresql" else _sqlite():
        schema_editor.execute(sql, params=None)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in FUNCTIONS:
            schema_editor.execute(f"DROP FUNCTION {name}() CASCADE", params=None)
        return
    for table in [STATEMENT, *COUNTED, *WRITTEN_ONCE]:
        for verb in ("insert", "update", "delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}", params=None)


def _postgres():
    for name, body in FUNCTIONS.items():
        yield f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body} $$"
    yield (
        f"CREATE TRIGGER {STATEMENT}_stands BEFORE UPDATE OR DELETE ON {STATEMENT} FOR EACH ROW "
        "WHEN (OLD.state = 'closed') EXECUTE FUNCTION licensing_closed_statement()"
    )
    for table in COUNTED:
        yield (
            f"CREATE TRIGGER {table}_stands BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW "
            "EXECUTE FUNCTION licensing_counted_in_closed()"
        )
    for table in WRITTEN_ONCE:
        yield (
            f"CREATE TRIGGER {table}_stands BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW "
            "EXECUTE FUNCTION licensing_written_once()"
        )
    yield (
        "CREATE CONSTRAINT TRIGGER licensing_posting_balances AFTER INSERT ON licensing_posting DEFERRABLE "
        "INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION licensing_journal_balances()"
    )


def _sqlite():
    yield from _stopped(STATEMENT, ("update", "delete"), "OLD.state = 'closed'", CLOSED)
    for table in COUNTED:
        yield from _stopped(table, ("insert",), _is_closed("NEW"), CLOSED)
        yield from _stopped(table, ("update",), f"{_is_closed('OLD')} OR {_is_closed('NEW')}", CLOSED)
        yield from _stopped(table, ("delete",), _is_closed("OLD"), CLOSED)
    for table in WRITTEN_ONCE:
        yield from _stopped(table, ("update", "delete"), "1", ONCE)


def _is_closed(row):
    return f"(SELECT state FROM {STATEMENT} WHERE id = {row}.statement_id) = 'closed'"  # noqa: S608 — constants


def _stopped(table, verbs, condition, sentence):
    for verb in verbs:
        yield (
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
        )
