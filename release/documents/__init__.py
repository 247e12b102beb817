"""Documents for offices: the registration dossier, with texts computed from the authorship map.

    texts = documents.claim_texts(Form.PA, findings, authors, tools=[...])     # pure; .problems first
    pdf = documents.render(documents.Dossier(...)).pdf                          # PDF/A-3, the evidence attached

`claim_texts` answers the registrations' question (what did a person author?), which is not the labels' question:
only `human` counts here; output of trained models and of procedures is material to exclude; choosing takes is
evidence of process and never claimed; an unknown origin blocks.

Every document says that it is no legal advice and names the version of the attribution rules.

Pure: no Django, no database.
"""

from release.documents.claims import (
    AuthorClaim,
    ClaimAuthor,
    ClaimProblem,
    ClaimTexts,
    Form,
    claim_texts,
)
from release.documents.dossier import (
    Application,
    Claimant,
    Contact,
    Dossier,
    EvidenceRow,
    FontsMissing,
    LedgerFacts,
    Rendered,
    Statement,
    ToolRow,
    render,
)
from release.documents.method import MethodRecord, RuleRecord

__all__ = [
    "Application",
    "AuthorClaim",
    "ClaimAuthor",
    "ClaimProblem",
    "ClaimTexts",
    "Claimant",
    "Contact",
    "Dossier",
    "EvidenceRow",
    "FontsMissing",
    "Form",
    "LedgerFacts",
    "MethodRecord",
    "Rendered",
    "RuleRecord",
    "Statement",
    "ToolRow",
    "claim_texts",
    "render",
]
