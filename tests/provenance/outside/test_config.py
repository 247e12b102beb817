"""The file of the outside places: what it may say, and how each mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core import checks
from django.core.checks.registry import registry

from provenance.outside import config, places
from tests.provenance.outside.witnessing import HandLog
from tests.support import needs

# The public key of RFC 8032, 7.1, test 1, under a name.
KEY = "witness.example/north+15a5619f+BNdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
GOOD = f"""
[[timestamp]]
name = "office"
url = "https://tsa.example/tsr"
roots = "office.pem"

[[witness]]
name = "north"
url = "https://witness.example/n/"
key = "{KEY}"

[[copy]]
name = "shelf"
to = "file:///mnt/other%20disk"
[[copy]]
name = "server"
to = "https://user:secret@copies.example/ledger/"
every_s = 60
[[copy]]
name = "mail"
to = "mailto:rights@label.example"
"""


def test_all_kinds_of_places_are_read_with_their_usual_pace():
    outside = config.parse(GOOD, folder=Path("/etc/deadwax"))
    assert [(place.name, place.kind, place.every_s) for place in outside.places] == [
        ("office", "timestamp", 600),
        ("north", "witness", 5),
        ("shelf", "folder", 3600),
        ("server", "http", 60),
        ("mail", "mail", 3600),
    ]
    assert outside.authorities[0].roots_path == Path("/etc/deadwax/office.pem")
    assert outside.witnesses[0].url == "https://witness.example/n"
    assert str(outside.witnesses[0].key) == KEY
    assert outside.copies[0].folder == Path("/mnt/other disk")
    assert outside.copies[2].address == "rights@label.example"
    assert config.parse("", folder=Path("/")).places == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[witness", "It is not TOML"),
        ("[[tsa]]\nname='a'", "'tsa' is not known: write [[timestamp]], [[witness]] or [[copy]]"),
        ("[copy]\nname='a'", "Write [[copy]] in double brackets"),
        ("[[copy]]\nname='a'", "Copy 'a': 'to' is missing."),
        ("[[copy]]\nname='a'\nto=''", "'to' must be text"),
        ("[[copy]]\nname='a'\nto='file:///x'\nevry_s=1", "'evry_s' is not known here"),
        ("[[copy]]\nname='A b'\nto='file:///x'", "'name' is made of a-z, 0-9 and -"),
        ("[[copy]]\nname='a'\nto='file:///x'\nevery_s=-1", "'every_s' is a whole number"),
        ("[[copy]]\nname='a'\nto='file:///x'\nevery_s=true", "'every_s' is a whole number"),
        ("[[copy]]\nname='a'\nto='file://x/y'", "file:///absolute/path"),
        ("[[copy]]\nname='a'\nto='/mnt/x'", "starts with file://, https:// or mailto:"),
        ("[[copy]]\nname='a'\nto='ftp://h/x'", "starts with file://, https:// or mailto:"),
        ("[[copy]]\nname='a'\nto='mailto:a@b,c@d'", "one mail address"),
        ("[[copy]]\nname='a'\nto='mailto:a@b.example?bcc=x@y'", "one mail address"),
        ("[[copy]]\nname='a'\nto='https:///x'", "starts with https:// or http://"),
        ("[[copy]]\nname='a'\nto='https://h:99999/x'", "starts with https:// or http://"),
        ("[[copy]]\nname='a'\nto='file:///x'\n[[copy]]\nname='a'\nto='file:///y'", "'a' is given twice"),
        ("[[timestamp]]\nname='a'\nurl='gopher://h'\nroots='x'", "'url' is an address"),
        ("[[witness]]\nname='a'\nurl='http://h'\nkey='x'", "'key' cannot be used: a verifier key reads"),
        (
            "[[witness]]\nname='a'\nurl='http://h'\nkey='x+00000000+AAAA'",
            "is an Ed25519 key for cosignatures",
        ),
        (f"[[witness]]\nname='a'\nurl='http://h'\nkey='{KEY[:-4]}7iq2'", "the key id is"),
    ],
)
def test_each_mistake_is_told_in_a_sentence(text, told):
    with pytest.raises(config.ConfigError) as caught:
        config.parse(text, folder=Path("/"))
    assert any(told in sentence for sentence in caught.value.problems), caught.value.problems


def test_all_mistakes_are_told_at_once():
    with pytest.raises(config.ConfigError) as caught:
        config.parse("[[copy]]\nname='a'\n[[copy]]\nname='b'\nto='ftp://x'", folder=Path("/"))
    assert len(caught.value.problems) == 2


def test_a_logs_key_is_none_for_cosignatures():
    with pytest.raises(config.ConfigError, match="algorithm 4"):
        config.parse(f"[[witness]]\nname='a'\nurl='http://h'\nkey='{HandLog().key}'", folder=Path("/"))


@needs("openssl")
def test_roots_must_be_there_and_lead_to_themselves(office, name_places):
    text = '[[timestamp]]\nname = "office"\nurl = "https://tsa.example/"\nroots = "{}"\n'
    folder = office.folder
    path = name_places(text.format(folder / "chain.pem"))
    roots = config.load(path).authorities[0].roots()
    assert (len(roots.roots), len(roots.intermediates)) == (1, 1)
    for roots_file, told in (
        (folder / "between.pem", "holds no root"),
        (folder / "serial", "no certificates in PEM form"),
        (folder / "missing.pem", "cannot be read"),
    ):
        with pytest.raises(config.ConfigError, match=f"Timestamp 'office': .*{told}"):
            config.load(name_places(text.format(roots_file)))


def found() -> list[str]:
    messages = places.check_outside()
    assert all(message.level < checks.ERROR for message in messages)  # the house starts all the same
    return [message.msg for message in messages]


def test_mistakes_are_system_checks(name_places, settings, tmp_path):
    assert places.check_outside in registry.get_checks()
    assert found() == []
    name_places("[[copy]]\nname='a'\nto='ftp://x'\n")
    assert found() == ["Copy 'a': 'to' starts with file://, https:// or mailto:."]
    settings.DEADWAX_OUTSIDE = tmp_path / "gone.toml"
    assert "cannot be read" in found()[0]
    name_places("[[copy]]\nname='a'\nto='mailto:rights@label.example'\n")
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert found() == ["Checkpoints are to be mailed, but mail is only printed here."]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert found() == []


def test_without_the_setting_the_data_folder_is_looked_at(settings, tmp_path):
    settings.DEADWAX_OUTSIDE, settings.DEADWAX_DATA = None, tmp_path
    assert places.configured() == config.Outside()
    (tmp_path / "outside.toml").write_text("[[copy]]\nname='a'\nto='file:///x'\n")
    assert [place.name for place in places.configured().places] == ["a"]
    (tmp_path / "outside.toml").write_text("[[copy]]\nname='other'\nto='file:///x'\n")
    assert [place.name for place in places.configured().places] == ["other"]
