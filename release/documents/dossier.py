"""The registration dossier as PDF/A-3: set by typst from a template beside this file, from data alone."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import typst

from provenance.elements import BASIS_MEANING, ORIGIN_MEANING, Basis, Origin, element_label, element_order
from provenance.pictures import swatch
from release.documents.claims import ClaimTexts, Form
from release.documents.method import MethodRecord, method_data
from release.errors import SystemFault, UserFault
from release.labels.involvement import ElementFinding

TEMPLATE: Final = Path(__file__).parent / "templates" / "dossier.typ"

NOT_LEGAL_ADVICE: Final = "This dossier is a record and a computation from it. It is not legal advice."


class FontsMissing(UserFault):
    """No installed font has the letters of a name; a document with empty boxes is never made."""

    code = "fonts_missing"


class CannotTypeset(SystemFault):
    code = "cannot_typeset"


@dataclass(frozen=True, kw_only=True)
class Claimant:
    """Who owns what is claimed, and by which transfer where they are not the author."""

    name: str
    address: str = ""
    transfer: str = ""


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Rights and permissions contact, or correspondent."""

    name: str
    organization: str = ""
    email: str = ""
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class Application:
    """One Standard Application with its computed texts."""

    texts: ClaimTexts
    title: str
    alternative_titles: tuple[str, ...] = ()
    completed_year: int
    published_on: date | None = None
    published_in: str = ""
    claimants: tuple[Claimant, ...]


@dataclass(frozen=True, kw_only=True)
class EvidenceRow:
    """One line of the evidence index: what an entry says about an element."""

    element: str
    origin: str
    basis: str
    sentence: str
    at: str
    """RFC 3339."""
    entry_index: int | None
    entry_digest: str


@dataclass(frozen=True, kw_only=True)
class ToolRow:
    """A generator that had a part."""

    name: str
    provider: str
    origin: str
    made: str
    terms: str = ""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What a person declared. A declaration is printed as one and never as an observation."""

    element: str
    text: str
    stated_by: str
    at: str
    entry_digest: str


@dataclass(frozen=True, kw_only=True)
class LedgerFacts:
    """Where the evidence can be checked."""

    origin: str
    size: int
    root: str
    bundle: str = ""
    """File name of the evidence bundle that belongs to this dossier."""


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """Everything on paper. `stripe_svg` is the region picture for print, `duration` its words."""

    title: str
    artist: str
    label: str
    isrc: str = ""
    iswc: str = ""
    gtin: str = ""
    catalogue_number: str = ""
    release_title: str = ""
    duration_text: str = ""
    master_sha256: str
    findings: tuple[ElementFinding, ...]
    applications: tuple[Application, ...]
    evidence: tuple[EvidenceRow, ...]
    statements: tuple[Statement, ...] = ()
    tools: tuple[ToolRow, ...] = ()
    method: MethodRecord | None = None
    """None where no rule of the artist's binds the master, or nobody held it against them."""
    ledger: LedgerFacts
    contact: Contact | None = None
    stripe_svg: str = ""
    stripe_description: str = ""
    rules_version: str = "1"
    made_at: datetime
    is_fictional: bool = False


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """The document, and its data as it is attached to it."""

    pdf: bytes
    data: bytes


def render(dossier: Dossier, *, font_dirs: Sequence[Path] = ()) -> Rendered:
    """The dossier as PDF/A-3; the same dossier and fonts give the same bytes. Raises FontsMissing, CannotTypeset."""
    data = document_data(dossier)
    return Rendered(pdf=_compile(dossier, data, font_dirs=font_dirs), data=data.encode())


def render_pages(dossier: Dossier, *, font_dirs: Sequence[Path] = (), ppi: int = 110) -> list[bytes]:
    """The pages as PNG pictures, for previews and for looking at them."""
    pages = _typeset(dossier, document_data(dossier), font_dirs, format="png", ppi=float(ppi))
    return list(pages) if isinstance(pages, list) else [pages]


def document_data(dossier: Dossier) -> str:
    """Everything that the template prints, as JSON in a fixed order."""
    facts = [
        ("Artist", dossier.artist),
        ("Label", dossier.label),
        ("Release", dossier.release_title),
        ("Catalogue number", dossier.catalogue_number),
        ("ISRC", dossier.isrc),
        ("ISWC", dossier.iswc),
        ("GTIN", dossier.gtin),
        ("Length", dossier.duration_text),
    ]
    return json.dumps(
        {
            "title": dossier.title,
            "facts": [[name, value] for name, value in facts if value],
            "master": dossier.master_sha256,
            "fictional": dossier.is_fictional,
            "advice": NOT_LEGAL_ADVICE,
            "rules": dossier.rules_version,
            "made_at": f"{_day(dossier.made_at.astimezone(UTC))}, {dossier.made_at.astimezone(UTC):%H:%M} UTC",
            "stripe": bool(dossier.stripe_svg),
            "stripe_description": dossier.stripe_description or "Regions of the master by origin.",
            "origins": [
                {"key": origin.value, "label": origin.label, "meaning": ORIGIN_MEANING[origin]}
                for origin in Origin
            ],
            "bases": [{"label": basis.label, "meaning": BASIS_MEANING[basis]} for basis in Basis],
            "elements": _elements(dossier),
            "applications": [_application(item) for item in dossier.applications],
            "tools": [asdict(tool) | {"origin_label": Origin(tool.origin).label} for tool in dossier.tools],
            "statements": [
                asdict(item) | {"label": element_label(item.element)} for item in dossier.statements
            ],
            "evidence": [
                asdict(row) | {"label": element_label(row.element), "origin_label": Origin(row.origin).label}
                for row in sorted(dossier.evidence, key=lambda row: element_order(row.element))
            ],
            "method": method_data(dossier.method) if dossier.method else None,
            "ledger": asdict(dossier.ledger),
            "contact": asdict(dossier.contact) if dossier.contact else None,
        },
        ensure_ascii=False,
        indent=1,
    )


def _elements(dossier: Dossier) -> list[dict[str, Any]]:
    """The authorship map as rows: element, its origins, and what becomes of it in each application."""
    rows = []
    for finding in sorted(dossier.findings, key=lambda item: element_order(item.element)):
        origins = [origin.value for origin in Origin if origin in {Origin(o) for o in finding.origins}]
        if not origins:
            continue
        treated = []
        for application in dossier.applications:
            texts = application.texts
            claimed = finding.element in texts.human_elements
            excluded = finding.element in texts.excluded_elements
            if claimed or excluded:
                word = "claimed in part" if claimed and excluded else "claimed" if claimed else "excluded"
                treated.append(f"{texts.form}: {word}")
        rows.append(
            {
                "label": element_label(finding.element),
                "origins": origins,
                "treated": ", ".join(treated)
                or ("blocks filing" if "unknown" in origins else "not part of these claims"),
            }
        )
    return rows


def _application(application: Application) -> dict[str, Any]:
    texts = application.texts
    published = _day(application.published_on) if application.published_on else ""
    return {
        "form": texts.form.value,
        "form_title": texts.form.full_name,
        "covers_work": texts.covers_work,
        "title": application.title,
        "alternative_titles": list(application.alternative_titles),
        "completed": str(application.completed_year),
        "published": ", ".join(filter(None, (published, application.published_in))),
        "authors": [
            {
                "name": claim.author.name,
                "pseudonym": claim.author.pseudonym,
                "created": claim.created,
                "citizenship": claim.author.citizenship,
                "domicile": claim.author.domicile,
                "born": str(claim.author.year_born or ""),
                "made_for_hire": claim.author.made_for_hire,
            }
            for claim in texts.authors
        ],
        "claimants": [asdict(claimant) for claimant in application.claimants],
        "created": texts.author_created,
        "excluded": texts.material_excluded,
        "included": texts.new_material_included,
        "note": texts.note_to_office,
        "limited": texts.is_limited,
        "can_be_filed": texts.can_be_filed,
        "problems": [asdict(problem) for problem in texts.problems],
        "is_recording": texts.form is Form.SR,
    }


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


_PRINT_FONT: Final = "Libertinus Serif"


def _compile(dossier: Dossier, data: str, *, font_dirs: Sequence[Path]) -> bytes:
    pdf = _typeset(dossier, data, font_dirs, format="pdf", pdf_standards="a-3b")
    if not isinstance(pdf, bytes):
        raise CannotTypeset("The dossier came out as something else than one PDF.")
    return pdf


def _typeset(dossier: Dossier, data: str, font_dirs: Sequence[Path], **options: Any) -> bytes | list[bytes]:
    inputs = {
        "data": _printable(data),
        "stripe": _own_fonts(dossier.stripe_svg),
        "swatches": json.dumps({origin.value: swatch(origin, for_print=True) for origin in Origin}),
        "year": f"{dossier.made_at.astimezone(UTC):%Y}",
        "month": f"{dossier.made_at.astimezone(UTC):%m}",
        "day": f"{dossier.made_at.astimezone(UTC):%d}",
    }
    try:
        made: bytes | list[bytes] = typst.compile(
            str(TEMPLATE),
            root=str(TEMPLATE.parent),
            font_paths=[str(path) for path in font_dirs],
            sys_inputs=inputs,
            timestamp=int(dossier.made_at.timestamp()),
            **options,
        )
    except typst.TypstError as error:
        diagnostic = str(getattr(error, "diagnostic", "") or error)
        # PDF/A forbids empty boxes, so the typesetter names every text that no font can show
        missing = list(dict.fromkeys(re.findall(r'the text `"(.+?)"` could not be displayed', diagnostic)))
        if missing:
            raise FontsMissing(
                f"No font here has the letters {' '.join(missing[:12])}. Install one that has them (on Debian: "
                "apt install fonts-noto-core fonts-noto-cjk) and make the document again."
            ) from error
        raise CannotTypeset(f"The dossier could not be set: {diagnostic[:2000]}") from error
    return made


def _printable(text: str) -> str:
    """Without control characters, which no font has; JSON has them escaped already."""
    return re.sub(r"\\u00(?:0[0-8bcef]|1[0-9a-f]|7f)", "", text).replace("\x7f", "")


def _own_fonts(svg: str) -> str:
    """The picture in the fonts that the document carries: a missing family would drop its words silently."""
    return re.sub(r'font-family="[^"]*"', f'font-family="{_PRINT_FONT}"', svg)
