"""Names found by their words: a function that cuts them into words, and indexes over it."""

from django.db import migrations

#: Lower case, no accents, no punctuation, each Chinese, Japanese or Korean sign by itself: as artists.names.fold.
FUNCTION = r"""
CREATE OR REPLACE FUNCTION deadwax_words(said text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT regexp_replace(
        regexp_replace(
            normalize(
                regexp_replace(
                    normalize(
                        replace(replace(replace(replace(replace(
                            translate(lower(normalize(said, NFKC)), 'øłđðı', 'olddi'),
                            'æ', 'ae'), 'œ', 'oe'), 'ß', 'ss'), 'þ', 'th'), '&', ' and '),
                        NFKD),
                    '[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]', '', 'g'),
                NFC),
            '[!-/:-@\[-`{-~\u00a1-\u00bf\u2010-\u205e\u3001-\u301f]+', ' ', 'g'),
        '([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af])', ' \1 ', 'g')
$$
"""
INDEXES = (
    ("artists_artist", "artist_words", "name || ' ' || sort_name"),
    ("artists_person", "person_words", "credit_name"),
)


def create(apps, schema_editor):
    schema_editor.execute(FUNCTION, params=None)
    for table, name, columns in INDEXES:
        schema_editor.execute(
            f"CREATE INDEX {name} ON {table} USING gin (to_tsvector('simple', deadwax_words({columns})))",
            params=None,
        )


def drop(apps, schema_editor):
    for _, name, _ in INDEXES:
        schema_editor.execute(f"DROP INDEX IF EXISTS {name}", params=None)
    schema_editor.execute("DROP FUNCTION IF EXISTS deadwax_words", params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("artists", "0006_methods_consents"),
    ]

    operations = [migrations.RunPython(create, drop)]
