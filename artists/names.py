"""Names compared: the same name typed in another way is found, in any script. Pure."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from typing import Final

#: Marks that other alphabets lay on a letter; those of Indic scripts and of kana are letters' parts and stay.
_MARKS: Final = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
#: What decomposition leaves alone.
_LETTERS: Final = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
        "ß": "ss",
        "&": " and ",
    }
)
_ARTICLES: Final = re.compile(r"^(the|a|an|die|der|das|les?|la|los|las|el) (?=\S)")
#: Words that are nearly the same are worth a look; shorter ones differ by too little to tell.
ALIKE: Final = 0.88
SHORT: Final = 5


def fold(name: str) -> str:
    """A name for comparing: no case, accents, width, punctuation or double spaces. Never empty for a name of signs.

    "  BJÖRK & the  Ｓugar–Cubes" gives "bjork and the sugar cubes".
    """
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold().translate(_LETTERS))
    text = unicodedata.normalize("NFC", _MARKS.sub("", text))
    words = "".join(char if _wordlike(char) else " " for char in text).split()
    return " ".join(words) or " ".join(name.casefold().split())


def _wordlike(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNM"


def key(name: str) -> str:
    """`fold` without a leading article and without spaces: "The Night Jars" and "Nightjars" are one."""
    folded = fold(name)
    return _ARTICLES.sub("", folded).replace(" ", "") or folded


def alike(one: str, other: str) -> bool:
    """Whether two keys are so close that somebody should look."""
    if one == other:
        return True
    if [char for char in one if char.isdigit()] != [char for char in other if char.isdigit()]:
        return False
    if min(len(one), len(other)) < SHORT or abs(len(one) - len(other)) > 2:
        return False
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE
