"""Licences of weights: a person accepts each before it is used first, and can take that back."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from artists.models import Role, User
from generation import events
from generation.errors import BadValue, NotPossible
from generation.models import EngineOffer, LicenceAcceptance, Tool, ToolTerms
from generation.services.catalogue import STREAM, terms_in_force
from generation.services.common import ref, text
from provenance.ledger import record

MAY_ACCEPT = (Role.OWNER, Role.RIGHTS)


def accepted(tool_key: str) -> bool:
    """Whether a tool may be used here: it has no weights, or somebody accepted the licence as it reads now."""
    terms = terms_in_force(tool_key)
    return not terms.trained_model or _holds(acceptance_of(tool_key), terms)


def require_accepted(tool_key: str) -> None:
    """Return when `accepted`. Raises `NotPossible` that names the licence, and who accepts it where."""
    terms = terms_in_force(tool_key)
    if not terms.trained_model:
        return
    before = acceptance_of(tool_key)
    if _holds(before, terms):
        return
    changed = f" It was accepted as “{before.terms.licence}” and reads otherwise now." if before else ""
    raise NotPossible(
        f"Nobody here accepted the licence of {terms.tool.name}: {terms.licence}.{changed} The owner or the rights "
        "team does that under Tools.",
        code="licence_not_accepted",
    )


def acceptance_of(tool_key: str) -> LicenceAcceptance | None:
    """The acceptance that was given and not withdrawn."""
    rows = LicenceAcceptance.objects.filter(tool__key=tool_key, active=True)
    return rows.select_related("terms", "accepted_by").first()


def accept_licence(tool: Tool, *, version: int, actor: User) -> LicenceAcceptance:
    """Accept the licence that a version of the terms names. `version` is what the person read.

    Raises `NotPossible` for anybody but the owner and rights, and where newer terms came in between.
    """
    _may(actor)
    with transaction.atomic():
        tool = Tool.objects.select_for_update().get(pk=tool.pk)
        terms = terms_in_force(tool.key)
        if terms.version != version:
            raise NotPossible(
                f"The terms are at version {terms.version} by now. Read them, then accept them."
            )
        if not terms.trained_model:
            raise NotPossible(f"{tool.name} has no weights whose licence must be accepted.")
        before = acceptance_of(tool.key)
        if before is not None and before.terms_id == terms.pk:
            return before
        if before is not None:
            _end(before, reason="Accepted anew under newer terms.", actor=actor)
        row = LicenceAcceptance(tool=tool, terms=terms, accepted_by=actor)
        row.entry = record(
            events.LicenceAccepted(
                stream=STREAM,
                subjects=(ref("tool", tool), ref("terms", terms)),
                tool=tool.key,
                terms_version=terms.version,
                licence=terms.licence,
                terms_url=terms.terms_url,
                terms_snapshot=terms.snapshot.sha256 if terms.snapshot else "",
            ),
            actor=actor,
        )
        row.save(force_insert=True)
    return row


def withdraw_licence(tool: Tool, *, reason: str, actor: User) -> None:
    """Take the acceptance back: nothing new is made with it. What was made stays, under its terms."""
    _may(actor)
    reason = text(reason, field="reason", what="reason", most=1000, required=True)
    with transaction.atomic():
        tool = Tool.objects.select_for_update().get(pk=tool.pk)
        row = acceptance_of(tool.key)
        if row is None:
            raise NotPossible(f"The licence of {tool.name} is not accepted.")
        _end(row, reason=reason, actor=actor)


@dataclass(frozen=True, kw_only=True)
class Needed:
    """A licence that engines of this installation need, and whether it is accepted as it reads now."""

    tool: Tool
    terms: ToolTerms
    acceptance: LicenceAcceptance | None
    engines: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return _holds(self.acceptance, self.terms)


def needed() -> list[Needed]:
    """The licences of all weights that this installation's engines can use, those not accepted first."""
    engines: dict[str, list[str]] = {}
    for offer in EngineOffer.objects.all():
        keys = {offer.tool_key, *(model.get("tool", "") for model in offer.capabilities.get("models", ()))}
        for key in keys - {""}:
            engines.setdefault(key, []).append(offer.title)
    newest: dict[str, ToolTerms] = {}
    rows = ToolTerms.objects.filter(tool__key__in=engines).select_related("tool", "snapshot")
    for terms in rows.order_by("version"):
        newest[terms.tool.key] = terms
    given = {
        row.tool.key: row
        for row in LicenceAcceptance.objects.filter(active=True).select_related(
            "tool", "terms", "accepted_by"
        )
    }
    found = [
        Needed(tool=terms.tool, terms=terms, acceptance=given.get(key), engines=tuple(sorted(engines[key])))
        for key, terms in newest.items()
        if terms.trained_model
    ]
    return sorted(found, key=lambda one: (one.holds, one.tool.name))


def need_of(tool: Tool) -> Needed:
    """One tool's licence as it reads now, whether or not an engine here uses it."""
    titles = EngineOffer.objects.filter(tool_key=tool.key).values_list("title", flat=True)
    return Needed(
        tool=tool,
        terms=terms_in_force(tool.key),
        acceptance=acceptance_of(tool.key),
        engines=tuple(sorted(titles)),
    )


def _holds(row: LicenceAcceptance | None, terms: ToolTerms) -> bool:
    """An acceptance is of a licence's words: a newer version with the same licence and plan needs no other."""
    if row is None:
        return False
    return (row.terms.licence, row.terms.plan) == (terms.licence, terms.plan)


def _end(row: LicenceAcceptance, *, reason: str, actor: User) -> None:
    row.entry = record(
        events.LicenceWithdrawn(
            stream=STREAM,
            subjects=(ref("tool", row.tool_id), ref("terms", row.terms_id)),
            tool=row.tool.key,
            terms_version=row.terms.version,
            licence=row.terms.licence,
            reason=reason,
        ),
        actor=actor,
    )
    row.active = False
    row.save()


def _may(actor: User) -> None:
    if not actor.has_role(*MAY_ACCEPT):
        raise BadValue("The owner and the rights team accept licences.", code="not_allowed")
