"""The Method section of the dossier: word for word, with the artist's words only where they published them."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

from pypdf import PdfReader

from release import documents
from tests.release.documents import samples
from tests.release.documents.test_dossier import words

GOLDEN = Path(__file__).parents[2] / "golden" / "release" / "documents" / "method.txt"


def section(dossier: documents.Dossier) -> str:
    """What another program reads between this heading and the next."""
    text = words(documents.render(dossier).pdf)
    return text[text.index("Method How the artist works") : text.index("Evidence index")].strip()


def test_the_section_is_the_golden_one_word_for_word():
    found = section(samples.DOSSIER).replace(". ", ".\n") + "\n"
    if not GOLDEN.exists():
        GOLDEN.write_text(found)
    assert found == GOLDEN.read_text()


def test_words_that_are_not_published_are_not_in_the_document():
    sealed = replace(samples.DOSSIER, method=replace(samples.METHOD, statement="", published_at=""))
    made = documents.render(sealed)
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(made.pdf)).pages)
    assert "The frame is taken away" not in text
    assert "The frame is taken away" not in made.data.decode()
    assert "are sealed" in " ".join(text.split())


def test_without_a_method_there_is_no_section_and_hostile_words_are_printed():
    bare = documents.render(replace(samples.DOSSIER, method=None))
    assert "How the artist works" not in words(bare.pdf)
    assert json.loads(bare.data)["method"] is None
    hostile = '#panic("x") *b* <e> #read("/etc/passwd")'
    rule = replace(samples.METHOD.rules[0], because=hostile)
    text = section(replace(samples.DOSSIER, method=replace(samples.METHOD, statement=hostile, rules=(rule,))))
    assert text.count('#panic("x") *b* <e>') == 2
    assert "root:" not in text
