"""What the artist states about a master, and how a contradiction with the evidence is settled."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Max

from artists.models import User
from generation.models import Master
from provenance.elements import Origin, element_label, element_order
from provenance.ledger import record
from provenance.models import Entry
from provenance.words import join
from release.errors import BadField
from release.events import MasterDeclared, StatementResolved
from release.evidence import evidence_for
from release.models import Declaration, Resolution
from release.services.states import lapse_all_with

STATEMENT_LIMIT = 2000
STATED_ORIGINS = (Origin.HUMAN, Origin.TRAINED_MODEL, Origin.PROCEDURAL, Origin.MIXED, Origin.THIRD_PARTY)


def declare(
    master: Master, *, claims: Mapping[str, str], statements: Mapping[str, str], approve: bool, actor: User
) -> Declaration:
    """Record the artist's statement per element. It is kept even where the evidence says otherwise."""
    if master.wav is None:
        raise BadField("The master is not made yet. Wait for it, then declare.")
    evidence = evidence_for(master)
    for element, origin in claims.items():
        if element not in evidence.map.elements:
            raise BadField(f"This master has no element called {element}.", field=element)
        if origin not in STATED_ORIGINS:
            allowed = ", ".join(STATED_ORIGINS)
            raise BadField(
                f"{origin} is not an origin that can be stated. Use one of: {allowed}.", field=element
            )
    for element, text in statements.items():
        if element not in evidence.map.elements:
            raise BadField(f"This master has no element called {element}.", field=element)
        if len(text) > STATEMENT_LIMIT:
            raise BadField(f"Keep it below {STATEMENT_LIMIT} characters.", field=element)
    words = {element: text.strip() for element, text in statements.items() if text.strip()}
    project = master.project
    with transaction.atomic():
        Master.objects.select_for_update().get(pk=master.pk)
        number = (Declaration.objects.filter(master=master).aggregate(last=Max("number"))["last"] or 0) + 1
        newest = Entry.objects.filter(stream=project.stream).order_by("-id").first()
        declaration = Declaration(
            master=master,
            number=number,
            claims=dict(claims),
            evidence_leaf=bytes(newest.leaf_hash).hex() if newest else "",
            approved=approve,
            declared_by=actor,
        )
        declaration.entry = record(
            MasterDeclared(
                stream=project.stream,
                subjects=(f"master:{master.pk}", f"asset:{master.wav.sha256}"),
                declaration=str(declaration.pk),
                number=number,
                summary=_summary(claims, approve=approve),
                elements=tuple(sorted({*claims, *words})),
                claims=dict(claims),
                evidence_leaf=declaration.evidence_leaf,
                approved=approve,
                statements=words,
            ),
            actor=actor,
        )
        declaration.save(force_insert=True)
        lapse_all_with(master, actor=actor)
    return declaration


def _summary(claims: Mapping[str, str], *, approve: bool) -> str:
    said = join(
        f"{element_label(name)} {claims[name].replace('_', ' ')}"
        for name in sorted(claims, key=element_order)
    )
    if said:
        return f"{said}; approved" if approve else f"{said}; a draft"
    return "the evidence as it stands; approved" if approve else "a draft without claims"


def resolve(declaration: Declaration, *, element: str, origin: str, reason: str, actor: User) -> Resolution:
    """Settle one contradiction with a reason. The statement and the evidence both stay in the record."""
    if origin not in STATED_ORIGINS:
        raise BadField(f"Choose one of: {', '.join(STATED_ORIGINS)}.", field="origin")
    if not reason.strip():
        raise BadField("Say why. The reason is kept with the decision.", field="reason")
    master = declaration.master
    evidence = evidence_for(master)
    open_elements = {item.element for item in evidence.contradictions} | set(evidence.unknown)
    if evidence.declaration is None or evidence.declaration.pk != declaration.pk:
        raise BadField("There is a newer declaration. Settle that one.")
    if element not in open_elements:
        raise BadField("There is nothing to settle about this element.", field="element")
    with transaction.atomic():
        entry = record(
            StatementResolved(
                stream=master.project.stream,
                subjects=(f"master:{master.pk}",),
                declaration=str(declaration.pk),
                element=element,
                origin=origin,
                reason=reason.strip(),
            ),
            actor=actor,
        )
        resolution = Resolution.objects.create(
            declaration=declaration, element=element, origin=origin, resolved_by=actor, entry=entry
        )
        lapse_all_with(master, actor=actor)
    return resolution
