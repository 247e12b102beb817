"""What people state about what they bring in: held against itself before anything is kept, and turned into claims."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from generation import attribution
from generation.errors import BadValue
from generation.models import ToolTerms, Upload
from generation.services.common import text
from provenance.credential import Credential
from provenance.elements import COMPOSITION_ELEMENTS, ROLES, elements_of

Declared = Upload.Declared
EARLIEST = dt.date(1950, 1, 1)
_CC_BY = re.compile(r"\bcc[\s-]*by\b|creative commons attribution", re.IGNORECASE)
_CC_NC = re.compile(r"\bby[\s-]*nc\b|\bnon-?commercial\b", re.IGNORECASE)
_WORDS = {
    Declared.OWN_PERFORMANCE: "own performance",
    Declared.THIRD_PARTY: "somebody else's, with a licence",
    Declared.EXTERNAL_TOOL: "made with an AI tool elsewhere",
}


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """One person's statement, checked. `covered`, `others` and `missing` are elements of what the role carries."""

    role: str
    declared: str
    covered: frozenset[str]
    others: frozenset[str]
    missing: frozenset[str]
    terms: ToolTerms | None
    tool_name: str
    plan: str
    made_on: dt.date | None
    licence: str
    attribution: str
    may_be_sold: bool
    may_be_input: bool
    captured: bool
    prompt: str

    @property
    def words(self) -> str:
        return "recorded here" if self.captured else _WORDS[Declared(self.declared)]

    @property
    def terms_words(self) -> str:
        """How the ledger's sentence goes on where the terms of a tool matter."""
        if self.declared != Declared.EXTERNAL_TOOL:
            return ""
        if self.terms is not None:
            return f" ({self.terms.tool.name}, terms {self.terms.version})"
        return f" ({self.tool_name or 'a tool that nobody named'}, its terms unknown)"


def checked(
    *,
    role: str,
    declared: str,
    elements: Iterable[str] | None,
    borrowed: Iterable[str],
    absent: Iterable[str],
    terms: ToolTerms | None,
    tool_name: str,
    plan: str,
    made_on: dt.date | None,
    licence: str,
    attribution: str,
    may_be_sold: bool,
    may_be_input: bool,
    captured: bool,
    prompt: str,
) -> Declaration:
    """The statement within its limits. Raises `BadValue` by its field.

    Terms of a tool may be missing: it comes in as unknown, and is not sold until they are stated.
    """
    if declared not in Declared.values:
        raise BadValue(
            "Say what it is: your own performance, somebody else's, or an AI tool's.", field="declared"
        )
    licence = text(licence, field="licence", what="licence", most=200)
    credit = text(attribution, field="attribution", what="credit", most=200)
    others, missing = _carried(role, borrowed), _carried(role, absent)
    third, external = declared == Declared.THIRD_PARTY, declared == Declared.EXTERNAL_TOOL
    if third:
        _check_licence(licence, credit, may_be_sold=may_be_sold)
    if captured and declared != Declared.OWN_PERFORMANCE:
        raise BadValue(
            "What you record here is your own performance. Upload anything else as a file.", field="declared"
        )
    return Declaration(
        role=role,
        declared=declared,
        covered=_carried(role, elements) - others - missing,
        others=others,
        missing=missing,
        terms=terms if external else None,
        tool_name=text(tool_name, field="tool_name", what="tool", most=80) if external and not terms else "",
        plan=text(plan, field="plan", what="plan", most=60) if external else "",
        made_on=day_made(made_on) if external else None,
        licence=licence,
        attribution=credit if third else "",
        may_be_sold=bool(may_be_sold) if third else True,
        may_be_input=bool(may_be_input) if third else True,
        captured=bool(captured),
        prompt=text(prompt, field="prompt", what="prompt", most=4000),
    )


def authorship_of(
    sha256: str, stated: Declaration, found: Credential | None = None, *, midi: str = ""
) -> attribution.Authorship:
    """The rules' row. An intact credential of a trained model counts more than what is declared.

    `midi`: the digest of the notes of a file of notes, which carry no performance and no sound.
    """
    if found is not None and found.generated:
        return attribution.external_tool(sha256, stated.role, imported=True)
    whole = _claimed(sha256, stated)
    if not midi:
        return whole
    written = whole["outputs"][sha256]
    written["claims"] = [claim for claim in written["claims"] if _is_noted(claim["element"])] or [
        {"element": "arrangement", "origin": _origin(stated)}
    ]
    if midi != sha256:
        whole["outputs"][midi] = attribution.notes_of(midi, stated.role, sha256)["outputs"][midi]
    return whole


def _claimed(sha256: str, stated: Declaration) -> attribution.Authorship:
    role = stated.role
    if stated.declared == Declared.OWN_PERFORMANCE:
        wrote = [name for name in stated.covered if _is_written(name)]
        return attribution.own_performance(
            sha256, role, wrote, third_party=stated.others, absent=stated.missing, observed=stated.captured
        )
    if stated.declared == Declared.THIRD_PARTY:
        return attribution.third_party(sha256, role, stated.covered)
    return attribution.external_tool(sha256, role, stated.covered)


def _is_written(element: str) -> bool:
    return element in COMPOSITION_ELEMENTS


def _is_noted(element: str) -> bool:
    return _is_written(element) and element != "lyrics"


def _origin(stated: Declaration) -> str:
    return {"own_performance": "human", "third_party": "third_party", "external_tool": "trained_model"}[
        stated.declared
    ]


def _carried(role: str, elements: Iterable[str] | None) -> frozenset[str]:
    if role not in ROLES:
        raise BadValue(f"Choose one of the roles: {', '.join(ROLES)}.", field="role")
    carried = elements_of(role)
    if elements is None:
        return frozenset(carried)
    chosen = frozenset(elements)
    if strange := sorted(str(name) for name in chosen - set(carried)):
        raise BadValue(
            f"A {role.replace('_', ' ')} carries {', '.join(carried)}; not {', '.join(strange)}.",
            field="elements",
        )
    return chosen


def _check_licence(licence: str, credit: str, *, may_be_sold: bool) -> None:
    if not licence:
        raise BadValue("Write which licence covers it, and from whom.", field="licence")
    if _CC_NC.search(licence) and may_be_sold:
        raise BadValue(
            "A non-commercial licence does not cover selling. Say so, or name the licence that does.",
            field="may_be_sold",
        )
    if _CC_BY.search(licence) and not credit:
        raise BadValue(
            "This licence asks for a credit. Write it as it has to read: title, author, licence.",
            field="attribution",
        )


def day_made(made_on: dt.date | None) -> dt.date | None:
    """The day, which cannot lie ahead; None where nobody said. Raises `BadValue`."""
    if made_on is None:
        return None
    if not isinstance(made_on, dt.date) or not EARLIEST <= made_on <= timezone.now().date() + dt.timedelta(1):
        raise BadValue("Give the day on which it was made; it cannot lie ahead.", field="made_on")
    return made_on
