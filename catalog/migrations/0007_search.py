"""Words for misspelt ones; and on SQLite, an index of the documents' terms that follows them by itself."""

from django.db import migrations, models

_TABLE = """CREATE VIRTUAL TABLE catalog_searchfts USING fts5(
    terms, tokenize = "unicode61 remove_diacritics 0 tokenchars '=#%'"
)"""
_FILL = "INSERT INTO catalog_searchfts(rowid, terms) SELECT product_id, terms FROM catalog_searchdocument"
_ADD = "INSERT INTO catalog_searchfts(rowid, terms) VALUES (new.product_id, new.terms)"
_DROP = "DELETE FROM catalog_searchfts WHERE rowid = old.product_id"
_TRIGGERS = {"insert": f"{_ADD};", "delete": f"{_DROP};", "update": f"{_DROP}; {_ADD};"}


def create(_apps, schema_editor):
    if schema_editor.connection.vendor != "sqlite":
        # It has had its index since 0002. Entries are gathered and put in all at once by who writes them
        # (catalog/search/documents.py), at a fifth of the cost.
        schema_editor.execute("ALTER INDEX catalog_search_terms SET (fastupdate = on)")
        return
    schema_editor.execute(_TABLE)
    schema_editor.execute(_FILL)
    for event, body in _TRIGGERS.items():
        schema_editor.execute(
            f"CREATE TRIGGER catalog_searchfts_{event} AFTER {event} ON catalog_searchdocument BEGIN {body} END"
        )


def drop(_apps, schema_editor):
    if schema_editor.connection.vendor != "sqlite":
        schema_editor.execute("ALTER INDEX catalog_search_terms SET (fastupdate = off)")
        return
    for event in _TRIGGERS:
        schema_editor.execute(f"DROP TRIGGER catalog_searchfts_{event}")
    schema_editor.execute("DROP TABLE catalog_searchfts")


class Migration(migrations.Migration):
    dependencies = [("catalog", "0006_imports")]

    operations = [
        migrations.CreateModel(
            name="SearchSpelling",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=40)),
                ("word", models.CharField(max_length=40)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("key", "word"), name="catalog_spelling_once")],
            },
        ),
        migrations.RunPython(create, drop),
    ]
