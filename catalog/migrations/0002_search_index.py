from django.db import migrations

# A function with a price on it: the planner takes array_to_tsvector for free, and would rather compute it for every
# row in turn than open the index. plpgsql, because a function in SQL would be unfolded and its price lost.
CREATE = """
CREATE FUNCTION catalog_search_vector(terms text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000
AS $$ BEGIN RETURN array_to_tsvector(array_remove(string_to_array(terms, ' '), '')); END $$;

CREATE INDEX catalog_search_terms ON catalog_searchdocument
USING gin (catalog_search_vector(terms)) WITH (fastupdate = off);
"""
DROP = """
DROP INDEX catalog_search_terms;
DROP FUNCTION catalog_search_vector(text);
"""


def create(_apps, schema_editor):
    # SQLite is for the demo and for quick tests: it reads every document.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CREATE)


def drop(_apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]

    operations = [migrations.RunPython(create, drop)]
