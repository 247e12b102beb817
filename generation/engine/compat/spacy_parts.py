"""spaCy's tokeniser, as far as audiocraft asks for it: words between spaces."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Token:
    """One word. Its base form is itself and no word is left out: this one knows no language."""

    text: str
    is_stop: bool = False

    @property
    def lemma_(self) -> str:
        return self.text

    @property
    def is_punct(self) -> bool:
        return not any(character.isalnum() for character in self.text)


def load(name: str) -> Callable[[str], list[Token]]:
    """A tokeniser, whatever the language's name."""
    return lambda text: [Token(word) for word in text.split()]


def modules() -> dict[str, dict[str, object]]:
    return {"spacy": {"load": load}}
